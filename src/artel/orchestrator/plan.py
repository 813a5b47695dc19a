"""A plan as a graph: what a model drafts, what is checked before anything runs, and how it is walked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from artel.bus.graph import REPLANNING
from artel.bus.model import ANSWER, PLANNING, SYNTHESIS
from artel.kit.errors import Figures
from artel.kit.stored import stored_text

MAX_INSTRUCTION: Final = 20_000
MAX_LISTED: Final = 20
"""Names in one sentence; a plan may be large and wrong everywhere."""
RESERVED: Final = frozenset({PLANNING, REPLANNING, SYNTHESIS, ANSWER})
"""Names of the run's own tasks."""


def _as_text(value: object) -> object:
    """Models like to number tasks."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _bare(value: object) -> object:
    """Models like to write handles as they are mentioned."""
    return value.strip().removeprefix("@") if isinstance(value, str) else value


def _storable(value: object) -> object:
    return stored_text(value) if isinstance(value, str) else value


# Validators stand last, so that the constraints see what they made of the value.
TaskName = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.\-]{1,64}$"), BeforeValidator(_as_text)
]


class DraftTask(BaseModel):
    """One task: who does what, after which others."""

    model_config = ConfigDict(frozen=True)

    id: TaskName = Field(description="A short name, unique within the plan.", examples=["t1"])
    agent: Annotated[str, StringConstraints(min_length=1, max_length=100), BeforeValidator(_bare)] = Field(
        description="The handle of the agent who does it.", examples=["coder"]
    )
    instruction: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_INSTRUCTION),
        BeforeValidator(_storable),
    ] = Field(description="What to do, complete in itself: the agent sees this, the request, and what it depends on.")
    depends_on: tuple[TaskName, ...] = Field(
        default=(), max_length=100, description="Ids of the tasks whose results it needs."
    )


class Draft(BaseModel):
    """The plan as a model fills it in, and as a user may edit it."""

    model_config = ConfigDict(frozen=True)

    tasks: tuple[DraftTask, ...] = Field(max_length=500)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a draft."""

    text: str
    """For the model, and for people."""
    reason: str
    figures: Figures


def problems(
    draft: Draft,
    team: Collection[str],
    max_tasks: int,
    finished: Collection[str] = (),
    taken: Collection[str] = (),
) -> list[Flaw]:
    """What is wrong with a draft; empty when nothing is.

    team: handles that may be given work. finished: tasks of the run that are done, whose results may be used.
    taken: names of all tasks the run had before.
    """
    found: list[Flaw] = []
    if not draft.tasks and not finished:
        found.append(Flaw("The plan has no tasks.", "plan_empty", {}))
    if len(draft.tasks) > max_tasks:
        text = f"The plan has {len(draft.tasks)} tasks; at most {max_tasks} are allowed."
        found.append(Flaw(text, "plan_too_long", {"limit": max_tasks, "tasks": len(draft.tasks)}))
    found += _wrong_names([task.id for task in draft.tasks], {*finished, *taken})
    known = {*(task.id for task in draft.tasks), *finished}
    for task in draft.tasks:
        found += _wrong_with(task, team, known)
    if circle := circle_of(graph_of(draft)):
        names = _listed([repr(name) for name in circle])
        found.append(Flaw(f"The tasks {names} wait for each other in a circle.", "plan_circle", {"tasks": names}))
    return found


def _wrong_names(names: Sequence[str], taken: Collection[str]) -> Iterator[Flaw]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Flaw(f"The task id {name!r} is used more than once.", "task_id_twice", {"task": name})
    for name in names:
        if name.lower() in RESERVED:
            yield Flaw(f"The task id {name!r} is reserved; choose another.", "task_id_reserved", {"task": name})
        if name in taken:
            text = f"The task id {name!r} was used before; give new tasks new ids."
            yield Flaw(text, "task_id_used", {"task": name})


