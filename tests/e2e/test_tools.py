"""Tool calls that wait for their user: allowed, changed, refused, seen in the transcript."""

from __future__ import annotations

import json
import re

from playwright.async_api import Route, expect

from tests.e2e.person import Person, answers, say
from tests.e2e.team import gather_team, inbox, node, panel
from tests.e2e.toolbox import ask_for, calls, question, wish, with_tool
from tests.support.plans import plan, request, task

_MOSCOW = '{"timezone": "Europe/Moscow"}'
_CLOCK = {"tool_id": "current_time", "enabled": True, "policy": "ask"}


async def test_a_call_waits_through_a_reload_is_allowed_by_keyboard_and_shown_afterwards(maria: Person) -> None:
    page = await ask_for(maria, "current_time", _MOSCOW, policy="ask")

    await expect(question(page)).to_contain_text("Coder asks to use Current time")
    await expect(question(page)).to_contain_text("timezone")
    await expect(question(page)).to_contain_text("Europe/Moscow")
    await expect(question(page)).to_contain_text("Waits until")
    await expect(page.get_by_text("Coder waits for your answer")).to_be_visible()
    await expect(page.get_by_text("Coder is thinking")).to_have_count(0)
    await expect(inbox(page)).to_contain_text("1 decision waits for you")
    waiting = await question(page).inner_text()
    await page.reload()
    await expect(question(page)).to_have_text(waiting, use_inner_text=True)
    await expect(page.get_by_text("Coder is thinking")).to_have_count(0)

    await question(page).get_by_role("button", name="Allow once").focus()
    await page.keyboard.press("Enter")

    await expect(answers(page).last).to_contain_text("Tool said")
    await expect(question(page)).to_have_count(0)
    await expect(inbox(page)).not_to_contain_text("decision")
    await expect(calls(page)).to_contain_text("Current time")
    await calls(page).get_by_role("button").focus()
    await page.keyboard.press("Enter")
    await expect(calls(page)).to_contain_text("You allowed this call.")
    await expect(calls(page)).to_contain_text("weekday")
    await page.reload()
    await calls(page).get_by_role("button").click()
    await expect(calls(page)).to_contain_text("weekday")


async def test_what_is_allowed_for_the_chat_or_for_good_is_not_asked_again(maria: Person) -> None:
    page = await ask_for(maria, "current_time", policy="ask")
    await question(page).get_by_role("button", name="Allow in this chat").click()
    await expect(answers(page)).to_have_count(1)

    await say(page, wish(text="Again"))
    await expect(answers(page)).to_have_count(2)
    await expect(calls(page)).to_have_count(2)
    await page.goto(f"/chat/{await maria.chat('Another')}")
    await say(page, wish(text="Elsewhere"))
    await question(page).get_by_role("button", name="Always allow").click()
    await expect(answers(page)).to_have_count(1)

    [agent] = (await maria.api("GET", "/my/agents/"))["items"]
    assert agent["tools"] == [{"tool_id": "current_time", "enabled": True, "policy": "allow"}]


async def test_changed_arguments_are_what_is_carried_out(maria: Person) -> None:
    page = await ask_for(maria, "current_time", _MOSCOW, policy="ask")
    await question(page).get_by_role("button", name="Change").click()
    await question(page).get_by_role("textbox", name="timezone").fill("Asia/Tokyo")
    await page.reload()
    await expect(question(page).get_by_role("textbox", name="timezone")).to_have_value("Asia/Tokyo")
    await question(page).get_by_role("button", name="Allow with changes").click()

    await expect(answers(page).last).to_contain_text("Asia/Tokyo")
    await calls(page).get_by_role("button").click()
    await expect(calls(page)).to_contain_text("You changed what was asked for.")


async def test_arguments_that_do_not_fit_are_said_so_at_their_field(maria: Person) -> None:
    page = await ask_for(maria, "current_time", _MOSCOW, policy="ask")
    problem = {
        "type": "/problems/bad-arguments",
        "title": "Unprocessable",
        "status": 422,
        "detail": "These arguments do not fit the tool.",
        "errors": [{"field": "edited.timezone", "message": "There is no such place."}],
    }

    async def refuse(route: Route) -> None:
        await route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(problem))

    await page.route("**/confirm/", refuse, times=1)
    await question(page).get_by_role("button", name="Change").click()
    await question(page).get_by_role("textbox", name="timezone").fill("Nowhere")
    await question(page).get_by_role("button", name="Allow with changes").click()

    field = question(page).get_by_role("textbox", name="timezone")
    await expect(field).to_have_accessible_description(re.compile("There is no such place."))
    await expect(field).to_be_focused()
    await field.fill("Asia/Tokyo")
    await question(page).get_by_role("button", name="Allow with changes").click()
    await expect(answers(page).last).to_contain_text("Asia/Tokyo")


