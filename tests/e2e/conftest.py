"""A server as a user starts it, a browser, and people who sit before it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e import priced
from tests.e2e.person import PASSWORD, Person, sign_up
from tests.support.chromium import FLAGS, chromium
from tests.support.model_server import ModelServer
from tests.support.serve import Serve

ADMIN = "olga@example.org"
_NUMBERS = count(1)
# What is waited for comes when it comes: the machine may be busy with other tests.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, running_model_server: ModelServer) -> Iterator[str]:
    """The address of one running `artel serve` whose provider `openai` is the scripted model."""
    directory = tmp_path_factory.mktemp("site")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "ARTEL_DATA_DIR": str(directory / "data"),
        "ARTEL_REGISTRATION": "open",
        # Other tests count what the model is asked, and this server is there while they do.
        "ARTEL_READ_CHATS": "false",
        "PORT": "0",
        "OPENAI_BASE_URL": running_model_server.base_url,
        "OPENAI_API_KEY": "test-key",
    }
    process = subprocess.Popen(
        priced.COMMAND,
        env=environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    serve = Serve(process, directory / "serve.log")
    try:
        url = serve.url()
        # The first account of all is an administrator's: no test's by chance.
        httpx.post(f"{url}/auth/register", json={"email": ADMIN, "password": PASSWORD}, timeout=30).raise_for_status()
        yield url
    finally:
        serve.send(signal.SIGTERM)
        serve.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """One Chromium for all tests of this process."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
async def maria(browser: Browser, site: str) -> AsyncIterator[Person]:
    """Somebody with a new account and no agents, in a browser of her own (English, light, 1280 x 800)."""
    context = await browser.new_context(base_url=site, locale="en-US", viewport={"width": 1280, "height": 800})
    person = await sign_up(context, f"maria{next(_NUMBERS)}.{os.getpid()}@example.org")
    yield person
    await context.close()
    assert person.complaints == []


@pytest.fixture
async def olga(browser: Browser, site: str) -> AsyncIterator[Person]:
    """The administrator, in a browser of her own."""
    context = await browser.new_context(base_url=site, locale="en-US", viewport={"width": 1280, "height": 800})
    answer = await context.request.post("/auth/login", data={"email": ADMIN, "password": PASSWORD})
    assert answer.ok, await answer.text()
    person = Person(context, ADMIN)
    yield person
    await context.close()
    assert person.complaints == []