def _wrong_with(task: DraftTask, team: Collection[str], known: Collection[str]) -> Iterator[Flaw]:
    if task.agent not in team:
        there_are = _listed(sorted(team)) or "none"
        text = f"Task {task.id!r}: there is no active agent {task.agent!r}. Active agents: {there_are}."
        yield Flaw(text, "task_without_agent", {"task": task.id, "agent": task.agent, "team": there_are})
    for dependency in dict.fromkeys(task.depends_on):
        if dependency == task.id:
            yield Flaw(f"Task {task.id!r} depends on itself.", "task_needs_itself", {"task": task.id})
        elif dependency not in known:
            text = f"Task {task.id!r} depends on {dependency!r}, which is not in the plan."
            yield Flaw(text, "task_needs_absent", {"task": task.id, "needed": dependency})


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def graph_of(draft: Draft) -> dict[str, tuple[str, ...]]:
    """What each task waits for, within the plan, each once."""
    names = {task.id for task in draft.tasks}
    return {
        task.id: tuple(name for name in dict.fromkeys(task.depends_on) if name in names and name != task.id)
        for task in draft.tasks
    }


def circle_of(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """The tasks that can never begin because they wait for each other (or for such); empty in a proper plan."""
    left = {name: set(dependencies) for name, dependencies in graph.items()}
    while free := [name for name, dependencies in left.items() if not dependencies]:
        for name in free:
            del left[name]
        for dependencies in left.values():
            dependencies.difference_update(free)
    return sorted(left)


def in_order(draft: Draft) -> list[DraftTask]:
    """The tasks so that each stands after what it waits for; what begins the longest chain of waiting stands first."""
    graph = graph_of(draft)
    if circle_of(graph):
        raise ValueError("a plan with a circle has no order")
    chain = _chains(graph)
    place = {task.id: number for number, task in enumerate(draft.tasks)}
    ordered: list[DraftTask] = []
    done: set[str] = set()
    by_name = {task.id: task for task in draft.tasks}
    left = set(graph)
    while left:
        free = [name for name in left if done.issuperset(graph[name])]
        chosen = min(free, key=lambda name: (-chain[name], place[name]))
        ordered.append(by_name[chosen])
        done.add(chosen)
        left.discard(chosen)
    return ordered


def _chains(graph: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many tasks the longest chain has that begins with each."""
    followers: dict[str, list[str]] = {name: [] for name in graph}
    for name, dependencies in graph.items():
        for dependency in dependencies:
            followers[dependency].append(name)
    length: dict[str, int] = {}
    waiting = {name: len(follow) for name, follow in followers.items()}
    free = [name for name, count in waiting.items() if not count]
    while free:
        name = free.pop()
        length[name] = 1 + max((length[follower] for follower in followers[name]), default=0)
        for dependency in graph[name]:
            waiting[dependency] -= 1
            if not waiting[dependency]:
                free.append(dependency)
    return length


def last_tasks(draft: Draft) -> list[str]:
    """The tasks that no other waits for: what the plan comes to."""
    awaited = {name for dependencies in graph_of(draft).values() for name in dependencies}
    return [task.id for task in draft.tasks if task.id not in awaited]


def without(draft: Draft, kept: Collection[str]) -> Draft:
    """The draft without dependencies on tasks that are neither in it nor in `kept`: the user left those out."""
    known = {*(task.id for task in draft.tasks), *kept}
    return Draft(
        tasks=tuple(
            task.model_copy(update={"depends_on": tuple(name for name in task.depends_on if name in known)})
            for task in draft.tasks
        )
    )


def renamed(draft: Draft, taken: Collection[str]) -> Draft:
    """The draft with new names for tasks whose names are taken; what waits for them waits for them still."""
    used = {*taken, *(task.id for task in draft.tasks)}
    new: dict[str, str] = {}
    for name in dict.fromkeys(task.id for task in draft.tasks):
        if name in taken:
            new[name] = next(other for number in count(2) if (other := f"{name[:58]}-{number}") not in used)
            used.add(new[name])
    return Draft(
        tasks=tuple(
            task.model_copy(
                update={
                    "id": new.get(task.id, task.id),
                    "depends_on": tuple(new.get(name, name) for name in task.depends_on),
                }
            )
            for task in draft.tasks
        )
    )
