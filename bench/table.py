"""The results as a table in README.md, between two marks."""

from __future__ import annotations

from typing import Any

import orjson

from bench.machine import ROOT
from bench.report import RESULTS

_README = ROOT / "bench" / "README.md"
_BEGIN, _END = "<!-- results -->", "<!-- end of results -->"

Row = tuple[str, str, str, str, str]


def write_table() -> None:
    """Puts what lies in `results/` into README.md."""
    rows = [*_direct_call(), *_plans(), *_sse(), *_memory(), *_process()]
    lines = [
        "| | promised | floor | Artel | ratio |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    before, _, rest = _README.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    table = "\n".join([*_circumstances(), "", *lines])
    _README.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}")


def _read(benchmark: str) -> dict[str, Any]:
    path = RESULTS / f"{benchmark}.json"
    return orjson.loads(path.read_bytes()) if path.exists() else {}


def _circumstances() -> list[str]:
    lines: list[str] = []
    for benchmark in (
        "direct_call",
        "plans",
        "planning",
        "approvals",
        "sse",
        "recall",
        "search",
        "recall_turn",
        "process",
    ):
        if found := _read(benchmark).get("circumstances"):
            pinned = "" if found["pinned"] else ", not pinned"
            lines.append(
                f"- `{benchmark}`: {found['date']} UTC, commit {found['commit']}, {found['processor']}, "
                f"{found['cores']} cores, {found['memory_gb']} GB, Python {found['python']}{pinned}"
            )
    return lines


def _direct_call() -> list[Row]:
    found = _read("direct_call")
    if not found:
        return []
    floor, artel = found["floor"], found["artel"]
    rows: list[Row] = []
    for streams, promised in (("1", "<= 8"), ("20", ""), ("100", "<= 60")):
        for field, what, promise in (("first_ms", "first text", promised), ("last_ms", "last text", "")):
            values = [side["streams"][streams][field]["median"] for side in (floor, artel)]
            rows.append(_row(f"{streams} streams: added to the {what}, median ms", promise, *values))
    for key, what in (("saturation_whole_answers", "answers in one piece"), ("saturation_paced", "200 tokens/s")):
        values = [side[key]["answers_per_second"] for side in (floor, artel)]
        rows.append(_row(f"100 streams, {what}: stored answers/s on one core", ">= 200", *values))
        for part in ("server", "postgres", "valkey"):
            values = [side[key]["cpu_ms_per_answer"][part] for side in (floor, artel)]
            rows.append(_row(f"&nbsp;&nbsp;CPU of {part}, ms an answer", "", *values))
    return rows


def _plans() -> list[Row]:
    rows: list[Row] = []
    for size, found in _read("plans").items():
        if size == "circumstances":
            continue
        what = f"100 tasks, {size.removeprefix('at_once_')} at once, median ms"
        floor, langgraph, artel = (found[side]["median_ms"] for side in ("floor", "langgraph", "artel"))
        rows.append(_row(f"{what}: beside asyncio and two commits a task", "<= 1.5 times", floor, artel))
        rows.append(_row(f"{what}: beside LangGraph with its PostgreSQL saver", "ahead", langgraph, artel))
    if planning := _read("planning"):
        rows.append(("planning beyond the model's own time, median ms", "< 50", "", str(planning["median_ms"]), ""))
    if approvals := _read("approvals"):
        for which, what in (("alone", "nothing else waits"), ("among_many", "10,000 others wait")):
            median = approvals["confirm_to_tool_ms"][which]["median"]
            rows.append((f"from a yes to the tool's beginning, {what}, median ms", "< 50", "", str(median), ""))
    return rows


def _sse() -> list[Row]:
    rows: list[Row] = []
    for size, found in _read("sse").items():
        if size == "circumstances":
            continue
        promise, floor, artel = found["promise"], found["starlette"], found["artel"]
        rows.append(
            _row(f"{size}: P99 of a broadcast, ms", f"<= {promise['p99_ms']}", floor["p99_ms"], artel["p99_ms"])
        )
        memory = [side["kb_a_connection"] for side in (floor, artel)]
        rows.append(_row("&nbsp;&nbsp;KB a connection", f"<= {promise['kb_a_connection']}", *memory))
    return rows


def _memory() -> list[Row]:
    rows: list[Row] = []
    if recall := _read("recall"):
        plain, centred = recall["ways"]["hybrid, plain"], recall["ways"]["hybrid"]
        for kind, what in (("all", "all questions"), ("cross", "asked in the other language")):
            for field, name in (("recall_at_1", "recall@1"), ("recall_at_5", "recall@5"), ("mrr", "MRR")):
                values = plain[kind][field], centred[kind][field]
                rows.append(_row(f"memory, {what}: {name}, beside multilingual-e5 as it is", "", *values))
        kept = recall["threshold"]["product"]
        rows.append(
            ("questions without an answer that get no memory, share", "", "", str(kept["unanswerable_left_alone"]), "")
        )
    if turn := _read("recall_turn"):
        for count in (1, 4, 10):
            found = turn[f"{count}_at_once"]
            values = found["without_ms"]["median"], found["with_memory_ms"]["median"]
            rows.append(
                _row(f"first text, {count} at once, without and with memory, median ms", "+ 60, aim + 25", *values)
            )
    if search := _read("search"):
        of = f"{search['points']:,} points"
        for filtered, what in (("full_filter", "every filter"), ("no_filter", "no filter")):
            for callers, promised in ((1, ""), (4, ""), (16, "< 50")):
                p95 = search[filtered][f"{callers}_callers"]["p95_ms"]
                rows.append((f"hybrid top 5 of {of}, {what}, {callers} callers: P95, ms", promised, "", str(p95), ""))
        peer, ours = search["hnswlib"], search["meaning_alone"]["no_filter"]
        for field, what in (("p95_ms", "P95, ms"), ("recall_at_10", "recall@10")):
            rows.append(_row(f"top 10 of {of} by meaning alone: {what}, beside hnswlib", "", peer[field], ours[field]))
    return rows


def _process() -> list[Row]:
    found = _read("process")
    if not found:
        return []
    idle = found["idle"]
    return [
        ("first start, s", "", "", str(found["first_start_seconds"]), ""),
        ("later starts, s", "< 10", "", str(found["start_seconds"]), ""),
        ("idle server, MB", "", "", str(idle["server_mb"]), ""),
        ("idle PostgreSQL and Valkey, MB", "", "", str(idle["stores_mb"]), ""),
        ("idle server, % of a core", "", "", str(idle["server_cpu_percent"]), ""),
    ]


def _row(what: str, promised: str, floor: float, artel: float) -> Row:
    return what, promised, str(floor), str(artel), f"{artel / floor:.2f}" if floor else ""
