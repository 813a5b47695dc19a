"""`GET /my/export/`: everything that is one's own and nothing else, whole, of one moment, without a secret."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import orjson
import pytest

from artel.accounts.pace import EXPORTS
from artel.kit.clock import utc_now
from artel.space.export.export import Exporter, ExportTooSlow
from tests.support.api import Person, Site

WORD = "Kaiserschmarrn"
KEY = "sk-never-to-be-seen"


async def settle_in(person: Person, word: str = WORD) -> dict[str, Any]:
    """Something of everything that is quick to make."""
    agent = await person.agent("Coder", system_prompt=f"Speak of {word}.")
    file = (await person.http.post("/my/files/", files={"file": (f"{word} план.txt", word.encode() * 9)})).json()
    await person.http.post("/my/files/", files={"file": (f"{word} план.txt", b"another")})
    chat = await person.chat(f"../{word}: a <chat>?")
    said = await person.say(chat, f"@coder {word}", attachments=[file["id"]])
    assert said.json()["status"] == "complete", said.text
    await person.http.post("/my/memory/", json={"text": f"Remember {word}"})
    await person.http.put("/my/memory/profile/", json={"text": f"I like {word}"})
    await person.http.put("/my/providers/anthropic/", json={"api_key": KEY})
    await person.http.put("/my/orchestrators/", json={"instructions": word})
    await person.http.put("/my/budget/", json={"monthly_usd": 3})
    key = (await person.http.post("/my/api-keys/", json={"name": f"For {word}"})).json()["key"]
    return {"agent": agent, "file": file, "chat": chat, "key": key}


def opened(content: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


@pytest.fixture(autouse=True)
async def unhurried(site: Site, ann: Person) -> None:
    await site.house.pace.forget(EXPORTS, str(ann.id))


async def test_everything_is_there_and_nothing_of_others(site: Site, ann: Person, bob: Person) -> None:
    made, others = await settle_in(ann), await settle_in(bob, "Palatschinken")

    answer = await ann.http.get("/my/export/")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="artel-20')
    archive = opened(answer.content)
    whole = b"".join(archive.read(name) for name in archive.namelist())
    names = archive.namelist()
    assert f"files/{WORD} план.txt" in names
    assert archive.read(f"files/{WORD} план (2).txt") == b"another"
    [page] = [name for name in names if name.endswith(".md")]
    assert page == f"chats/{WORD}_ a _chat__ {made['chat']}.md"
    assert f"(<../files/{WORD} план.txt>)" in archive.read(page).decode()
    told = orjson.loads(archive.read(page.removesuffix("md") + "json"))
    assert told["messages"][0]["content"] == f"@coder {WORD}"
    assert told["messages"][0]["attachments"][0]["file_id"] == made["file"]["id"]
    account = orjson.loads(archive.read("account.json"))
    assert account["account"]["email"] == ann.email
    assert account["provider_keys"][0]["provider"] == "anthropic"
    agents = orjson.loads(archive.read("agents.json"))
    assert made["agent"] in [agent["agent_id"] for agent in agents]
    assert f"Remember {WORD}" in archive.read("memories.jsonl").decode()
    assert archive.read("work/usage.jsonl").count(b"\n") == 1
    assert archive.read("work/tasks.jsonl").count(b"\n") == 1
    for other in ("Palatschinken", bob.email, others["agent"], str(others["chat"]), others["file"]["id"]):
        assert other.encode() not in whole


async def test_no_secret_leaves(site: Site, ann: Person) -> None:
    made = await settle_in(ann)
    hashes = [
        row["secret"].hex()
        for row in await site.stores.as_migrator(
            "select token_hash as secret from sign_ins where user_id = $1"
            " union all select token_hash from api_keys where user_id = $1"
            " union all select sealed_key from provider_keys where user_id = $1",
            ann.id,
        )
    ]

    archive = opened((await ann.http.get("/my/export/")).content)

    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert len(hashes) == 3
    for secret in (KEY, made["key"], str(ann.http.cookies["artel_session"]), *hashes):
        assert secret.encode() not in whole


async def test_the_manifest_counts_and_sums_every_part(site: Site, ann: Person) -> None:
    await settle_in(ann)

    archive = opened((await ann.http.get("/my/export/")).content)

    manifest = orjson.loads(archive.read("manifest.json"))
    assert {part["path"] for part in manifest["parts"]} == set(archive.namelist()) - {"manifest.json"}
    for part in manifest["parts"]:
        content = archive.read(part["path"])
        assert (part["size"], part["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert manifest["missing"] == {}
    rows = manifest["rows"]
    assert (rows["chat_sessions"], rows["messages"], rows["files"], rows["message_files"]) == (1, 2, 2, 1)
    extent = (await ann.http.get("/my/export/summary/")).json()
    assert (extent["chats"], extent["messages"], extent["files"]) == (1, 2, 2)
    assert extent["file_bytes"] == len(WORD) * 9 + 7


async def test_many_chats_and_many_messages_stay_apart(site: Site, ann: Person) -> None:
    """More than one batch of either, written as the bus writes them."""
    async with site.house.shards.user_tx(ann.id) as tx:
        await tx.execute(_MANY_CHATS, tx.user_id)
        await tx.execute(_MANY_MESSAGES, tx.user_id)

    archive = opened((await ann.http.get("/my/export/")).content)

    names = [name for name in archive.namelist() if name.startswith("chats/chat") and name.endswith(".json")]
    chats = [orjson.loads(archive.read(name)) for name in names]
    assert len(chats) == 120
    assert [len(chat["messages"]) for chat in chats if chat["chat"]["id"] == 1050] == [230]
    assert [len(chat["messages"]) for chat in chats if chat["chat"]["id"] == 1051] == [0]
    assert {each["session_id"] for chat in chats for each in chat["messages"]} == {1001, 1050, 1120}
    for chat in chats:
        assert {each["session_id"] for each in chat["messages"]} <= {chat["chat"]["id"]}


async def test_an_empty_space_is_an_export_too(site: Site, ann: Person) -> None:
    archive = opened((await ann.http.get("/my/export/")).content)

    assert orjson.loads(archive.read("agents.json")) == []
    assert orjson.loads(archive.read("account.json"))["account"]["id"] == ann.id


async def test_head_tells_name_and_type(site: Site, ann: Person) -> None:
    answer = await ann.http.head("/my/export/")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]


async def test_only_so_many_an_hour(site: Site, ann: Person) -> None:
    statuses = [(await ann.http.get("/my/export/")).status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]
    assert int((await ann.http.get("/my/export/")).headers["retry-after"]) > 0


async def test_one_at_a_time_and_whoever_hangs_up_makes_room(site: Site, ann: Person) -> None:
    account, files = await site.house.users.get(ann.id), _files(site, ann)
    desk = _desk(site)
    first = await desk.open(account, files)

    answer = await ann.http.get("/my/export/")

    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/export-under-way")
    await first.pieces.aclose()
    first.close()
    assert (await ann.http.get("/my/export/")).status_code == 200


async def test_it_is_of_one_moment_and_says_which_files_went_meanwhile(site: Site, ann: Person) -> None:
    made = await settle_in(ann)
    account, files = await site.house.users.get(ann.id), _files(site, ann)
    parcel = await _desk(site).open(account, files)
    await ann.say(made["chat"], "@coder And one more")
    await ann.http.delete(f"/my/files/{made['file']['id']}/")

    content = b"".join([piece async for piece in parcel.pieces])
    parcel.close()

    archive = opened(content)
    manifest = orjson.loads(archive.read("manifest.json"))
    assert manifest["rows"]["messages"] == 2
    assert manifest["missing"] == {f"files/{WORD} план.txt": "deleted"}
    assert f"files/{WORD} план.txt" not in archive.namelist()


async def test_what_takes_too_long_is_given_up(site: Site, ann: Person) -> None:
    slow = Exporter(ann.id, site.house.shards, _files(site, ann), seconds=0)

    with pytest.raises(ExportTooSlow):
        await slow.prepare(await site.house.users.get(ann.id), utc_now())

    assert (await ann.http.get("/my/export/")).status_code == 200


def _desk(site: Site) -> Any:
    return _deps(site).exports


def _deps(site: Site) -> Any:
    app: Any = site.app
    while not hasattr(app, "state"):
        app = getattr(app, "app", None) or app._app
    return app.state.deps


def _files(site: Site, person: Person) -> Any:
    return _deps(site).spaces.of(person.id).files


_MANY_CHATS = "insert into chat_sessions (user_id, id, title) select $1, 1000 + n, '' from generate_series(1, 120) n"
_MANY_MESSAGES = """
insert into messages (user_id, id, session_id, run_id, role, content)
select $1, gen_random_uuid(), chat, gen_random_uuid(), 'user', 'number ' || n
from generate_series(1, 230) n, unnest(array[1001, 1050, 1120]) chat
"""
