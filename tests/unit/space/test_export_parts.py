"""What an export is made of: what leaves, what it is called, and the ZIP that never stands anywhere as a whole."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table

from artel.space.erasure import owned_tables
from artel.space.export.archive import Archive
from artel.space.export.contents import CONTENTS, Shown
from artel.space.export.naming import Names, chat_name, safe_name
from artel.space.export.reading import passage, readme
from artel.space.export.rows import as_json
from artel.store.schema import METADATA

NOW = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
SECRETS = ("sealed", "hash", "token", "secret", "password")


def test_every_table_and_column_is_decided() -> None:
    of_accounts = {"users", *(table.name for table in METADATA.tables.values() if _names_an_account(table))}
    tables = {*owned_tables(), *of_accounts}

    assert CONTENTS.keys() == tables, "say in space/export/contents.py what of a new table leaves, and why not"
    for table, known in CONTENTS.items():
        if isinstance(known, Shown):
            columns = {column.name for column in METADATA.tables[table].columns} - {"user_id"}
            decided = {*known.columns, *known.withheld}
            assert decided == columns, f"{table}: decide about {sorted(decided ^ columns)}"
            assert not set(known.columns) & known.withheld.keys()


def _names_an_account(table: Table) -> bool:
    return any(key.column.table.name == "users" for key in table.foreign_keys)


def test_no_column_that_sounds_like_a_secret_leaves() -> None:
    shown = [
        f"{table}.{column}" for table, known in CONTENTS.items() if isinstance(known, Shown) for column in known.columns
    ]

    suspects = [name for name in shown if any(word in name.partition(".")[2] for word in SECRETS)]

    assert suspects == ["usage.input_tokens", "usage.output_tokens", "chat_summaries.tokens"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a<b>c|d?.txt", "a_b_c_d_.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Отчёт.pdf", "Отчёт.pdf"),
        ("...", "file"),
        ("C:evil.txt", "C_evil.txt"),
    ],
)
def test_a_name_leads_nowhere_on_any_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_no_name_escapes(name: str) -> None:
    for made in (safe_name(name), chat_name(name, 7), Names().unique(name)):
        assert not set(made) & set('/\\:\0<>"|?*')
        assert made.strip(" .") == made
        assert made not in ("", ".", "..")


def test_names_are_unique_where_capitals_count_as_small() -> None:
    names = Names("index.json")

    made = [names.unique(name) for name in ("a.txt", "A.TXT", "a.txt", "index.json", "noending", "noending")]

    assert made == ["a.txt", "A (2).TXT", "a (3).txt", "index (2).json", "noending", "noending (2)"]


def test_the_archive_is_whole_and_knows_its_parts() -> None:
    archive, taken = Archive(NOW), io.BytesIO()

    archive.add("Привет.txt", "Пока".encode())
    taken.write(archive.take())
    archive.begin("big.bin", packed=False)
    for _ in range(3):
        archive.write(b"abc")
        taken.write(archive.take())
    archive.end()
    archive.begin("endless.jsonl", endless=True)
    archive.write(b"{}\n")
    archive.end()
    archive.close()
    taken.write(archive.take())

    with zipfile.ZipFile(taken) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["Привет.txt", "big.bin", "endless.jsonl"]
        assert opened.read("Привет.txt").decode() == "Пока"
        assert opened.read("big.bin") == b"abcabcabc"
        assert opened.getinfo("big.bin").compress_type == zipfile.ZIP_STORED
    assert [(entry.path, entry.size) for entry in archive.entries] == [
        ("Привет.txt", 8), ("big.bin", 9), ("endless.jsonl", 3),
    ]  # fmt: skip


def test_much_goes_through_and_little_stays() -> None:
    archive, piece, total = Archive(NOW), b"\0" * 1_000_000, 0
    tracemalloc.start()

    archive.begin("huge.bin", packed=False)
    for _ in range(100):
        archive.write(piece)
        total += len(archive.take())
    archive.end()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert total > 100_000_000
    assert peak < 8_000_000


def test_a_chat_reads_like_one() -> None:
    base = {"created_at": NOW, "status": "complete", "attachments": None, "target_agent": None, "agent_id": None}
    asked = {**base, "role": "user", "content": "Hi", "target_agent": "user7_coder",
             "attachments": [{"file_id": "f", "name": "plan.pdf"}]}  # fmt: skip
    answered = {**base, "role": "assistant", "agent_id": "user7_coder", "content": "Hello", "status": "cancelled"}

    assert passage(asked, {"f": "files/plan.pdf"}, "en") == (
        "\n## You → @coder · 2026-11-26 02:30\n\nHi\n\nAttached: [plan.pdf](<../files/plan.pdf>)\n"
    )
    assert passage(answered, {}, "ru") == "\n## @coder · 2026-11-26 02:30 (не закончено)\n\nHello\n"


def test_the_readme_speaks_the_users_language() -> None:
    assert "Ваши данные" in readme("ru", "ada@example.org", "now").decode()
    assert "ada@example.org" in readme("en", "ada@example.org", "now").decode()


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        as_json({"what": object()})
