"""Plans as graphs: what is wrong with one, and in which order it is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from artel.orchestrator.plan import (
    MAX_LISTED,
    Draft,
    DraftTask,
    circle_of,
    graph_of,
    in_order,
    last_tasks,
    problems,
    renamed,
    without,
)
from tests.unit.orchestrator.graphs import AGENTS, MAX_TASKS, draft, graphs, task


def reach(graph: dict[str, tuple[str, ...]], name: str) -> set[str]:
    """All that a task waits for, at any distance."""
    found: set[str] = set()
    pending = list(graph[name])
    while pending:
        each = pending.pop()
        if each not in found:
            found.add(each)
            pending += graph[each]
    return found


@given(graphs())
def test_a_proper_plan_has_no_problem(plan: Draft) -> None:
    assert problems(plan, AGENTS, MAX_TASKS) == []


@given(graphs(circles=True))
def test_a_circle_holds_exactly_those_that_can_never_begin(plan: Draft) -> None:
    graph = graph_of(plan)
    ring = {name for name in graph if name in reach(graph, name)}

    assert circle_of(graph) == sorted(name for name in graph if name in ring or reach(graph, name) & ring)


@given(graphs(circles=True))
def test_a_plan_has_an_order_unless_it_has_a_circle(plan: Draft) -> None:
    has_circle = any("circle" in problem.text for problem in problems(plan, AGENTS, MAX_TASKS))

    if has_circle:
        with pytest.raises(ValueError, match="circle"):
            in_order(plan)
    else:
        assert len(in_order(plan)) == len(plan.tasks)


@given(graphs())
def test_in_order_each_task_stands_after_what_it_waits_for(plan: Draft) -> None:
    ordered = in_order(plan)

    assert sorted(each.id for each in ordered) == sorted(each.id for each in plan.tasks)
    before: set[str] = set()
    for each in ordered:
        assert before.issuperset(each.depends_on)
        before.add(each.id)


@given(graphs())
def test_every_task_leads_to_a_last_one_and_none_waits_for_those(plan: Draft) -> None:
    graph = graph_of(plan)
    last = last_tasks(plan)

    assert set(last).union(*(reach(graph, name) for name in last)) == set(graph)
    assert not set(last).intersection(*[{name for after in graph.values() for name in after}])


def test_what_begins_the_longest_chain_stands_first() -> None:
    plan = draft(task("short"), task("a"), task("b", "a"), task("c", "b"))

    assert [each.id for each in in_order(plan)] == ["a", "b", "short", "c"]


@given(graphs(circles=True), st.sets(st.sampled_from([f"t{number}" for number in range(MAX_TASKS)])))
def test_without_forgets_what_is_not_there_and_nothing_else(plan: Draft, left_out: set[str]) -> None:
    rest = Draft(tasks=tuple(each for each in plan.tasks if each.id not in left_out))
    known = {each.id for each in rest.tasks}

    kept = without(rest, ())

    assert [each.id for each in kept.tasks] == [each.id for each in rest.tasks]
    for old, new in zip(rest.tasks, kept.tasks, strict=True):
        assert new.depends_on == tuple(name for name in old.depends_on if name in known)


def test_without_keeps_what_it_is_told_to() -> None:
    assert without(draft(task("b", "a", "x")), {"a"}).tasks[0].depends_on == ("a",)


@given(graphs(), st.sets(st.sampled_from([f"t{number}{end}" for number in range(MAX_TASKS) for end in ("", "-2")])))
def test_renamed_tasks_are_the_same_graph_with_names_nobody_had(plan: Draft, taken: set[str]) -> None:
    new = renamed(plan, taken)
    names = dict(zip((each.id for each in plan.tasks), (each.id for each in new.tasks), strict=True))

    assert not taken & set(names.values())
    assert len(set(names.values())) == len(names)
    assert all(names[name] == name for name in names if name not in taken)
    for old, each in zip(plan.tasks, new.tasks, strict=True):
        assert each.depends_on == tuple(names[name] for name in old.depends_on)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (draft(), "no tasks"),
        (draft(*(task(f"t{number}") for number in range(9))), "9 tasks; at most 8"),
        (draft(task("a"), task("a")), "'a' is used more than once"),
        (draft(task("Synthesis")), "'Synthesis' is reserved"),
        (draft(task("a", agent="nobody")), "no active agent 'nobody'. Active agents: coder, critic, writer."),
        (draft(task("a", "a")), "'a' depends on itself"),
        (draft(task("a", "b")), "depends on 'b', which is not in the plan"),
        (draft(task("a", "b"), task("b", "a")), "'a', 'b' wait for each other in a circle"),
        (draft(task("old")), "'old' was used before"),
        (draft(task("done")), "'done' was used before"),
    ],
)
def test_each_problem_is_told_alone(plan: Draft, says: str) -> None:
    found = problems(plan, AGENTS, MAX_TASKS, taken={"old", "done"})

    assert len(found) == 1
    assert says in found[0].text


def test_results_of_finished_tasks_may_be_used_and_nothing_more_be_planned() -> None:
    assert problems(draft(task("b", "a")), AGENTS, MAX_TASKS, finished={"a"}) == []
    assert problems(draft(), AGENTS, MAX_TASKS, finished={"a"}) == []


def test_a_sentence_lists_only_so_many_names() -> None:
    circle = draft(*(task(f"t{number}", f"t{(number + 1) % 100}") for number in range(100)))
    nobody = problems(draft(task("a", agent="nobody")), [f"agent{number}" for number in range(100)], 100)

    for found in (problems(circle, AGENTS, 100), nobody):
        [problem] = found
        assert f"and {100 - MAX_LISTED} more" in problem.text


@pytest.mark.parametrize(
    ("given_id", "name"), [(1, "1"), (" t1 ", "t1"), ("задача-1", "задача-1"), ("a.b_c-d", "a.b_c-d")]
)
def test_names_are_taken_as_models_write_them(given_id: object, name: str) -> None:
    assert DraftTask.model_validate({"id": given_id, "agent": "coder", "instruction": "Do."}).id == name


@pytest.mark.parametrize("given_id", [True, 1.5, None, "", "a b", "a/b", "x" * 65, "a\nb", "a\0"])
def test_what_cannot_be_a_name_is_refused(given_id: object) -> None:
    with pytest.raises(ValidationError):
        DraftTask.model_validate({"id": given_id, "agent": "coder", "instruction": "Do."})


@pytest.mark.parametrize(("given_agent", "handle"), [("@coder", "coder"), (" coder ", "coder"), (" @coder", "coder")])
def test_handles_are_taken_as_models_mention_them(given_agent: str, handle: str) -> None:
    assert task("a", agent=given_agent).agent == handle


@pytest.mark.parametrize("field", ["agent", "instruction"])
@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_is_nothing(field: str, blank: str) -> None:
    with pytest.raises(ValidationError):
        DraftTask.model_validate({"id": "a", "agent": "coder", "instruction": "Do.", field: blank})


def test_an_instruction_can_be_stored() -> None:
    assert DraftTask(id="a", agent="coder", instruction=" a\0b ").instruction == "ab"
