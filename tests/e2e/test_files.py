"""Files: attached by button, drop and paste, seen by the model and in the chat, looked at large."""

from __future__ import annotations

import asyncio
import io
import os
import re
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import FileChooser, Page, Route, expect

from tests.e2e.attaching import choose, drop, hold_over, paste, payload, tray
from tests.e2e.looks import faults, too_wide
from tests.e2e.person import Person, answers, composer, say
from tests.support import documents


def _picture(text: str, colour: str = "steelblue", size: tuple[int, int] = (900, 600)) -> bytes:
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill="gold")
    ImageDraw.Draw(image).text((20, 20), text, fill="white", font_size=48)
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


async def _ready(page: Page, number: int) -> None:
    await expect(tray(page)).to_have_count(number)
    await expect(page.get_by_role("status").filter(has_text=re.compile("attached"))).to_have_count(1)


async def test_a_file_is_chosen_sent_and_read(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await choose(page, payload("report.docx", documents.docx("The answer is 42.")))
    await _ready(page, 1)

    await say(page, "@coder What is the answer?")

    await expect(answers(page).last).to_contain_text("The answer is 42.")
    await expect(tray(page)).to_have_count(0)
    link = page.get_by_role("main").get_by_role("link", name=re.compile("Download report.docx"))
    async with page.expect_download() as downloading:
        await link.click()
    assert (await downloading.value).suggested_filename == "report.docx"


async def test_a_picture_is_dropped_seen_and_enlarged(maria: Person) -> None:
    await maria.agent()
    page = await maria.page()
    await hold_over(page, "first.png", _picture("first"))
    await expect(page.get_by_text("Drop the files to attach them")).to_be_visible()
    await drop(page, "first.png", _picture("first"), "image/png")
    await expect(page.get_by_text("Drop the files to attach them")).to_have_count(0)
    await paste(composer(page), "image.png", _picture("second", "seagreen"), "image/png")
    await _ready(page, 2)

    await say(page, "@coder What do you see?")

    await expect(answers(page).last).to_contain_text("[image_url] [image_url]")
    await page.reload()
    pictures = page.get_by_role("button", name=re.compile("^Enlarge"))
    await expect(pictures).to_have_count(2)
    await pictures.first.click()
    box = page.get_by_role("dialog", name="first.png")
    await expect(box.get_by_role("img")).to_be_visible()
    assert await box.get_by_role("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 900
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name="image.png")).to_be_visible()
    await expect(page.get_by_text("2 of 2")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name="first.png")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(pictures.first).to_be_focused()


async def test_only_pictures_can_be_sent_and_give_the_chat_its_name(maria: Person) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await choose(page, payload("cat.png", _picture("cat")))
    await _ready(page, 1)

    await page.get_by_role("button", name="Send").click()

    await expect(answers(page).last).to_contain_text("[image_url]")
    await expect(page.get_by_role("heading", name="cat.png")).to_be_visible()


async def test_a_message_waits_for_its_files(maria: Person) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    opened = asyncio.Event()

    async def hold(route: Route) -> None:
        await opened.wait()
        await route.continue_()

    await page.route("**/my/files/", hold)
    await choose(page, payload("slow.txt", b"slowly"))
    await expect(tray(page).get_by_role("progressbar")).to_be_visible()
    await say(page, "Read it")
    await expect(composer(page)).to_have_value("Read it")

    opened.set()

    await expect(answers(page).last).to_contain_text("slowly")
    await expect(composer(page)).to_have_value("")


async def test_what_is_wrong_with_a_file_is_said_beside_it(maria: Person, tmp_path: Path) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    # On the disk, where the browser takes them from: 25 MB through Playwright's pipe take seconds.
    for name, content, size in (
        ("virus.exe", b"MZ\x90\0", 4),
        ("empty.txt", b"", 0),
        ("large.bin", b"x", 25_000_001),
        ("locked.pdf", pdf := documents.pdf("x", encrypted=True), len(pdf)),
    ):
        (tmp_path / name).write_bytes(content)
        os.truncate(tmp_path / name, size)
    await choose(page, *(tmp_path / name for name in ("virus.exe", "empty.txt", "large.bin", "locked.pdf")))
    for name, says in (
        ("virus.exe", "Programs are not taken."),
        ("empty.txt", "There is nothing in this file."),
        ("large.bin", "It is too large: a file may have 25 MB."),
        ("locked.pdf", "Its text cannot be read."),
    ):
        await expect(tray(page).filter(has_text=name)).to_contain_text(says)
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await expect(page.get_by_role("button", name=re.compile("Upload .* again"))).to_have_count(0)

    for name in ("virus.exe", "empty.txt", "large.bin"):
        await page.get_by_role("button", name=f"Remove {name}").click()

    await expect(page.get_by_role("button", name="Send")).to_be_enabled()
    await say(page, "Never mind")
    await expect(answers(page).last).to_contain_text("[Its text could not be read")


