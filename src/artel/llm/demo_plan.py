"""What the demo model fills into an orchestrator's form: a small plan, so that a team can be watched without a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

_AT_MOST: Final = 3
_ORCHESTRATOR: Final = "orchestrator"


def demo_plan(schema: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """Up to three agents work at once, and one more time the first of them builds on the results; no more tasks where
    that is allowed (the rest of a run is planned anew). None when the form is not that of a plan."""
    try:
        tasks_field = schema["properties"]["tasks"]
        fields = cast("Mapping[str, Any]", tasks_field["items"]["properties"])
        handles = [handle for handle in fields["agent"]["enum"] if handle != _ORCHESTRATOR]
    except (KeyError, TypeError):
        return None
    if "depends_on" not in fields or not handles:
        return None
    if "minItems" not in tasks_field:
        return {"tasks": []}
    tasks = [
        {"id": f"t{number}", "agent": handle, "instruction": text, "depends_on": list[str]()}
        for number, handle in enumerate(handles[:_AT_MOST], start=1)
    ]
    if len(tasks) > 1:
        names = [str(task["id"]) for task in tasks]
        last = {"id": f"t{len(tasks) + 1}", "agent": handles[0], "instruction": text, "depends_on": names}
        tasks.append(last)
    return {"tasks": tasks}
