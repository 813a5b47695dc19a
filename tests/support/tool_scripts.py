"""An agent that calls tools by script: `[[calls BASE64]]` holds a list of answers, each a list of calls or a text."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

import orjson

from tests.support.model_scripts import (
    DONE,
    Exchange,
    Options,
    Request,
    delta_event,
    echo_text,
    usage_event,
)

_CALLS: Final = re.compile(r"\[\[calls ([\w=-]+)\]\]")

Call = tuple[str, dict[str, Any]]


def calling(*answers: list[Call | str] | list[Call] | str, text: str = "Go on.") -> str:
    """A message for which the scripted model gives these answers one by one: calls of tools (with words before them),
    or a text. After the last one it repeats what the tools said."""
    given = orjson.dumps(answers)
    return f"{text} [[calls {base64.urlsafe_b64encode(given).decode()}]]"


def _calls(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    messages = request.body["messages"]
    place = max(number for number, each in enumerate(messages) if _CALLS.search(str(each.get("content"))))
    [*_, encoded] = _CALLS.findall(str(messages[place]["content"]))
    answers = orjson.loads(base64.urlsafe_b64decode(encoded))
    before = sum(message["role"] == "assistant" for message in messages[place:])
    answer = answers[before] if before < len(answers) else echo_text(request)
    if isinstance(answer, str):
        exchange.send_events(delta_event({"content": answer}), delta_event({}, "stop"), usage_event(12, 3), DONE)
        return
    words = [each for each in answer if isinstance(each, str)]
    parts = [
        {"index": index, "id": f"call_{index}", "type": "function", "function": _function(call)}
        for index, call in enumerate(each for each in answer if not isinstance(each, str))
    ]
    said = [delta_event({"content": word}) for word in words]
    exchange.send_events(
        *said, delta_event({"tool_calls": parts}), delta_event({}, "tool_calls"), usage_event(20, 10), DONE
    )


def _function(call: Call) -> dict[str, Any]:
    name, arguments = call
    given = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return {"name": name, "arguments": given}


CALLS: Final = {"calls": _calls}
"""For the server, which adds it to what it can do."""
