"""Chats for reading, in Markdown, and the page that says what is what, in the user's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Row = Mapping[str, Any]

_YOU: Final = {"en": "You", "ru": "Вы"}
_ATTACHED: Final = {"en": "Attached", "ru": "Вложения"}
_NOT_WHOLE: Final = {"en": "not finished", "ru": "не закончено"}


def heading(chat: Row) -> str:
    """The beginning of a chat's page."""
    title = " ".join(str(chat["title"]).split()) or f"#{chat['id']}"
    return f"# {title}\n\n{chat['created_at']:%Y-%m-%d %H:%M} UTC\n"


def passage(message: Row, paths: Mapping[str, str], locale: str) -> str:
    """One message. paths: where a file is in the archive, by its id."""
    who = _YOU[locale] if message["role"] == "user" else f"@{str(message['agent_id'] or '').partition('_')[2]}"
    to = message["target_agent"]
    aim = f" → @{to.partition('_')[2]}" if message["role"] == "user" and to else ""
    mark = "" if message["status"] == "complete" else f" ({_NOT_WHOLE[locale]})"
    text = f"\n## {who}{aim} · {message['created_at']:%Y-%m-%d %H:%M}{mark}\n\n{message['content']}\n"
    names = [f"[{each['name']}](<../{paths[each['file_id']]}>)" for each in message["attachments"] or ()]
    return text + (f"\n{_ATTACHED[locale]}: {', '.join(names)}\n" if names else "")


def readme(locale: str, email: str, made_at: str) -> bytes:
    """README.txt."""
    return (_README_RU if locale == "ru" else _README_EN).format(email=email, made_at=made_at).encode()


_README_EN: Final = """\
Your data from Artel
Account: {email}
Made at: {made_at} (UTC)

chats/*.md              your chats, for reading: any text editor opens them
chats/*.json            the same chats for programs, complete
files/                  your files, as they were uploaded or made by tools; files/index.json lists them
memories.jsonl          what is remembered: one JSON object a line
profile.json            what every agent is told about you
agents.json             your agents with their instructions
orchestrator.json       your orchestrator's settings
mcp_servers.json        your MCP servers, without what was entered for them
tool_grants.json        what you allowed for the rest of a chat
account.json            your address, language, sign-ins, names of API keys, providers, budget, retention
work/*.jsonl            runs, plans, tasks, tool calls, approvals, decisions, usage, summaries: one JSON object a line
manifest.json           what is here, how much of it, and the SHA-256 of every part

All rows are as they were at the moment above. Times are UTC, money is US dollars, texts are UTF-8.

There are no passwords, keys or tokens in here. What you entered for providers and MCP servers you have to enter again
elsewhere. A file that you deleted while this was being made is named under "missing" in manifest.json.

Keep this archive safe: it holds everything you said.
"""

_README_RU: Final = """\
Ваши данные из Artel
Учётная запись: {email}
Создано: {made_at} (UTC)

chats/*.md              ваши чаты для чтения: откроются в любом текстовом редакторе
chats/*.json            те же чаты для программ, полностью
files/                  ваши файлы, как вы их загрузили или как их создали инструменты; список в files/index.json
memories.jsonl          память: по одному объекту JSON в строке
profile.json            что о вас говорится каждому агенту
agents.json             ваши агенты и их инструкции
orchestrator.json       настройки оркестратора
mcp_servers.json        ваши серверы MCP, без того, что вы для них ввели
tool_grants.json        что вы разрешили до конца чата
account.json            адрес, язык, входы, названия ключей API, провайдеры, бюджет, сроки хранения
work/*.jsonl            запуски, планы, задачи, вызовы инструментов, подтверждения, решения, расход, сводки:
                        по одному объекту JSON в строке
manifest.json           что здесь есть, сколько, и SHA-256 каждой части

Все записи такие, какими были в указанный момент. Время UTC, деньги в долларах США, тексты в UTF-8.

Паролей, ключей и токенов здесь нет. То, что вы вводили для провайдеров и серверов MCP, в другом месте придётся ввести
заново. Файл, который вы удалили, пока архив создавался, назван в manifest.json в списке "missing".

Храните архив надёжно: в нём всё, что вы говорили.
"""