async def test_a_lost_connection_loses_no_file(maria: Person) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    await page.route("**/my/files/", lambda route: route.abort())
    await choose(page, payload("a.txt", b"kept all the same"))
    await expect(tray(page)).to_contain_text("There is no connection to the server.")

    await page.unroute("**/my/files/")
    await page.get_by_role("button", name="Upload a.txt again").click()
    await _ready(page, 1)
    await page.reload()
    await expect(tray(page)).to_contain_text("a.txt")

    await say(page, "Read it")
    await expect(answers(page).last).to_contain_text("kept all the same")
    await page.reload()
    await expect(tray(page)).to_have_count(0)


async def test_too_many_files_are_not_taken(maria: Person) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")

    await choose(page, *(payload(f"{number}.txt", b"x") for number in range(12)))

    await expect(page.get_by_role("alert")).to_contain_text("At most 10 files go with one message.")
    await _ready(page, 10)


async def test_a_message_that_was_not_taken_gives_its_files_back(maria: Person) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    await choose(page, payload("a.txt", b"words of a file"))
    await _ready(page, 1)
    [file] = (await maria.api("GET", "/my/files/"))["items"]
    await maria.api("DELETE", f"/my/files/{file['id']}/")

    await say(page, "Read it")
    await expect(page.get_by_text("The message names a file that you do not have.")).to_be_visible()
    await page.get_by_role("button", name="Edit", exact=True).click()

    await expect(composer(page)).to_have_value("Read it")
    await page.get_by_role("button", name="Remove a.txt").click()
    await composer(page).press("Enter")
    await expect(answers(page).last).to_contain_text("Read it")


@pytest.mark.parametrize("key", ["Enter", "Space"])
async def test_the_keyboard_suffices(maria: Person, key: str) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    # A key is faster than the browser is told that somebody waits for the dialog, so that is done before.
    opened: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    page.once("filechooser", lambda chooser: opened.set_result(chooser))
    await expect(composer(page)).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Attach files")).to_be_focused()
    await page.keyboard.press(key)
    await (await asyncio.wait_for(opened, 20)).set_files([payload("a.txt", b"x")])
    await _ready(page, 1)
    await expect(composer(page)).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="Remove a.txt")).to_be_focused()

    await page.keyboard.press(key)

    await expect(tray(page)).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_files_can_be_read_by_everyone(maria: Person, theme: Literal["light", "dark"]) -> None:
    await maria.agent()
    page = await maria.page(f"/chat/{await maria.chat()}")
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.set_viewport_size({"width": 360, "height": 740})
    await choose(
        page,
        payload("photo.png", _picture("photo")),
        payload("a_name_that_is_far_too_long_for_a_small_screen_and_has_no_place_to_break.txt", b"words"),
        payload("virus.exe", b"MZ\x90\0"),
        payload("locked.pdf", documents.pdf("x", encrypted=True)),
        payload("memo.wav", documents.wav()),
    )
    await expect(tray(page).filter(has_text="locked.pdf")).to_contain_text("cannot be read")
    await expect(tray(page).filter(has_text="virus.exe")).to_contain_text("not taken")
    found = await faults(page) + await too_wide(page, 360)
    await page.get_by_role("button", name="Remove virus.exe").click()
    await say(page, "Look")
    await expect(answers(page).last).to_contain_text("[image_url]")
    await expect(page.get_by_role("button", name="Enlarge photo.png")).to_be_visible()
    found += await faults(page) + await too_wide(page, 360)
    await page.get_by_role("button", name="Enlarge photo.png").click()
    await expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    assert found + await faults(page) + await too_wide(page, 360) == []


async def test_in_russian(maria: Person) -> None:
    await maria.agent()
    await maria.api("PATCH", "/auth/me", {"locale": "ru"})
    page = await maria.page(f"/chat/{await maria.chat()}")

    async with page.expect_file_chooser() as opening:
        await page.get_by_role("button", name="Прикрепить файлы").click()
    await (await opening.value).set_files([payload("virus.exe", b"MZ\x90\0"), payload("a.txt", b"x")])

    await expect(page.get_by_role("alert")).to_contain_text("Программы не принимаются.")
    await expect(page.get_by_role("status").filter(has_text="Прикреплён 1 файл.")).to_have_count(1)