async def test_an_answer_that_does_not_arrive_is_said_so_and_given_again(maria: Person) -> None:
    page = await ask_for(maria, "current_time", policy="ask")
    await expect(question(page)).to_be_visible()

    async def busy(route: Route) -> None:
        await route.fulfill(status=429, headers={"Retry-After": "7"}, body="")

    await page.route("**/confirm/", busy, times=1)
    await question(page).get_by_role("button", name="Allow once").click()
    await expect(question(page).get_by_role("alert")).to_contain_text("Try again in 7 s.")
    await maria.context.set_offline(True)
    await question(page).get_by_role("button", name="Allow once").click()
    await expect(question(page).get_by_role("alert")).to_contain_text("There is no connection. Nothing was decided")
    await maria.context.set_offline(False)
    await question(page).get_by_role("button", name="Allow once").click()

    await expect(answers(page).last).to_contain_text("Tool said")


async def test_a_refusal_tells_the_agent_why(maria: Person) -> None:
    page = await ask_for(maria, "current_time", policy="ask")

    await question(page).get_by_role("button", name="Reject").click()
    await question(page).get_by_role("textbox", name="Why not?").fill("not today")
    await question(page).get_by_role("button", name="Reject the call").click()

    await expect(answers(page).last).to_contain_text("not today")
    await expect(calls(page)).to_contain_text("rejected")
    await calls(page).get_by_role("button").click()
    await expect(calls(page)).to_contain_text("You rejected this call: not today")


async def test_what_the_settings_forbid_is_told_without_a_question(maria: Person) -> None:
    page = await ask_for(maria, "current_time", policy="deny")

    await expect(answers(page).last).to_contain_text("does not allow")
    await expect(calls(page)).to_contain_text("not allowed")
    await expect(question(page)).to_have_count(0)


async def test_several_calls_are_answered_one_by_one_or_together(maria: Person) -> None:
    page = await with_tool(maria, "current_time", "ask")
    await say(page, "Three of them [[tool count=3 name=current_time]]")
    await expect(question(page)).to_have_count(3)
    await expect(page.get_by_text("Coder waits for 3 answers of yours")).to_be_visible()

    await question(page).first.get_by_role("button", name="Reject").click()
    await question(page).first.get_by_role("button", name="Reject the call").click()
    await expect(question(page)).to_have_count(2)
    await expect(answers(page)).to_have_count(0)
    await page.reload()
    await expect(question(page)).to_have_count(2)
    await page.get_by_role("button", name="Allow all once").click()

    await expect(answers(page).last).to_contain_text("Tool said")
    await expect(question(page)).to_have_count(0)
    await expect(calls(page)).to_have_count(3)
    await expect(calls(page).filter(has_text="rejected")).to_have_count(1)


async def test_the_first_answer_wins_in_every_tab(maria: Person) -> None:
    first = await ask_for(maria, "current_time", policy="ask")
    second = await maria.page(first.url)
    for page in (first, second):
        await expect(question(page)).to_be_visible()

    await question(second).get_by_role("button", name="Allow once").click()

    for page in (first, second):
        await expect(question(page)).to_have_count(0)
        await expect(inbox(page)).not_to_contain_text("decision")
        await expect(answers(page).last).to_contain_text("Tool said")


async def test_a_tab_says_who_was_faster(maria: Person) -> None:
    page = await with_tool(maria, "current_time", "ask")
    await say(page, "Two [[tool count=2 name=current_time]]")
    await expect(question(page)).to_have_count(2)
    key = (await maria.api("POST", "/my/api-keys/", {"name": "Laptop script"}))["key"]
    [first, _] = (await maria.api("GET", "/my/approvals/?status=pending"))["items"]

    answer = await maria.context.request.post(
        f"/my/tools/{first['id']}/confirm/", data={}, headers={"Authorization": f"Bearer {key}", "Cookie": ""}
    )

    assert answer.ok, await answer.text()
    await expect(question(page)).to_have_count(1)
    told = page.get_by_role("main").get_by_role("status").filter(has_text="allowed in another window")
    await expect(told).to_contain_text("By a program with the key “Laptop script”.")


async def test_a_stopped_run_asks_no_more(maria: Person) -> None:
    page = await ask_for(maria, "current_time", policy="ask")
    await expect(question(page)).to_be_visible()

    await page.get_by_role("button", name="Stop", exact=True).click()

    await expect(question(page)).to_have_count(0)
    await expect(calls(page)).to_contain_text("stopped")
    await expect(inbox(page)).not_to_contain_text("decision")


async def test_the_inbox_answers_and_remembers_and_the_record_tells(maria: Person) -> None:
    page = await ask_for(maria, "current_time", _MOSCOW, policy="ask")
    await expect(question(page)).to_be_visible()
    await inbox(page).click()
    await expect(question(page)).to_contain_text("Chat: Tools")
    await expect(question(page)).to_contain_text("Europe/Moscow")
    await question(page).get_by_role("button", name="Allow once").click()

    await expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    await page.get_by_role("radio", name="Answered").click()
    entry = page.get_by_role("main").get_by_role("listitem")
    await expect(entry).to_contain_text("Coder: Current time")
    await expect(entry).to_contain_text("allowed")
    await page.get_by_role("button", name="Decisions").click()
    await expect(page.get_by_role("heading", name="Decisions")).to_be_visible()
    await expect(entry).to_contain_text("Allowed")
    await expect(entry).to_contain_text("By you, in Chrome, Linux.")
    await entry.get_by_role("button").click()
    await expect(entry).to_contain_text("Europe/Moscow")
    await page.get_by_role("combobox", name="Tool").select_option("Camera")
    await expect(page.get_by_text("No decision matches.")).to_be_visible()
    await page.get_by_role("combobox", name="Tool").select_option("All")
    await page.get_by_role("combobox", name="Agent").select_option("Coder")
    await entry.get_by_role("button").click()
    await entry.get_by_role("link", name="Open the chat").click()
    await expect(answers(page).last).to_contain_text("Europe/Moscow")


