"""Requests made up from the API's own description: none may crash it, each answer must be one that is described."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.api import Person, Site
from tests.support.live_http import live_server
from tests.support.planning import asked
from tests.support.planning import settings as settings_of
from tests.support.plans import plan, request, task

_EXAMPLES = 8
_LEFT_OUT = ("/my/events/", "/my/chat/{session_id}/events/", "/my/")
"""Endless answers, and the end of the account."""
_SECONDS = 10


@dataclass
class Attacker:
    """Sends made-up requests as one user, and notes what is wrong with the answers."""

    document: dict[str, Any]
    base_url: str
    key: str
    real_ids: dict[str, Any]
    wrong: list[str] = field(default_factory=list[str])
    sent: int = 0

    def run(self) -> None:
        """Some requests to every operation that answers and is done."""
        schema: Any = schemathesis.openapi.from_dict(self.document)
        for found in schema.get_all_operations():
            operation: Any = found.ok()
            if operation.path not in _LEFT_OUT:
                self._attack(operation)

    def _attack(self, operation: Any) -> None:
        described = set(self.document["paths"][operation.path][operation.method]["responses"])

        def send(case: Any) -> None:
            self._send(case, described)

        attack = given(case=operation.as_strategy())(send)
        settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )(attack)()

    def _send(self, case: Any, described: set[str]) -> None:
        self.sent += 1
        # An id that exists leads deeper than one that is made up.
        for name in self.real_ids.keys() & (case.path_parameters or {}).keys():
            if self.sent % 2:
                case.path_parameters[name] = self.real_ids[name]
        headers = {"Authorization": f"Bearer {self.key}"}
        answer: Any = case.call(base_url=self.base_url, headers=headers, timeout=_SECONDS)
        place = f"{case.method} {answer.request.url} {answer.request.body} -> {answer.status_code}"
        if answer.status_code >= 500 and _NO_SEARCH not in answer.text:
            self.wrong.append(f"{place} {answer.text}")
        elif str(answer.status_code) not in described:
            self.wrong.append(f"{place} is not described: {answer.text}")
        elif answer.status_code >= 400 and "application/problem+json" not in answer.headers["content-type"]:
            self.wrong.append(f"{place} is not a problem")


_NO_SEARCH = "/problems/memory-unavailable"
"""This house has no index of memories, and says so."""


@pytest.mark.uncovered
async def test_no_request_that_the_schema_allows_crashes_the_server(site: Site, ann: Person) -> None:
    key = (await ann.http.post("/my/api-keys/", json={})).json()["key"]
    real_ids = {"session_id": await ann.chat(), "agent_id": await ann.agent(), "provider": "custom"}
    real_ids |= await waiting_plan(ann)
    file = await ann.http.post("/my/files/", files={"file": ("a.txt", b"hello")})
    real_ids["file_id"] = file.json()["id"]
    real_ids["memory_id"] = (await ann.http.post("/my/memory/", json={"text": "hello"})).json()["id"]
    document = (await ann.http.get("/my/openapi.json")).json()

    async with live_server(site.app, site.end_streams) as port:
        attacker = Attacker(document, f"http://127.0.0.1:{port}", key, real_ids)
        await asyncio.to_thread(attacker.run)

    assert not attacker.wrong, "\n".join(attacker.wrong[:20])
    assert attacker.sent > 5 * len(document["paths"])
    assert site.house.metrics.user_isolation_violations.value == 0


async def waiting_plan(person: Person) -> dict[str, Any]:
    """A plan that waits for its user: the ids of its approval, its run and a task of it."""
    await settings_of(person)
    _, run_id, approval = await asked(person, request(plan(task("t1"), task("t2"))))
    return {"approval_id": approval["id"], "run_id": run_id, "task_id": "plan"}
