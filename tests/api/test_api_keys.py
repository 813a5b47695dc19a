"""Keys for programs."""

from __future__ import annotations

from tests.support.api import Person, Site


async def _make(person: Person, name: str = "laptop") -> dict[str, str]:
    answer = await person.http.post("/my/api-keys/", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_key_opens_its_owners_space_and_is_shown_once(site: Site, ann: Person) -> None:
    made = await _make(ann)

    me = await (await site.visitor()).get("/auth/me", headers=_bearer(made["key"]))

    assert made["key"].startswith(f"artel_{ann.id}_")
    assert me.json()["id"] == ann.id
    listed = (await ann.http.get("/my/api-keys/")).json()["items"]
    assert [item["name"] for item in listed] == ["laptop"]
    assert listed[0]["hint"] == made["hint"] == f"…{made['key'][-4:]}"
    assert "key" not in listed[0]
    assert listed[0]["last_used_at"] is not None
    stored = await site.stores.as_migrator("select * from api_keys")
    assert made["key"] not in str(stored)


async def test_a_deleted_key_is_refused_at_once(site: Site, ann: Person) -> None:
    made = await _make(ann)
    program = await site.visitor()
    assert (await program.get("/my/agents/", headers=_bearer(made["key"]))).status_code == 200

    answer = await ann.http.delete(f"/my/api-keys/{made['id']}/")

    assert answer.status_code == 204
    assert (await program.get("/my/agents/", headers=_bearer(made["key"]))).status_code == 401
    assert (await ann.http.delete(f"/my/api-keys/{made['id']}/")).status_code == 404


async def test_a_wrong_key_is_not_helped_by_a_right_cookie(ann: Person) -> None:
    answer = await ann.http.get("/my/agents/", headers=_bearer("artel_1_" + "x" * 43))

    assert answer.status_code == 401


async def test_nobody_deletes_somebody_elses_key(site: Site, ann: Person, bob: Person) -> None:
    made = await _make(ann)

    answer = await bob.http.delete(f"/my/api-keys/{made['id']}/")

    assert answer.status_code == 404
    assert site.denied == 1
    assert len((await ann.http.get("/my/api-keys/")).json()["items"]) == 1


async def test_there_is_a_limit(site: Site, ann: Person) -> None:
    await site.stores.as_migrator(
        "insert into api_keys (user_id, id, name, hint, token_hash)"
        f" select {ann.id}, gen_random_uuid(), 'k', '', decode(md5(n::text), 'hex') from generate_series(1, 100) n"
    )

    answer = await ann.http.post("/my/api-keys/", json={"name": "one more"})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-api-keys")
