"""Runs: looking, stopping, trying again."""

from __future__ import annotations

from tests.support.api import AGENT, Person, Site


async def _start(person: Person, content: str = "@coder hi") -> tuple[int, dict[str, str]]:
    chat = await person.chat()
    return chat, (await person.http.post(f"/my/chat/{chat}/message/", json={"content": content})).json()


async def test_a_run_is_stopped_once_and_stays_stopped(ann: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang"})
    chat, sent = await _start(ann)

    answers = [await ann.http.post(f"/my/runs/{sent['run_id']}/cancel/") for _ in range(2)]

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "cancelled")] * 2
    run = answers[0].json()
    assert (run["session_id"], run["message_id"], run["answer_id"]) == (chat, sent["message_id"], sent["answer_id"])
    assert run["tasks"][0]["status"] == "cancelled"
    assert run["finished_at"] is not None


async def test_a_stopped_run_can_be_tried_again(ann: Person) -> None:
    agent_id = await ann.agent(model={"provider": "openai", "name": "hang"})
    chat, sent = await _start(ann)
    await ann.http.post(f"/my/runs/{sent['run_id']}/cancel/")
    await ann.http.put(f"/my/agents/{agent_id}/", json=AGENT)

    answer = await ann.http.post(f"/my/runs/{sent['run_id']}/retry/")

    assert answer.status_code == 202
    assert answer.json()["status"] in ("queued", "running", "completed")
    follow = await ann.say(chat, "@coder and now?")
    assert follow.json()["content"] == "You said: and now?"


async def test_a_run_that_is_over_well_cannot_be_tried_again(ann: Person) -> None:
    await ann.agent()
    chat = await ann.chat()
    run_id = (await ann.say(chat, "@coder hi")).json()["run_id"]

    answer = await ann.http.post(f"/my/runs/{run_id}/retry/")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-retryable")


async def test_nobody_stops_somebody_elses_run(site: Site, ann: Person, bob: Person) -> None:
    await ann.agent(model={"provider": "openai", "name": "hang"})
    _, sent = await _start(ann)

    for verb in ("cancel", "retry"):
        assert (await bob.http.post(f"/my/runs/{sent['run_id']}/{verb}/")).status_code == 404

    assert site.denied == 2
    assert (await ann.http.get(f"/my/runs/{sent['run_id']}/")).json()["status"] == "running"