async def test_a_task_of_a_plan_waits_while_the_others_work(maria: Person) -> None:
    await gather_team(maria, plan_approval="never")
    [coder, _] = (await maria.api("GET", "/my/agents/"))["items"]
    tools = {"name": "Coder", "model": coder["model"], "tools": [_CLOCK]}
    await maria.api("PUT", f"/my/agents/{coder['agent_id']}/", tools)
    page = await maria.page(f"/chat/{await maria.chat('Together')}")
    graph = plan(task("t1", do=f"[[tool {_MOSCOW}]]"), task("t2", agent="writer", do="[[answer text=Already_there]]"))
    await page.get_by_role("button", name="Who answers").click()
    await page.get_by_role("menuitemradio", name="Auto").click()
    await say(page, request(graph))

    await expect(question(page)).to_contain_text("In task 1 of the plan")
    await expect(node(page, 1)).to_contain_text("Waiting for you")
    await expect(node(page, 2)).to_contain_text("Done")
    await page.reload()
    await expect(node(page, 1)).to_contain_text("Waiting for you")
    await node(page, 1).click()
    await panel(page).get_by_role("button", name="Allow once").click()

    await expect(node(page, 1)).to_contain_text("Done")
    await expect(panel(page).get_by_role("list", name="Tools used")).to_contain_text("Current time")
    await panel(page).get_by_role("list", name="Tools used").get_by_role("button").click()
    await expect(panel(page).get_by_role("list", name="Tools used")).to_contain_text("weekday")
    await expect(answers(page.get_by_role("main")).last).to_contain_text("Already there")


async def test_a_result_is_there_without_loading_anything_anew(maria: Person) -> None:
    page = await ask_for(maria, "calculator", '{"expression": "2 ** 100"}', policy="allow")

    await expect(answers(page).last).to_contain_text("Tool said")
    await expect(question(page)).to_have_count(0)
    await expect(calls(page)).to_contain_text("Calculator")
    await expect(calls(page)).to_contain_text("2 ** 100")
    await calls(page).get_by_role("button").click()
    await expect(calls(page)).to_contain_text("1267650600228229401496703205376")


async def test_what_a_colleague_asks_stands_where_the_first_agent_waits(maria: Person) -> None:
    page = await with_tool(maria, "ask_agent", "allow")
    await maria.agent("Writer", tools=[_CLOCK])
    # In other letters, so that the first agent does not take it for its own.
    task = r"Say what time it is. \u005b\u005btool {}\u005d\u005d"
    await say(page, wish(f'{{"agent": "writer", "task": "{task}"}}'))

    await expect(question(page)).to_contain_text("Writer asks to use Current time")
    await expect(calls(page)).to_contain_text("Ask a colleague")
    await expect(calls(page)).to_contain_text("waits for a colleague")
    await page.reload()
    await expect(calls(page)).to_contain_text("waits for a colleague")
    await question(page).get_by_role("button", name="Allow once").click()

    await expect(answers(page).last).to_contain_text("weekday")
    await calls(page).get_by_role("button").click()
    await expect(calls(page)).to_contain_text("answer")


async def test_the_editor_says_what_an_agent_may_do(maria: Person) -> None:
    agent = await maria.agent("Coder", tools=[{"tool_id": "current_time", "enabled": True, "policy": "allow"}])
    page = await maria.page(f"/agents/{agent['agent_id']}")
    policy = page.get_by_role("combobox", name="Current time: when the agent calls it")
    await expect(policy).to_have_value("allow")
    await policy.select_option("forbidden")
    await page.get_by_role("switch", name="Camera").click()
    await expect(page.get_by_role("combobox", name="Camera: when the agent calls it")).to_have_value("")
    await page.get_by_role("switch", name="Python").click()
    await page.get_by_role("switch", name="Python").click()
    await page.get_by_text("Advanced", exact=True).click()
    await page.get_by_role("textbox", name="Questions wait, hours").fill("0")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("textbox", name="Questions wait, hours")).to_be_focused()
    await page.get_by_role("textbox", name="Questions wait, hours").fill("24")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_text("Coder was saved.")).to_be_visible()
    [saved] = (await maria.api("GET", "/my/agents/"))["items"]
    assert saved["approval_hours"] == 24
    assert saved["tools"] == [
        {"tool_id": "current_time", "enabled": True, "policy": "deny"},
        {"tool_id": "camera", "enabled": True},
    ]
