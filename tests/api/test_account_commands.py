"""The commands of administrators, beside running servers."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from artel.cli import cli
from artel.store.roles import plain_dsn
from tests.support.api import PASSWORD, Person, Site
from tests.support.stores import SECRET_KEY


@pytest.fixture(autouse=True)
def _environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    [urls] = site.stores.databases
    monkeypatch.setenv("DATABASE_URL", plain_dsn(urls.app))
    monkeypatch.setenv("ARTEL_MIGRATION_URL", plain_dsn(urls.migrator))
    monkeypatch.setenv("REDIS_URL", site.stores.redis_url)
    monkeypatch.setenv("ARTEL_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("ARTEL_PUBLIC_URL", "https://artel.example.org")
    monkeypatch.setattr("artel.cli.common.configure_logging", _as_it_is)


def _as_it_is(log_format: str, log_level: str) -> None:
    """The tests' own logs stay."""


async def _run(*arguments: str) -> tuple[int, str]:
    """What a command says; it has a loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["user", *arguments])
    return result.exit_code, result.output.strip()


async def test_an_invitation_lets_an_administrator_in(site: Site, ann: Person) -> None:
    code, link = await _run("invite", "new@example.org", "--admin", "--days", "2")
    assert (code, link.partition("#")[0]) == (0, "https://artel.example.org/invite")

    visitor = await site.visitor()
    body = {"email": "new@example.org", "password": PASSWORD, "invitation": link.partition("#")[2]}
    assert (await visitor.post("/auth/register", json=body)).status_code == 201
    assert (await visitor.get("/auth/me")).json()["role"] == "admin"
    assert (await ann.http.get("/admin/log/")).json()["items"][1]["actor"] is None


async def test_a_link_sets_a_new_password(site: Site, bob: Person) -> None:
    code, link = await _run("reset-password", bob.email)
    body = {"token": link.partition("/reset#")[2], "password": "another battery"}

    assert code == 0
    assert (await (await site.visitor()).post("/auth/reset-password", json=body)).status_code == 204


async def test_limits_are_set_taken_back_and_shown(ann: Person, bob: Person) -> None:
    code, shown = await _run("limits", bob.email, "runs_day=5", "agents=unlimited", "streams=1")
    assert (code, shown.splitlines()[1]) == (0, "runs_day\t5")
    _, shown = await _run("limits", bob.email, "streams=")

    assert "agents\tunlimited" in shown.splitlines()
    assert "streams\t" in shown.splitlines()
    limits = {row["name"]: row["limit"] for row in (await bob.http.get("/my/limits/")).json()["items"]}
    assert (limits["runs_day"], limits["streams"]) == (5, None)
    for wrong in ("nonesuch=1", "agents=-1", "agents=many", "agents=²"):
        assert (await _run("limits", bob.email, wrong))[0] == 2
