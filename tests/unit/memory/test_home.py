"""A user's directory, whatever a crash has left in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from artel.memory.edge.home import Home, size_on_disk
from artel.memory.edge.options import EdgeOptions
from artel.memory.edge.renew import copy_directory


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path, 7)
    made.path.mkdir()
    return made


def fill(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "file").write_text(text)


def held(folder: Path) -> str | None:
    return (folder / "file").read_text() if folder.exists() else None


def test_the_path_is_a_number_whatever_is_given(tmp_path: Path) -> None:
    assert Home(tmp_path, 7).path == tmp_path / "7"
    with pytest.raises(ValueError, match="invalid literal"):
        Home(tmp_path, "../8")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_one_process_at_a_time(home: Home) -> None:
    first = home.lock()

    assert first is not None
    assert home.lock() is None


def test_a_crash_before_the_exchange(home: Home) -> None:
    fill(home.shard, "now")
    fill(home.copy, "half a copy")
    fill(home.new, "half a shard")

    home.recover()

    assert (held(home.shard), held(home.copy), held(home.new)) == ("now", None, None)


def test_a_crash_between_the_renames(home: Home) -> None:
    fill(home.old, "now")
    fill(home.copy, "a copy")

    home.recover()

    assert (held(home.shard), held(home.copy), held(home.old)) == ("now", None, None)


def test_a_crash_after_the_exchange(home: Home) -> None:
    fill(home.shard, "renewed")
    fill(home.old, "before, with what was to be forgotten")

    home.recover()

    assert (held(home.shard), held(home.old)) == ("renewed", None)


def test_the_copy_takes_the_shards_place(home: Home) -> None:
    fill(home.shard, "before")
    fill(home.copy, "renewed")
    fill(home.old, "left by an earlier one")

    home.exchange()

    assert (held(home.shard), held(home.copy), held(home.old)) == ("renewed", None, None)


def test_what_cannot_be_read_is_put_away_once(home: Home) -> None:
    fill(home.shard, "broken")
    fill(home.lost, "broken before")
    assert not home.is_lost

    home.set_aside()

    assert home.is_lost
    assert held(home.lost) == "broken"
    home.set_aside()
    assert not home.lost.exists(), "there was nothing to put away"


def test_three_crashes_within_ten_minutes_are_too_many(home: Home) -> None:
    assert [home.note_crash(now) for now in (0, 100, 700.1, 710)] == [False, False, False, False]
    assert home.note_crash(720)
    home.set_aside()
    assert not home.note_crash(721)


def test_a_damaged_list_of_crashes_counts_as_none(home: Home) -> None:
    (home.path / "crashes").write_text("yesterday")

    assert not home.note_crash(1.0)
    assert not home.note_crash(2.0)
    assert home.note_crash(3.0)


def test_what_is_remembered_beside_the_points(home: Home) -> None:
    assert home.read_about() == {}
    home.write_about({"changes": 3})
    assert home.read_about() == {"changes": 3}
    (home.path / "about.json").write_text("{")
    assert home.read_about() == {}


def test_holes_stay_holes_in_a_copy(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    sparse = source / "deep" / "sparse"
    with sparse.open("wb") as file:
        file.truncate(64 * 2**20)
        file.seek(8 * 2**20)
        file.write(b"island" * 1000)
    (source / "empty").touch()
    (source / "plain").write_bytes(b"text")

    copy_directory(source, tmp_path / "target")

    assert (tmp_path / "target" / "deep" / "sparse").read_bytes() == sparse.read_bytes()
    assert (tmp_path / "target" / "plain").read_bytes() == b"text"
    assert (tmp_path / "target" / "empty").stat().st_size == 0
    assert size_on_disk(tmp_path / "target") < 2**20


def test_without_knowledge_of_holes_everything_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.SEEK_DATA")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "plain").write_bytes(b"text")

    copy_directory(tmp_path / "source", tmp_path / "target")

    assert (tmp_path / "target" / "plain").read_bytes() == b"text"


def test_options_travel_on_a_command_line() -> None:
    options = EdgeOptions(max_open=3, flush_seconds=0.5)

    assert EdgeOptions.from_json(options.to_json()) == options
