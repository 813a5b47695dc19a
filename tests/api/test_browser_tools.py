"""Tools that the user's page carries out: what it sends is looked at, kept, and given to the model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Person, Site
from tests.support.planning import pending
from tests.support.tool_people import LOCATION, answered, ask, asked_about, calls, chosen, no, photo, waiting_for, yes
from tests.support.tool_scripts import calling

TOOLS = ("camera", "microphone", "geolocation", "clipboard", "file_picker")
WHERE = ("geolocation", {"reason": "to tell the weather"})
RECORDING = {"audio": "data:audio/webm;codecs=opus;base64,GkXfo59ChoEB", "seconds": 1.5}


@pytest.fixture
async def eve(ann: Person) -> Person:
    """Somebody whose coder has all tools of the page."""
    await ann.agent("Coder", tools=chosen(*TOOLS))
    return ann


async def test_what_the_page_got_reaches_the_model(eve: Person) -> None:
    run_id, approval = await asked_about(eve, calling([WHERE]))
    assert (approval["tool"]["kind"], approval["tool"]["arguments"]["reason"]) == ("browser", "to tell the weather")

    confirmed = await yes(eve, approval, result=LOCATION)

    assert confirmed.status_code == 200
    answer = await answered(eve, run_id)
    assert (calls(answer), answer["tool_calls"][0]["result"]) == ([("geolocation", "ok")], LOCATION)
    assert "55.75" in answer["content"]


async def test_a_photo_becomes_a_file_of_its_user(eve: Person, site: Site) -> None:
    run_id, approval = await asked_about(eve, calling([("camera", {})]))

    assert (await yes(eve, approval, result={"image": photo()})).status_code == 200

    [call] = (await answered(eve, run_id))["tool_calls"]
    assert (call["result"]["photo"], len(call["files"])) == ("8 x 6 pixels", 1)
    [file] = await site.stores.as_migrator(f"select media_type, source, size from files where user_id = {eve.id}")
    assert (file["media_type"], file["source"]) == ("image/jpeg", "tool")
    stored = await site.stores.as_migrator(
        f"select length(result::text) as n from approval_requests where user_id = {eve.id}"
    )
    assert stored[0]["n"] < 500


@pytest.mark.parametrize(
    ("tool", "arguments", "result", "reads"),
    [
        ("microphone", {}, RECORDING, {"seconds": 1.5}),
        ("clipboard", {"action": "read"}, {"text": "copied"}, {"text": "copied"}),
        ("clipboard", {"action": "write", "text": "put"}, {"written": True}, {"written": True}),
        ("camera", {}, {"error": "permission_denied"}, {"error": "permission_denied"}),
        ("camera", {}, {"error": "no_device", "message": "no camera"}, {"error": "no_device", "message": "no camera"}),
    ],
)
async def test_what_each_of_them_answers(
    eve: Person, tool: str, arguments: dict[str, Any], result: dict[str, Any], reads: dict[str, Any]
) -> None:
    run_id, approval = await asked_about(eve, calling([(tool, arguments)]))

    confirmed = await yes(eve, approval, result=result)

    assert confirmed.status_code == 200, confirmed.text
    [call] = (await answered(eve, run_id))["tool_calls"]
    assert reads.items() <= call["result"].items()


@pytest.mark.parametrize(
    ("tool", "arguments", "result"),
    [
        ("geolocation", {}, {"latitude": 91, "longitude": 0, "accuracy": 1}),
        ("geolocation", {}, {"latitude": 1, "longitude": 0}),
        ("geolocation", {}, {**LOCATION, "city": "Moscow"}),
        ("geolocation", {}, "here"),
        ("camera", {}, {"image": "data:image/svg+xml;base64,PHN2Zy8+"}),
        ("camera", {}, {"image": "data:image/png;base64,AAAA"}),
        ("camera", {}, {"image": photo("png").replace("image/png", "image/jpeg")}),
        ("camera", {}, {"image": "https://example.org/cat.jpg"}),
        ("camera", {}, {"image": "data:image/png;base64,="}),
        ("camera", {}, {"photo": photo()}),
        ("camera", {}, {"error": "tired"}),
        ("microphone", {}, {"audio": RECORDING["audio"], "seconds": -1}),
        ("microphone", {}, {"audio": "data:text/html;base64,AAAA", "seconds": 1}),
        ("clipboard", {"action": "write", "text": "x"}, {"text": "copied"}),
        ("clipboard", {"action": "read"}, {"written": True}),
        ("file_picker", {}, {"files": []}),
        ("file_picker", {}, {"files": ["0197f5a0-0000-7000-8000-000000000000"]}),
        (
            "file_picker",
            {},
            {"files": ["0197f5a0-0000-7000-8000-000000000000", "0197f5a0-0000-7000-8000-000000000001"]},
        ),
    ],
)
async def test_a_result_of_another_shape_leaves_it_open(
    eve: Person, tool: str, arguments: dict[str, Any], result: Any
) -> None:
    _, approval = await asked_about(eve, calling([(tool, arguments)]))

    refused = await yes(eve, approval, result=result)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-result")
    assert refused.json()["errors"]
    assert [each["id"] for each in await pending(eve)] == [approval["id"]]


async def test_without_a_result_it_stays_open(eve: Person) -> None:
    run_id, approval = await asked_about(eve, calling([WHERE]))

    refused = await yes(eve, approval)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/result-needed")
    await no(eve, approval, "not now")
    assert "not now" in (await answered(eve, run_id))["content"]


async def test_a_remembered_tool_still_waits_for_the_page_and_says_so(eve: Person) -> None:
    run_id, approval = await asked_about(eve, calling([WHERE]))
    await yes(eve, approval, result=LOCATION, remember="session")
    await answered(eve, run_id)

    chat = approval["session_id"]
    sent = await eve.http.post(f"/my/chat/{chat}/message/", json={"content": f"@coder {calling([WHERE])}"})
    assert sent.status_code == 202
    [again] = await waiting_for(eve)

    assert (again["tool"]["remembered"], again["session_id"]) == (True, chat)


async def test_another_users_file_is_none(eve: Person, bob: Person) -> None:
    await bob.agent("Coder", tools=chosen("camera"))
    run_id, approval = await asked_about(bob, calling([("camera", {})]))
    await yes(bob, approval, result={"image": photo()})
    [foreign] = (await answered(bob, run_id))["tool_calls"][0]["files"]
    _, mine = await asked_about(eve, calling([("file_picker", {})]))

    refused = await yes(eve, mine, result={"files": [foreign]})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-result")


async def test_a_clipboard_needs_something_to_write(eve: Person) -> None:
    _, run_id = await ask(eve, calling([("clipboard", {"action": "write"})]))

    assert calls(await answered(eve, run_id)) == [("clipboard", "failed")]
