"""What a browser loads: the page, the description of the API, and the headers that guard both."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from artel.gateway.page import Page
from tests.support.api import Site

INDEX = "<!doctype html><title>Artel</title>" + "<p>x</p>" * 300


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "main-abc123.js").write_text("let x = 1;\n" * 500)
    return Page(tmp_path)


def _client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://artel.test")


async def test_every_address_of_the_page_is_the_page(page: Page) -> None:
    async with _client(page) as http:
        for path in ("/", "/chat/7", "/settings/models"):
            answer = await http.get(path)
            assert (answer.status_code, answer.text) == (200, INDEX), path
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.headers["content-type"].startswith("text/html")


async def test_hashed_files_may_be_kept_for_ever(page: Page) -> None:
    async with _client(page) as http:
        answer = await http.get("/assets/main-abc123.js")
        again = await http.get("/assets/main-abc123.js", headers={"If-None-Match": answer.headers["etag"]})
        plain = await http.get("/assets/main-abc123.js", headers={"Accept-Encoding": "identity"})

    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(plain.content)
    assert answer.text == plain.text
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/assets/gone.js", "/missing.png", "/../pyproject.toml", "/assets/../../x.txt", "/my/x", "/auth/x", "/v1/x"],
)
async def test_a_file_that_is_not_there_is_not_the_page(page: Page, path: str) -> None:
    async with _client(page) as http:
        answer = await http.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_page_takes_no_posts(page: Page) -> None:
    async with _client(page) as http:
        assert (await http.post("/")).status_code == 405
        assert (await http.head("/")).status_code == 200


async def test_without_a_build_the_root_says_what_to_do(tmp_path: Path) -> None:
    async with _client(Page(tmp_path / "nowhere")) as http:
        answer = await http.get("/")

    assert answer.status_code == 200
    assert "make" in answer.text


async def test_the_security_headers_are_on_every_answer(site: Site) -> None:
    http = await site.visitor()

    for path in ("/", "/my/docs", "/my/agents/", "/nothing.txt", "/healthz"):
        headers = (await http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy, path
        for part in ("script-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
            assert part in policy, path
        # What the page's camera and microphone made is looked at and listened to before it is sent.
        assert "img-src 'self' data: blob:" in policy
        assert "media-src 'self' blob:" in policy
        assert "camera=(self), microphone=(self), geolocation=(self)" in headers["permissions-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"]
        assert headers["permissions-policy"]
        assert headers["x-request-id"]


async def test_a_proxys_request_id_is_kept(site: Site) -> None:
    answer = await (await site.visitor()).get("/healthz", headers={"X-Request-Id": "proxy-0001"})

    assert answer.headers["x-request-id"] == "proxy-0001"


async def test_the_docs_need_no_other_server_and_no_inline_script(site: Site) -> None:
    http = await site.visitor()

    page = (await http.get("/my/docs")).text

    assert "http" not in page.replace("<!doctype html>", "")
    assert "<script>" not in page
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"):
        answer = await http.get(f"/my/docs/{asset}")
        assert answer.status_code == 200, asset
        assert len(answer.content) > 100
    assert (await http.get("/my/docs/..%2fapp.py")).status_code == 404
    assert (await http.get("/my/docs/other.js")).status_code == 404


async def test_the_schema_describes_events_errors_and_both_ways_in(site: Site) -> None:
    schema = (await (await site.visitor()).get("/my/openapi.json")).json()

    schemas = schema["components"]["schemas"]
    assert schemas["Event"]["discriminator"]["propertyName"] == "type"
    assert {"Problem", "Agent", "Session", "Message", "Run", "Sent"} <= set(schemas)
    assert set(schema["components"]["securitySchemes"]) == {"cookie", "key"}
    send = schema["paths"]["/my/chat/{session_id}/message/"]["post"]
    assert {"200", "202", "401", "404", "413", "422"} <= set(send["responses"])
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
    assert {reference.rpartition("/")[2] for reference in _references(schema)} <= set(schemas)


def _references(schema: object) -> list[str]:
    return re.findall(r'"\$ref":\s*"([^"]+)"', json.dumps(schema))
