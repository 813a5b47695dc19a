"""What is found in a body before anything else reads it."""

from __future__ import annotations

import httpx
import orjson
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from artel.gateway.json_route import resource
from artel.kit.errors import ArtelError, Invalid

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=10,
)


class _Body(BaseModel):
    value: object


def _app() -> FastAPI:
    app = FastAPI()
    router = resource("", "Test")

    @router.post("/")
    async def take(body: _Body) -> dict[str, object]:
        return {"value": body.value}

    app.router.routes.extend(router.routes)
    return app


async def _send(body: bytes) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://x") as http:
        return await http.post("/", content=body, headers={"Content-Type": "application/json"})


@settings(deadline=None)
@given(_JSON)
async def test_a_body_passes_unless_a_text_in_it_holds_nul(value: object) -> None:
    body = orjson.dumps({"value": value})

    if "\\u0000" in orjson.dumps(_texts(value)).decode().replace("\\\\", ""):
        with pytest.raises(Invalid):
            await _send(body)
    else:
        assert (await _send(body)).json() == {"value": value}


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]  # pyright: ignore
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]  # pyright: ignore
    return []


async def test_an_escaped_backslash_before_u0000_is_innocent() -> None:
    assert (await _send(b'{"value": "\\\\u0000"}')).json() == {"value": "\\u0000"}


async def test_the_place_of_the_nul_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        await _send(b'{"value": {"a": [1, {"b": "x\\u0000"}]}}')

    assert [field.field for field in caught.value.fields] == ["value.a.1.b"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/merge+json"]
)
async def test_kinds_of_json(content_type: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://x") as http:
        answer = await http.post("/", content=b'{"value": 1}', headers={"Content-Type": content_type})
        assert answer.status_code == 200
        with pytest.raises(ArtelError):
            await http.post("/", content=b'{"value": 1}', headers={"Content-Type": "text/json"})
