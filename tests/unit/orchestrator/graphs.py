"""Plans made up by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from artel.orchestrator.plan import Draft, DraftTask

AGENTS = ("coder", "writer", "critic")
MAX_TASKS = 8


def task(name: str, *after: str, agent: str = "coder") -> DraftTask:
    """A task."""
    return DraftTask(id=name, agent=agent, instruction=f"Do {name}.", depends_on=after)


def draft(*tasks: DraftTask) -> Draft:
    """A plan."""
    return Draft(tasks=tasks)


@st.composite
def graphs(draw: st.DrawFn, *, circles: bool = False) -> Draft:
    """Plans in any order of their tasks, with circles among them if wanted."""
    names = [f"t{number}" for number in range(draw(st.integers(1, MAX_TASKS)))]
    tasks: list[DraftTask] = []
    for place, name in enumerate(names):
        others = [other for other in (names if circles else names[:place]) if other != name]
        after = draw(st.lists(st.sampled_from(others), max_size=4)) if others else []
        tasks.append(task(name, *after, agent=draw(st.sampled_from(AGENTS))))
    return draft(*draw(st.permutations(tasks)))
