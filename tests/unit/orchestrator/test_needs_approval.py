"""When a user wants to be asked about a plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from artel.orchestrator.config import OrchestratorConfig
from artel.orchestrator.estimate import Estimate
from artel.orchestrator.proposal import needs_approval


@pytest.mark.parametrize(
    ("policy", "threshold", "cost", "asks"),
    [
        ("always", None, "0", True),
        ("never", None, "1000", False),
        ("never", None, None, False),
        ("above_cost", "1", "0.99", False),
        ("above_cost", "1", "1", False),
        ("above_cost", "1", "1.000000000001", True),
        ("above_cost", "1", None, True),
        ("above_cost", None, "0", False),
        ("above_cost", None, "0.000001", True),
    ],
)
def test_it_follows_the_policy_and_takes_an_unknown_price_for_any(
    policy: Literal["always", "above_cost", "never"], threshold: str | None, cost: str | None, asks: bool
) -> None:
    settings = OrchestratorConfig(
        plan_approval=policy, cost_threshold_usd=None if threshold is None else Decimal(threshold)
    )
    amount = None if cost is None else Decimal(cost)

    assert needs_approval(settings, Estimate(amount, None, None, 1, None, None, "prior")) is asks
