"""What qdrant-client's local mode cannot show of a server: its faults, its ways of saying them, and new spaces."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from artel.kit.errors import IsolationViolation
from artel.memory.context import ContextFull, ContextLost, ContextUnavailable
from artel.memory.server.calls import call
from artel.memory.server.schema import Place
from artel.memory.server.store import QdrantContexts, connect
from artel.memory.vectors import BadVector, Space
from tests.support.memory import SPACE, LocalQdrant, Violations, numbered, point, question

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


def refusal(status: int, text: str) -> UnexpectedResponse:
    return UnexpectedResponse(status, "Reason", orjson.dumps({"status": {"error": text}}), httpx.Headers())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal(404, "Not found: Collection `user7_context` doesn't exist!"), ContextLost),
        (refusal(404, "Not found: No point with id 5 found"), ContextUnavailable),
        (refusal(500, "Service internal error: No space left on device: WAL buffer size exceeds"), ContextFull),
        (refusal(400, "Wrong input: Vector dimension error: expected dim: 4, got 2"), BadVector),
        (refusal(400, "Wrong input: Not existing vector name error: zz"), BadVector),
        (refusal(500, "Service internal error: task panicked"), ContextUnavailable),
        (ResponseHandlingException(httpx.ConnectError("refused")), ContextUnavailable),
        (TimeoutError(), ContextUnavailable),
    ],
)
async def test_what_a_failure_means(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected) as failure:
        async with call(1):
            raise error

    assert type(failure.value) is expected


async def test_a_busy_server_says_when_to_come_back() -> None:
    with pytest.raises(ContextUnavailable) as failure:
        async with call(1):
            raise ResourceExhaustedResponse("slow down", 17)

    assert failure.value.retry_after == 17


async def test_our_own_faults_stay_what_they_are() -> None:
    with pytest.raises(ZeroDivisionError):
        async with call(1):
            raise ZeroDivisionError


async def test_a_server_that_is_away() -> None:
    store = QdrantContexts(connect("http://127.0.0.1:9"), Violations())
    context = store.of(7)

    with pytest.raises(ContextUnavailable) as failure:
        await context.count()
    assert not isinstance(failure.value, ContextLost)
    with pytest.raises(ContextUnavailable):
        await context.ensure([SPACE])
    [trouble] = await store.troubles()
    assert trouble.kind == "unreachable"
    await store.aclose()


@dataclass
class Recorder:
    """A server that says what it is told to, and remembers what it was asked."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    spaces: dict[str, int] = field(default_factory=dict[str, int])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        self.asked.append((request.method, request.path, orjson.loads(raw) if raw else None))
        if request.path.endswith("/exists"):
            return _result({"exists": True})
        if "/vectors/" in request.path:
            name = request.path.split("/")[-1]
            if request.method == "PUT":
                self.spaces[name] = self.asked[-1][2]["dense"]["size"]
            else:
                del self.spaces[name]
            return _result({"operation_id": 1, "status": "completed"})
        if request.path.endswith("/points/count"):
            return _result({"count": 5})
        return _result(_collection(self.spaces))


def _result(result: Any) -> web.Response:
    return web.json_response({"result": result, "status": "ok", "time": 0.0})


def _collection(spaces: dict[str, int]) -> dict[str, Any]:
    vectors = {name: {"size": size, "distance": "Cosine"} for name, size in spaces.items()}
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": 1,
        "config": {
            "params": {"vectors": vectors},
            "hnsw_config": {"m": 16, "ef_construct": 128, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
        },
        "payload_schema": {},
    }


@pytest.fixture
async def recorder() -> AsyncGenerator[tuple[Recorder, QdrantContexts]]:
    server, app = Recorder(spaces={"toy": 32}), web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        store = QdrantContexts(connect(str(running.make_url("/")).rstrip("/")), Violations())
        yield server, store
        await store.aclose()


async def test_a_space_is_added_to_a_collection_and_taken_away(recorder: tuple[Recorder, QdrantContexts]) -> None:
    server, store = recorder

    state = await store.of(7).ensure([SPACE, Space("second", 4)])

    assert (state.created, state.points, state.spaces) == (False, 5, (Space("second", 4), SPACE))
    added = ("PUT", "/collections/user7_context/vectors/second", {"dense": {"size": 4, "distance": "Cosine"}})
    assert added in server.asked
    await store.of(7).drop_space("second")
    await store.of(7).drop_space("second")
    assert [path for method, path, _ in server.asked if method == "DELETE"] == [
        "/collections/user7_context/vectors/second"
    ]


class WithoutFilters(LocalQdrant):
    """A server that forgets every filter of a search."""

    async def query_batch_points(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, collection_name: str, requests: Any, **others: Any
    ) -> Any:
        bare = [request.model_copy(update={"filter": None, "prefetch": None}) for request in requests]
        return await super().query_batch_points(collection_name, bare, **others)


async def test_a_foreign_point_is_stopped_by_the_second_check() -> None:
    violations = Violations()
    store = QdrantContexts(WithoutFilters(), violations, "tenants")
    for user_id in (7, 8):
        await store.of(user_id).ensure([SPACE])
    await store.of(8).upsert([point(1, "чужой секрет")])

    with pytest.raises(IsolationViolation):
        await store.of(7).search(question("чужой секрет"))

    assert violations.count == 1
    await store.aclose()


async def test_what_a_purge_left_half_done_is_removed_with_the_rest() -> None:
    client = LocalQdrant()
    store = QdrantContexts(client, Violations())
    context = store.of(7)
    await context.ensure([SPACE])
    await context.upsert([point(1, "раз"), point(2, "два")])
    await store.of(70).ensure([SPACE])
    for name in ("user7_context_copy_left", "user70_context_copy_left"):
        await client.create_collection(name, vectors_config={})

    await context.purge()
    await context.purge()

    names = {found.name for found in (await client.get_collections()).collections}
    assert {name for name in names if not name.startswith("user7_context_copy_")} == {
        "user70_context",
        "user70_context_copy_left",
    }
    assert len(names) == 3
    assert await context.count() == 2
    await context.erase()
    assert {found.name for found in (await client.get_collections()).collections} == names - {
        name for name in names if name.startswith("user7_")
    }
    await store.aclose()


async def test_a_lost_shared_collection_is_noticed_for_each_of_its_users() -> None:
    client, clock = LocalQdrant(), iter(range(0, 100_000, 1000))
    store = QdrantContexts(client, Violations(), "tenants", now=lambda: float(next(clock)))
    for user_id in (7, 8):
        await store.of(user_id).ensure([SPACE])
        await store.of(user_id).upsert([point(1, "есть")])
    await client.delete_collection("users_context")

    with pytest.raises(ContextLost):
        await store.of(7).search(question("есть"))
    assert (await store.of(7).ensure([SPACE])).created
    with pytest.raises(ContextLost):
        await store.of(8).search(question("есть"))
    assert (await store.of(8).ensure([SPACE])).created
    await store.aclose()


def test_places_of_users_do_not_overlap() -> None:
    mine, theirs = Place(7, "tenants"), Place(70, "tenants")

    assert Place(7, "collections").collection == "user7_context"
    assert not Place(7, "collections").is_copy("user70_context_copy_1")
    assert mine.veiled(numbered(1)) != theirs.veiled(numbered(1))
    assert mine.veiled(mine.veiled(numbered(1))) == numbered(1)
