"""Files over HTTP: uploaded, listed, given out safely, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from artel.files.store import CHUNK_BYTES, Limits
from tests.support import documents
from tests.support.api import Person, Site

RUSSIAN = "Съешь же ещё этих мягких французских булок"


async def _upload(person: Person, content: bytes, name: str = "a.txt", **headers: str) -> httpx.Response:
    return await person.http.post("/my/files/", files={"file": (name, content, "text/html")}, headers=headers)


async def _uploaded(person: Person, content: bytes, name: str = "a.txt") -> dict[str, Any]:
    answer = await _upload(person, content, name)
    assert answer.status_code == 201, answer.text
    return answer.json()


# ---- taking in


async def test_an_upload_is_a_file_with_its_text(ann: Person) -> None:
    file = await _uploaded(ann, documents.docx(RUSSIAN), "Отчёт.docx")

    assert file["name"] == "Отчёт.docx"
    assert file["media_type"].endswith("wordprocessingml.document")
    assert file["size"] == len(documents.docx(RUSSIAN))
    assert (file["text"], file["characters"]) == ("ready", len(RUSSIAN))
    assert (await ann.http.get(f"/my/files/{file['id']}/")).json() == file


async def test_what_a_client_says_of_name_and_type_is_not_believed(ann: Person) -> None:
    file = await _uploaded(ann, documents.picture(), "../../etc/passwd")

    assert (file["name"], file["media_type"], file["text"]) == ("passwd", "image/png", "none")


async def test_a_broken_document_is_kept(ann: Person) -> None:
    file = await _uploaded(ann, b"%PDF-1.7 and then nothing", "a.pdf")

    assert (file["text"], file["characters"]) == ("failed", 0)
    assert (await ann.http.get(f"/my/files/{file['id']}/content/")).content == b"%PDF-1.7 and then nothing"


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        ({"files": {"file": ("a.exe", b"MZ\x90\0\3")}}, 415, "file-type-refused"),
        ({"files": {"file": ("a.txt", b"")}}, 422, "empty-file"),
        ({"files": {"picture": ("a.txt", b"x")}}, 422, "invalid"),
        ({"files": [("file", ("a", b"x")), ("file", ("b", b"y"))]}, 400, "bad-request"),
        ({"files": {"file": ("a.txt", b"x")}, "data": {"share_with": "everyone"}}, 422, "invalid"),
        ({"data": {"file": "just words"}, "files": {"x": b""}}, 422, "invalid"),
        ({"json": {"file": "x"}}, 415, "not-a-form"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "bad-request"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400, "bad-request"),
    ],
)
async def test_what_is_no_upload_is_refused(ann: Person, sent: dict[str, Any], status: int, slug: str) -> None:
    answer = await ann.http.post("/my/files/", **sent)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert (await ann.http.get("/my/files/")).json()["items"] == []


async def test_a_field_without_a_file_is_no_upload(ann: Person) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nwords\r\n--b--\r\n'

    answer = await ann.http.post(
        "/my/files/", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")


async def test_a_file_over_the_limit_is_refused_before_it_is_here(ann: Person) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            read += 1
            yield b"x" * 1_000_000

    answer = await ann.http.post(
        "/my/files/", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/file-too-large")
    assert "25 MB" in answer.json()["detail"]
    assert answer.headers["connection"] == "close"
    assert read <= 27


async def test_a_file_just_over_the_limit_is_refused_too(ann: Person) -> None:
    answer = await _upload(ann, b"x" * 25_000_001)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/file-too-large")


async def test_a_users_room_is_bounded_and_others_have_theirs(site: Site, ann: Person, bob: Person) -> None:
    files = (await _space(site, ann)).files
    files.limits = Limits(file_bytes=1000, total_bytes=2500, files=3)
    for _ in range(2):
        assert (await _upload(ann, b"x" * 1000)).status_code == 201

    full = await _upload(ann, b"x" * 501)

    assert (full.status_code, full.json()["type"]) == (429, "/problems/storage-full")
    assert "Delete files" in full.json()["detail"]
    assert (await _upload(ann, b"x" * 1001)).status_code == 413
    assert (await _upload(ann, b"x")).status_code == 201
    too_many = await _upload(ann, b"x")
    assert (too_many.status_code, too_many.json()["type"]) == (429, "/problems/storage-full")
    assert (await _upload(bob, b"x" * 501)).status_code == 201


async def test_two_uploads_at_once_do_not_find_the_same_room(site: Site, ann: Person) -> None:
    (await _space(site, ann)).files.limits = Limits(total_bytes=1500)

    answers = await asyncio.gather(*(_upload(ann, b"x" * 1000) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 429, 429, 429]


async def _space(site: Site, person: Person) -> Any:
    app: Any = site.app
    while not hasattr(app, "state"):
        app = app._app if hasattr(app, "_app") else app.app
    return app.state.deps.spaces.of(person.id)


async def test_the_same_upload_twice_makes_one_file(ann: Person) -> None:
    first = await _upload(ann, b"hello", **{"Idempotency-Key": "k1"})
    again = await _upload(ann, b"hello", **{"Idempotency-Key": "k1"})  # with another boundary
    other = await _upload(ann, b"other", **{"Idempotency-Key": "k1"})

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert len((await ann.http.get("/my/files/")).json()["items"]) == 1


# ---- listing and deleting


async def test_files_are_listed_the_newest_first_page_by_page(ann: Person, bob: Person) -> None:
    names = [f"{number}.txt" for number in range(5)]
    for name in names:
        await _uploaded(ann, name.encode(), name)
    await _uploaded(bob, b"of another", "theirs.txt")

    seen: list[str] = []
    address = "/my/files/?limit=2"
    while address:
        page = await ann.http.get(address)
        seen += [item["name"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        assert ("link" in page.headers) == bool(cursor)
        address = f"/my/files/?limit=2&cursor={cursor}" if cursor else ""

    assert seen == names[::-1]
    room = (await ann.http.get("/my/files/")).json()["room"]
    assert room == {"used_bytes": 25, "total_bytes": 1_000_000_000, "file_bytes": 25_000_000}


async def test_a_deleted_file_is_gone_with_its_bytes(site: Site, ann: Person) -> None:
    file = await _uploaded(ann, b"x" * (CHUNK_BYTES + 1))
    count = "select count(*) from file_chunks where user_id = $1"
    assert [row["count"] for row in await site.stores.as_migrator(count, ann.id)] == [2]

    assert (await ann.http.delete(f"/my/files/{file['id']}/")).status_code == 204

    assert [row["count"] for row in await site.stores.as_migrator(count, ann.id)] == [0]
    for method, path in (("GET", ""), ("GET", "content/"), ("DELETE", "")):
        answer = await ann.http.request(method, f"/my/files/{file['id']}/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "You have no file under this id.")


async def test_anothers_file_is_as_one_that_does_not_exist_and_is_counted(site: Site, ann: Person, bob: Person) -> None:
    file = await _uploaded(ann, b"mine")

    for place, (method, path) in enumerate((("GET", ""), ("GET", "content/"), ("DELETE", "")), 1):
        answer = await bob.http.request(method, f"/my/files/{file['id']}/{path}")
        assert answer.status_code == 404
        assert site.denied == place
    assert (await ann.http.get(f"/my/files/{file['id']}/content/")).content == b"mine"


# ---- giving out


async def _get(person: Person, file: dict[str, Any], query: str = "", **headers: str) -> httpx.Response:
    return await person.http.get(f"/my/files/{file['id']}/content/{query}", headers=headers)


@pytest.mark.parametrize(
    ("content", "name", "opens"),
    [
        (documents.picture(), "a.png", True),
        (documents.pdf("x"), "a.pdf", True),
        (b"words", "a.txt", True),
        (documents.wav(), "a.wav", True),
        (b"<script>alert(1)</script>", "a.txt", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.png", False),
        (b"alert(1)", "a.js", False),
        (documents.docx("x"), "a.docx", False),
        (b"\0\1\2", "a.png", False),
    ],
)
async def test_only_what_cannot_act_opens_in_a_browser(ann: Person, content: bytes, name: str, *, opens: bool) -> None:
    file = await _uploaded(ann, content, name)

    answer = await _get(ann, file)

    assert answer.content == content
    assert answer.headers["content-type"] == file["media_type"]
    assert answer.headers["content-disposition"] == f'{"inline" if opens else "attachment"}; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert ("sandbox" in answer.headers["content-security-policy"]) == (name != "a.pdf")
    saved = await _get(ann, file, "?download=1")
    assert saved.headers["content-disposition"] == f'attachment; filename="{name}"'


async def test_a_name_cannot_break_out_of_its_header(ann: Person) -> None:
    file = await _uploaded(ann, b"x", 'Отчёт "final"; 99%.txt')

    header = (await _get(ann, file)).headers["content-disposition"]

    assert header == (
        'inline; filename="_____ _final_; 99_.txt"; '
        "filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%22final%22%3B%2099%25.txt"
    )


async def test_a_file_of_several_pieces_arrives_whole_and_in_parts(ann: Person) -> None:
    content = bytes(number % 251 for number in range(CHUNK_BYTES * 6 + 5))
    file = await _uploaded(ann, content, "a.bin")

    whole = await _get(ann, file)

    assert whole.content == content
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    size = len(content)
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        (f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}", CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (f"bytes={CHUNK_BYTES}-", CHUNK_BYTES, size),
        ("bytes=-3", size - 3, size),
        (f"bytes=-{size * 2}", 0, size),
        (f"bytes=5-{size * 2}", 5, size),
    ):
        part = await _get(ann, file, Range=asked)
        assert (part.status_code, part.content == content[start:end]) == (206, True), asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=2-1", "bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes=a-b"])
async def test_a_range_that_is_none_gets_everything(ann: Person, asked: str) -> None:
    file = await _uploaded(ann, b"hello")

    answer = await _get(ann, file, Range=asked)

    assert (answer.status_code, answer.content) == (200, b"hello")


@pytest.mark.parametrize("asked", ["bytes=5-", "bytes=5-9", "bytes=-0"])
async def test_bytes_that_are_not_there_are_refused(ann: Person, asked: str) -> None:
    file = await _uploaded(ann, b"hello")

    answer = await _get(ann, file, Range=asked)

    assert (answer.status_code, answer.json()["type"]) == (416, "/problems/range-not-satisfiable")


async def test_a_browser_that_has_it_is_not_sent_it_again(ann: Person) -> None:
    file = await _uploaded(ann, b"hello")
    etag = (await _get(ann, file)).headers["etag"]

    again = await _get(ann, file, **{"If-None-Match": etag})
    other = await _get(ann, file, **{"If-None-Match": '"another"'})
    stale = await _get(ann, file, Range="bytes=0-1", **{"If-Range": '"another"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert again.headers["cache-control"] == "private, no-cache"
    assert (other.status_code, other.content) == (200, b"hello")
    assert (stale.status_code, stale.content) == (200, b"hello")


async def test_a_file_that_is_deleted_while_it_is_read_ends_there(site: Site, ann: Person) -> None:
    files = (await _space(site, ann)).files
    row = await files.add("a.bin", b"\0" * CHUNK_BYTES * 6)
    pieces = files.content(row.id, 0, row.size)
    assert await anext(pieces)

    await files.remove(row.id)

    with pytest.raises(Exception, match="no file"):
        await anext(pieces)
