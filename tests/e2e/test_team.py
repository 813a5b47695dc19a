"""Agents and chats in the page, by mouse and by keys alone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.person import Person, answers, composer, say


async def test_an_agent_is_made_changed_and_deleted(maria: Person) -> None:
    page = await maria.page()
    await page.get_by_role("navigation").get_by_role("button", name="New agent").click()

    await page.get_by_label("Name").fill("Мой Кодер")
    await expect(page.get_by_text("You address the agent with it: @moy_koder")).to_be_visible()
    await page.get_by_label("Instructions").fill("Be brief.")
    await page.get_by_role("combobox", name="Model").or_(page.get_by_role("button", name="Model")).first.click()
    await page.get_by_role("combobox", name="Search models").fill("scripted")
    await page.get_by_role("option", name="scripted").first.click()
    await page.get_by_role("button", name="Create agent").click()

    await expect(composer(page)).to_have_attribute("placeholder", "Message @moy_koder")
    [agent] = (await maria.api("GET", "/my/agents/"))["items"]
    assert (agent["handle"], agent["model"]["provider"], agent["system_prompt"]) == ("moy_koder", "openai", "Be brief.")

    await page.goto(f"/agents/{agent['agent_id']}")
    await page.get_by_text("Advanced").click()
    await page.get_by_label("Tasks at once").fill("99")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Tasks at once")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Tasks at once")).to_be_focused()

    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No agents yet")).to_be_visible()
    assert (await maria.api("GET", "/my/agents/"))["items"] == []


async def test_an_agent_is_addressed_by_keys_alone(maria: Person) -> None:
    await maria.agent("Coder")
    await maria.agent("Writer")
    page = await maria.page()
    await expect(composer(page)).to_be_focused()

    await page.keyboard.type("@wr")
    await expect(page.get_by_role("option", name="Writer")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(composer(page)).to_have_attribute("placeholder", "Message @writer")
    await page.keyboard.type("Hello")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("there")
    await page.keyboard.press("Enter")

    await expect(answers(page).last).to_contain_text("You said: Hello")
    [chat] = (await maria.api("GET", "/my/chat/sessions/"))["items"]
    history = await maria.api("GET", f"/my/chat/{chat['id']}/")
    assert history["items"][0]["target_agent"].endswith("_writer")
    assert history["items"][0]["content"] == "Hello\nthere"


async def test_a_handle_at_the_beginning_wins_over_the_selector(maria: Person) -> None:
    await maria.agent("Coder")
    await maria.agent("Writer")
    page = await maria.page("/?agent=coder")

    await say(page, "@writer Hello")

    await expect(page.locator("[data-message]").last).to_contain_text("Writer")


async def test_chats_are_found_renamed_and_deleted_with_a_way_back(maria: Person) -> None:
    await maria.agent()
    for title in ("First", "Second", "Third"):
        await maria.chat(title)
    page = await maria.page()
    chats = page.get_by_role("region", name="My chats")

    await expect(chats.get_by_role("link", name="Second")).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("sec")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Second")).to_be_visible()

    await chats.get_by_role("button", name="Actions for “Second”").click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_label("Title").fill("Renamed")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Renamed")).to_be_visible()
    await expect(chats.get_by_role("link", name="Renamed")).to_be_visible()

    await chats.get_by_role("button", name="Actions for “First”").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(chats.get_by_role("link", name="First")).to_be_hidden()
    await page.get_by_role("button", name="Undo").click()
    await expect(chats.get_by_role("link", name="First")).to_be_visible()

    await chats.get_by_role("button", name="Actions for “First”").click()
    await page.get_by_role("menuitem", name="Delete").click()
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as deletion:
        await page.get_by_role("status").get_by_role("button", name="Close").click()
    assert (await deletion.value).status == 204
    titles = [chat["title"] for chat in (await maria.api("GET", "/my/chat/sessions/"))["items"]]
    assert sorted(titles) == ["Renamed", "Third"]


async def test_a_menu_that_is_loaded_when_it_is_wanted_is_a_menu_for_the_keyboard_too(maria: Person) -> None:
    page = await maria.page("/")
    button = page.get_by_role("button", name=maria.email)

    await button.focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("menuitem", name="Settings")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Usage and budget")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_be_hidden()
    await expect(button).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Settings")).to_be_focused()
    await page.keyboard.press("Escape")
    await button.click()
    await page.get_by_role("menuitem", name="Settings").click()
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()


async def test_an_api_key_is_shown_once_and_works(maria: Person) -> None:
    page = await maria.page("/settings/api-keys")
    await page.get_by_role("button", name="Create key").click()
    await page.get_by_label("What is it for?").fill("Script")
    await page.get_by_role("dialog").get_by_role("button", name="Create key").click()

    key = await page.get_by_role("dialog").locator("code").inner_text()
    answer = await maria.context.request.get("/my/agents/", headers={"Authorization": f"Bearer {key}", "Cookie": ""})
    assert answer.ok
    await page.get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_text(key)).to_have_count(0)
    await expect(page.get_by_text("Script")).to_be_visible()


async def test_what_is_not_there_is_said_so(maria: Person) -> None:
    await maria.agent()
    for path, words in (
        ("/chat/123456", "There is no such chat"),
        ("/nowhere", "There is no such page"),
        ("/agents/user1_nobody", "There is no such agent"),
    ):
        page = await maria.page(path)
        await expect(page.get_by_role("heading", name=words)).to_be_visible()
        await page.close()
