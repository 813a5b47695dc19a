"""What an answer is said to have used, also while it is being written."""

from __future__ import annotations

import pytest
from pydantic_ai.messages import (
    BinaryContent,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.usage import RequestUsage

from artel.agents.turn import Meter
from artel.bus.model import ModelUse
from artel.llm.pool import ModelPool
from artel.llm.refs import Credentials, ModelRef

ASKED = [ModelRequest([UserPromptPart("x" * 41)])]


def _use(response: ModelResponse) -> ModelUse:
    pool = ModelPool({"openai": Credentials("key")})
    return Meter(pool, ModelRef("openai", "gpt-4o"), None).use(response, ASKED)


def test_what_the_provider_counted_counts() -> None:
    use = _use(ModelResponse([TextPart("a" * 400)], usage=RequestUsage(input_tokens=7, output_tokens=9)))

    assert (use.input_tokens, use.output_tokens, str(use.cost), use.estimated) == (7, 9, "0.0001075", False)


@pytest.mark.parametrize(
    ("part", "tokens"),
    [(TextPart("a" * 401), 101), (ThinkingPart("a" * 400), 100), (ToolCallPart("now", '{"a": "b"}'), 3)],
)
def test_what_nobody_counted_is_counted_from_the_text(part: ModelResponsePart, tokens: int) -> None:
    use = _use(ModelResponse([part], usage=RequestUsage(unmeasured_requests=1), state="incomplete"))

    assert (use.input_tokens, use.output_tokens, use.estimated) == (11, tokens, True)
    assert use.cost is not None


def test_while_it_is_written_an_answer_is_not_what_was_counted_at_its_beginning() -> None:
    # Anthropic counts the question at once, and the answer only at its end.
    begun = RequestUsage(input_tokens=5000, cache_read_tokens=4000, output_tokens=1)

    use = _use(ModelResponse([TextPart("a" * 400)], usage=begun, state="incomplete"))

    assert (use.input_tokens, use.output_tokens, use.estimated) == (5000, 100, True)
    # a thousand tokens of the question at 2.50, four thousand cached at 1.25, a hundred of the answer at 10
    assert str(use.cost) == "0.0085"


def test_a_picture_counts_as_about_a_thousand_tokens_however_large_it_is() -> None:
    picture = BinaryContent(data=b"x" * 1_000_000, media_type="image/png")
    asked = [ModelRequest([UserPromptPart(["x" * 40, picture])])]
    response = ModelResponse([TextPart("a")], usage=RequestUsage(unmeasured_requests=1))

    use = Meter(ModelPool({}), ModelRef("openai", "gpt-4o"), None).use(response, asked)

    assert use.input_tokens == 1010
