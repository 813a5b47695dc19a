"""Tools that the page carries out itself: what its user sees, agrees to and hands over."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.person import Person, answers, say
from tests.e2e.team import inbox
from tests.e2e.toolbox import ask_for, calls, dialog, question, wish, with_tool

_SEEN = "[image_url]"
"""What the scripted model says when it was shown a picture."""
_WHY = '{"reason": "To see your whiteboard."}'
# Keeps every stream that the page was given, so that a test can see whether it still runs.
_WATCH_STREAMS = """
  window.streams = [];
  const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async wanted => { const found = await open(wanted); streams.push(found); return found; };
"""
_LIVE = "() => streams.flatMap(stream => stream.getTracks()).filter(track => track.readyState === 'live').length"
# A browser whose devices fail as named.
_FAILING = """
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("scripted", %r));
"""


async def _take(page: Page) -> None:
    await dialog(page).get_by_role("button", name="Take the photo").click()
    await dialog(page).get_by_role("button", name="Send").click()
    await expect(dialog(page)).to_have_count(0)


async def test_a_photo_is_agreed_to_taken_looked_at_and_sent(maria: Person) -> None:
    await maria.context.add_init_script(_WATCH_STREAMS)
    page = await ask_for(maria, "camera", _WHY)

    await expect(dialog(page)).to_contain_text("Coder asks for a photo")
    await expect(dialog(page)).to_contain_text("To see your whiteboard.")
    assert await page.evaluate("streams.length") == 0
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await dialog(page).get_by_role("button", name="Take the photo").click()
    await expect(dialog(page).get_by_role("img", name="The photo to be sent")).to_be_visible()
    assert await page.evaluate(_LIVE) == 0
    await dialog(page).get_by_role("button", name="Take another").click()
    await _take(page)

    await expect(answers(page).last).to_contain_text(_SEEN)
    assert await page.evaluate(_LIVE) == 0
    await calls(page).get_by_role("button").click()
    picture = calls(page).get_by_role("img", name="Picture from Camera")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


async def test_a_refusal_in_the_dialog_tells_the_agent_why(maria: Person) -> None:
    page = await ask_for(maria, "camera", _WHY)

    await dialog(page).get_by_role("button", name="Reject").click()
    await dialog(page).get_by_role("textbox", name="Why not?").fill("my hair")
    await page.keyboard.press("Escape")
    await dialog(page).get_by_role("button", name="Reject").click()
    await dialog(page).get_by_role("textbox", name="Why not?").fill("my hair today")
    await dialog(page).get_by_role("button", name="Reject the call").click()

    await expect(dialog(page)).to_have_count(0)
    await expect(answers(page).last).to_contain_text("my hair today")


async def test_what_was_put_off_waits_through_a_reload_and_is_done_from_the_inbox(maria: Person) -> None:
    await maria.context.add_init_script(_WATCH_STREAMS)
    page = await ask_for(maria, "camera", _WHY)
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await expect(dialog(page).get_by_role("button", name="Take the photo")).to_be_enabled()

    await dialog(page).get_by_role("button", name="Not now").click()
    await expect(dialog(page)).to_have_count(0)
    assert await page.evaluate(_LIVE) == 0
    await expect(question(page)).to_contain_text("To see your whiteboard.")
    await page.reload()
    await expect(dialog(page)).to_contain_text("Coder asks for a photo")
    await page.keyboard.press("Escape")
    await inbox(page).click()
    await question(page).get_by_role("button", name="Take a photo").click()
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await _take(page)

    await expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    await page.go_back()
    await expect(answers(page).last).to_contain_text(_SEEN)


async def test_nobody_is_interrupted_while_writing(maria: Person) -> None:
    page = await with_tool(maria, "camera")
    chat = page.url.rpartition("/")[2]
    await page.get_by_role("textbox", name="Message", exact=True).fill("In the middle of")

    await maria.api("POST", f"/my/chat/{chat}/message/", {"content": wish(_WHY), "target_agent": "coder"})

    await expect(question(page)).to_be_visible()
    await expect(dialog(page)).to_have_count(0)
    await question(page).get_by_role("button", name="Take a photo").click()
    await expect(dialog(page)).to_be_visible()


async def test_only_the_tab_in_which_its_user_acts_keeps_the_dialog(maria: Person) -> None:
    await maria.context.add_init_script(_WATCH_STREAMS)
    first = await ask_for(maria, "camera", _WHY)
    second = await maria.page(first.url)
    for page in (first, second):
        await expect(dialog(page)).to_be_visible()

    await dialog(second).get_by_role("button", name="Open the camera").click()
    await expect(dialog(first)).to_have_count(0)
    await expect(dialog(second).get_by_role("button", name="Take the photo")).to_be_enabled()
    await question(first).get_by_role("button", name="Reject").click()
    await question(first).get_by_role("button", name="Reject the call").click()

    await expect(dialog(second)).to_have_count(0)
    assert await second.evaluate(_LIVE) == 0
    told = second.get_by_role("main").get_by_role("status").filter(has_text="Camera: rejected in another window.")
    await expect(told).to_contain_text("By you, in Chrome, Linux.")
    for page in (first, second):
        await expect(answers(page).last).to_contain_text("declined")


@pytest.mark.parametrize(
    ("name", "title", "code"),
    [
        ("NotAllowedError", "Your browser does not allow it", "permission_denied"),
        ("NotFoundError", "There is no such device", "no_device"),
        ("NotReadableError", "It did not work", "failed"),
    ],
)
async def test_what_does_not_work_is_told_to_the_user_first(maria: Person, name: str, title: str, code: str) -> None:
    await maria.context.add_init_script(_FAILING % name)
    page = await ask_for(maria, "camera", _WHY)
    await dialog(page).get_by_role("button", name="Open the camera").click()

    await expect(dialog(page).get_by_role("alert")).to_contain_text(title)
    await dialog(page).get_by_role("button", name="Try again").click()
    await expect(dialog(page).get_by_role("alert")).to_contain_text(title)
    assert len((await maria.api("GET", "/my/approvals/?status=pending"))["items"]) == 1
    await dialog(page).get_by_role("button", name="Tell the agent that it did not work").click()

    await expect(answers(page).last).to_contain_text(code)


async def test_what_was_allowed_before_goes_straight_to_the_camera(maria: Person) -> None:
    page = await ask_for(maria, "camera", _WHY, policy="allow")

    await expect(dialog(page)).to_contain_text("You have allowed this before.")
    await _take(page)

    await expect(answers(page).last).to_contain_text(_SEEN)


async def test_a_camera_that_nobody_looks_at_is_switched_off(maria: Person) -> None:
    await maria.context.add_init_script(_WATCH_STREAMS)
    await maria.context.clock.install()
    page = await ask_for(maria, "camera", _WHY)
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await expect(dialog(page).get_by_role("button", name="Take the photo")).to_be_enabled()

    await page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await maria.context.clock.fast_forward(61_000)

    await expect(dialog(page)).to_contain_text("Paused while this window was hidden.")
    assert await page.evaluate(_LIVE) == 0
    await dialog(page).get_by_role("button", name="Open the camera").click()
    await _take(page)
    await expect(answers(page).last).to_contain_text(_SEEN)


async def test_a_recording_is_made_listened_to_and_sent(maria: Person) -> None:
    await maria.context.add_init_script(_WATCH_STREAMS)
    page = await ask_for(maria, "microphone", '{"max_seconds": 60}')
    await expect(dialog(page)).to_contain_text("Coder gave no reason.")
    await dialog(page).get_by_role("button", name="Start recording").click()
    await expect(dialog(page)).to_contain_text("2 sec of 1 min")
    await dialog(page).get_by_role("button", name="Stop").click()

    audio = dialog(page).get_by_label("Your recording")
    await expect(audio).to_be_visible()
    await audio.evaluate("audio => audio.play()")
    assert await page.evaluate(_LIVE) == 0
    await dialog(page).get_by_role("button", name="Record again").click()
    await expect(dialog(page)).to_contain_text("1 sec of 1 min")
    await dialog(page).get_by_role("button", name="Stop").click()
    await dialog(page).get_by_role("button", name="Send").click()

    await expect(answers(page).last).to_contain_text("seconds")
    assert await page.evaluate(_LIVE) == 0
    await calls(page).get_by_role("button").click()
    await expect(calls(page).get_by_label("Recording from Microphone")).to_be_visible()


async def test_a_recording_ends_by_itself(maria: Person) -> None:
    page = await ask_for(maria, "microphone", '{"max_seconds": 1}')
    await dialog(page).get_by_role("button", name="Start recording").click()

    await expect(dialog(page).get_by_label("Your recording")).to_be_visible()


async def test_the_place_is_told_once_and_by_itself_when_that_was_allowed(maria: Person) -> None:
    await maria.context.grant_permissions(["geolocation"])
    await maria.context.set_geolocation({"latitude": 55.75, "longitude": 37.62, "accuracy": 30})
    page = await ask_for(maria, "geolocation", '{"reason": "For the weather."}')
    await expect(dialog(page)).to_contain_text("Coder asks where you are")
    await dialog(page).get_by_role("combobox", name="Next time").select_option("Do not ask in this chat")
    await dialog(page).get_by_role("button", name="Share my location").click()
    await expect(answers(page)).to_have_count(1)
    await expect(answers(page).last).to_contain_text("55.75")

    await say(page, wish(text="Once more"))

    await expect(answers(page)).to_have_count(2)
    await expect(answers(page).last).to_contain_text("37.62")
    await expect(page.get_by_text("Coder was told where you are.")).to_be_visible()
    await expect(dialog(page)).to_have_count(0)


async def test_a_place_that_is_not_told_by_the_browser_is_asked_for_again(maria: Person) -> None:
    # Nothing is granted: the browser refuses by itself.
    page = await ask_for(maria, "geolocation", policy="allow")

    await expect(dialog(page).get_by_role("alert")).to_contain_text("Your browser does not allow it")
    await maria.context.grant_permissions(["geolocation"])
    await maria.context.set_geolocation({"latitude": 59.94, "longitude": 30.31})
    await dialog(page).get_by_role("button", name="Try again").click()

    await expect(answers(page).last).to_contain_text("59.94")


async def _copied(page: Page, text: str) -> None:
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)


async def test_the_clipboard_is_read_and_looked_at_first(maria: Person) -> None:
    await maria.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await with_tool(maria, "clipboard")
    await _copied(page, "a secret and the rest")
    await say(page, wish('{"action": "read"}'))
    await dialog(page).get_by_role("button", name="Read the clipboard").click()

    text = dialog(page).get_by_role("textbox", name="The text to be sent")
    await expect(text).to_have_value("a secret and the rest")
    await text.fill("the rest")
    await dialog(page).get_by_role("button", name="Send").click()

    await expect(answers(page).last).to_contain_text('"text":"the rest"')


async def test_a_clipboard_that_cannot_be_read_can_be_pasted(maria: Person) -> None:
    await maria.context.add_init_script("navigator.clipboard.readText = undefined")
    page = await ask_for(maria, "clipboard", '{"action": "read"}')
    await dialog(page).get_by_role("button", name="Read the clipboard").click()

    await expect(dialog(page)).to_contain_text("This browser cannot do that here")
    await dialog(page).get_by_role("textbox", name="Or paste it here").fill("by hand")
    await dialog(page).get_by_role("button", name="Send").click()

    await expect(answers(page).last).to_contain_text("by hand")


async def test_a_text_is_put_into_the_clipboard(maria: Person) -> None:
    await maria.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await ask_for(maria, "clipboard", '{"action": "write", "text": "from the agent"}')
    await expect(dialog(page)).to_contain_text("from the agent")
    await dialog(page).get_by_role("button", name="Copy it").click()

    await expect(answers(page).last).to_contain_text("written")
    assert await page.evaluate("navigator.clipboard.readText()") == "from the agent"


async def test_files_are_chosen_uploaded_and_handed_over(maria: Person) -> None:
    page = await ask_for(maria, "file_picker", '{"multiple": true, "accept": ".txt", "reason": "To sum them up."}')
    await expect(dialog(page)).to_contain_text("Kinds: .txt")
    async with page.expect_file_chooser() as choosing:
        await dialog(page).get_by_role("button", name="Drop files here or choose them").click()
    await (await choosing.value).set_files(
        [{"name": f"{name}.txt", "mimeType": "text/plain", "buffer": name.encode()} for name in ("one", "two", "three")]
    )
    await dialog(page).get_by_role("button", name="Leave out two.txt").click()
    await dialog(page).get_by_role("button", name="Send 2 files").click()

    await expect(dialog(page)).to_have_count(0)
    await expect(answers(page).last).to_contain_text("file_ids")
    assert {file["name"] for file in (await maria.api("GET", "/my/files/"))["items"]} == {"one.txt", "three.txt"}
    await calls(page).get_by_role("button").click()
    await expect(calls(page).get_by_role("link", name=re.compile("one.txt"))).to_be_visible()


async def test_a_file_that_is_refused_is_said_so_and_can_be_left_out(maria: Person) -> None:
    page = await ask_for(maria, "file_picker", '{"multiple": true}')
    await (
        dialog(page)
        .locator("input[type=file]")
        .set_input_files(
            [
                {"name": "good.txt", "mimeType": "text/plain", "buffer": b"good"},
                {"name": "bad.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ\x90\x00"},
            ]
        )
    )
    await dialog(page).get_by_role("button", name="Send 2 files").click()

    await expect(dialog(page).get_by_role("alert")).to_be_visible()
    await dialog(page).get_by_role("button", name="Leave out bad.exe").click()
    await dialog(page).get_by_role("button", name="Send 1 file").click()

    await expect(answers(page).last).to_contain_text("file_ids")
