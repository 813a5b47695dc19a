"""One export: all rows of one moment, packed into a file without a name; then the files, while they are sent."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import IO, Any, Final

import asyncpg

from artel.accounts.users import Account
from artel.files.library import Files
from artel.files.store import NoSuchFile
from artel.kit.errors import Unavailable
from artel.space.export import reading
from artel.space.export.archive import Archive
from artel.space.export.contents import ACCOUNT, CONTENTS, FILES, Shown, shown, tables_in
from artel.space.export.naming import Names, chat_name
from artel.space.export.rows import Grouped, as_json, as_lines, batches, table_rows
from artel.store.shards import Shards
from artel.store.tx import UserTx

FORMAT: Final = 1
SNAPSHOT_SECONDS: Final = 120.0
_PIECE: Final = 1_000_000
_LINES: Final = ".jsonl"
_LISTS: Final = ("agents.json", "orchestrator.json", "profile.json", "mcp_servers.json", "tool_grants.json")


class ExportTooSlow(Unavailable):
    """Your data could not be read in time, because the server is very busy. Try again later."""

    slug = "export-too-slow"
    pause = 60


@dataclass(frozen=True, slots=True)
class _File:
    id: Any
    path: str
    size: int
    sha256: str


@dataclass(slots=True)
class Export:
    """What is being made. counts: rows by table. missing: files that could not be sent, by path, with the reason."""

    archive: Archive
    spool: IO[bytes]
    made_at: datetime
    files: list[_File] = field(default_factory=list[_File])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    missing: dict[str, str] = field(default_factory=dict[str, str])

    async def run(self, work: Callable[[], object]) -> None:
        """Packs beside the event loop; what comes of it goes into the file."""
        await asyncio.to_thread(lambda: (work(), self.spool.write(self.archive.take())))

    def count(self, table: str, rows: int) -> None:
        """So many more."""
        self.counts[table] = self.counts.get(table, 0) + rows

    def close(self) -> None:
        """The file goes. Harmless when repeated."""
        self.spool.close()


class Exporter:
    """Of one user."""

    def __init__(self, user_id: int, shards: Shards, files: Files, seconds: float = SNAPSHOT_SECONDS) -> None:
        """seconds: that reading all rows may take."""
        self._user_id = user_id
        self._shards = shards
        self._files = files
        self._seconds = seconds

    async def prepare(self, account: Account, now: datetime) -> Export:
        """Reads all rows, as they stand at one moment.

        Raises:
            ExportTooSlow, StoreUnavailable: there is nothing to send.
        """
        export = Export(Archive(now), tempfile.TemporaryFile(), now)  # noqa: SIM115  # closed by who sends it
        try:
            async with asyncio.timeout(self._seconds), self._shards.snapshot_tx(self._user_id) as tx:
                await _write_rows(tx, export, account)
        except TimeoutError as error:
            export.close()
            raise ExportTooSlow from error
        except BaseException:
            export.close()
            raise
        return export

    async def stream(self, export: Export, version: str) -> AsyncGenerator[bytes]:
        """The archive, piece by piece. version: of Artel."""
        export.spool.seek(0)
        while piece := await asyncio.to_thread(export.spool.read, _PIECE):
            yield piece
        for file in export.files:
            async for piece in self._file(export, file):
                yield piece
        manifest = _manifest(export, self._user_id, version)
        export.archive.add("manifest.json", as_json(manifest, pretty=True))
        export.archive.close()
        yield export.archive.take()

    async def _file(self, export: Export, file: _File) -> AsyncGenerator[bytes]:
        archive, pieces = export.archive, self._files.content(file.id, 0, file.size)
        try:
            first = await anext(pieces, b"")
        except NoSuchFile:
            export.missing[file.path] = "deleted"
            return
        archive.begin(file.path, packed=False)
        await asyncio.to_thread(archive.write, first)
        yield archive.take()
        try:
            async for piece in pieces:
                await asyncio.to_thread(archive.write, piece)
                yield archive.take()
        except NoSuchFile:
            export.missing[file.path] = "deleted while it was sent: only its beginning is here"
        entry = archive.end()
        if entry.sha256 != file.sha256 and file.path not in export.missing:
            export.missing[file.path] = "damaged: its bytes are not those that were stored"
        yield archive.take()


async def _write_rows(tx: UserTx, export: Export, account: Account) -> None:
    archive = export.archive
    made_at = f"{export.made_at:%Y-%m-%d %H:%M:%S}"
    await export.run(lambda: archive.add("README.txt", reading.readme(account.locale, account.email, made_at)))
    await _write_account(tx, export, account)
    for part in _LISTS:
        await _write_list(tx, export, part)
    await _write_files(tx, export)
    await _write_chats(tx, export, account.locale)
    for part in dict.fromkeys(known.part for known in CONTENTS.values() if isinstance(known, Shown)):
        if part.endswith(_LINES):
            await _write_lines(tx, export, part)


async def _write_account(tx: UserTx, export: Export, account: Account) -> None:
    """One object, with a list for each of its tables."""
    known = asdict(account)
    parts: dict[str, object] = {"account": {column: known[column] for column in shown("users").columns}}
    for table in tables_in(ACCOUNT):
        if table != "users":
            parts[table] = await _all(tx, export, table)
    await export.run(lambda: export.archive.add(ACCOUNT, as_json(parts, pretty=True)))


async def _write_list(tx: UserTx, export: Export, part: str) -> None:
    [table] = tables_in(part)
    rows = await _all(tx, export, table)
    await export.run(lambda: export.archive.add(part, as_json(rows, pretty=True)))


async def _write_lines(tx: UserTx, export: Export, part: str) -> None:
    [table] = tables_in(part)
    await export.run(lambda: export.archive.begin(part, endless=True))
    async for rows in table_rows(tx, table):
        export.count(table, len(rows))
        await export.run(lambda rows=rows: export.archive.write(as_lines(rows)))
    await export.run(export.archive.end)


async def _write_files(tx: UserTx, export: Export) -> None:
    names, listed = Names("index.json"), list[dict[str, Any]]()
    async for rows in table_rows(tx, "files"):
        export.count("files", len(rows))
        for row in rows:
            path = f"files/{names.unique(row['name'])}"
            export.files.append(_File(row["id"], path, row["size"], row["sha256"].hex()))
            listed.append({**dict(row), "path": path})
    await export.run(lambda: export.archive.add(FILES, as_json(listed, pretty=True)))


async def _write_chats(tx: UserTx, export: Export, locale: str) -> None:
    """Each chat twice: the parts of a ZIP follow each other, so messages are read once for either."""
    paths = {str(file.id): file.path for file in export.files}
    said = Grouped(batches(tx, "all_messages", _messages(""), tx.user_id), "session_id")
    async for chats in table_rows(tx, "chat_sessions"):
        for chat in chats:
            await _write_chat_json(export, chat, said)
    said = Grouped(batches(tx, "conversations", _messages("and task_id is null"), tx.user_id), "session_id")
    async for chats in table_rows(tx, "chat_sessions"):
        for chat in chats:
            await _write_chat_page(export, chat, said, paths, locale)


async def _write_chat_json(export: Export, chat: asyncpg.Record, said: Grouped) -> None:
    archive, comma = export.archive, b"\n"
    export.count("chat_sessions", 1)
    head = b'{"chat": ' + as_json(dict(chat)) + b', "messages": ['
    await export.run(lambda: (archive.begin(f"chats/{_name(chat)}.json"), archive.write(head)))
    async for rows in said.of(chat["id"]):
        export.count("messages", len(rows))
        export.count("message_files", sum(len(row["attachments"] or ()) for row in rows))
        lines = comma + b",\n".join(as_json(dict(row)) for row in rows)
        await export.run(lambda lines=lines: archive.write(lines))
        comma = b",\n"
    await export.run(lambda: (archive.write(b"\n]}\n"), archive.end()))


async def _write_chat_page(
    export: Export, chat: asyncpg.Record, said: Grouped, paths: Mapping[str, str], locale: str
) -> None:
    archive = export.archive
    beginning = reading.heading(dict(chat)).encode()
    await export.run(lambda: (archive.begin(f"chats/{_name(chat)}.md"), archive.write(beginning)))
    async for rows in said.of(chat["id"]):
        text = "".join(reading.passage(dict(row), paths, locale) for row in rows).encode()
        await export.run(lambda text=text: archive.write(text))
    await export.run(archive.end)


async def _all(tx: UserTx, export: Export, table: str) -> Sequence[Mapping[str, Any]]:
    """All rows of a table that is never long."""
    rows = [dict(row) async for batch in table_rows(tx, table) for row in batch]
    export.count(table, len(rows))
    return rows


def _name(chat: asyncpg.Record) -> str:
    return chat_name(chat["title"], chat["id"])


def _messages(which: str) -> str:
    columns = ", ".join(shown("messages").columns)
    return (
        f"select {columns}, {_ATTACHED} as attachments from messages where user_id = $1 {which} order by session_id, id"
    )


_ATTACHED: Final = """(
    select jsonb_agg(jsonb_build_object('file_id', file_id, 'name', files.name) order by place)
    from message_files join files on files.user_id = message_files.user_id and files.id = file_id
    where message_files.user_id = messages.user_id and message_id = messages.id
)"""


def _manifest(export: Export, user_id: int, version: str) -> Mapping[str, object]:
    return {
        "format": FORMAT,
        "artel": version,
        "user_id": user_id,
        "made_at": export.made_at,
        "rows": export.counts,
        "parts": [asdict(entry) for entry in export.archive.entries],
        "missing": export.missing,
    }
