"""What the isolation suite must be told about each operation, parameter, field and column. What is missing here fails
the build (`tests/isolation/test_coverage.py`), with a message that names it; `docs/isolation.md` says how to add it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from artel.kit.ids import IdMaker
from artel.space.retention import KINDS
from artel.store.limits import NAMES
from tests.support.isolation_http import Caller, Form
from tests.support.isolation_mcp import new_server, server_of
from tests.support.isolation_people import PASSWORD
from tests.support.isolation_plans import HELPER, MINE, new_approval, new_failed_run
from tests.support.isolation_victim import Victim
from tests.support.plans import PLANNER, plan, task

_IDS: Final = IdMaker()

# ---- ids in paths


@dataclass(frozen=True)
class PathId:
    """A path parameter that names something of one user's. The victim's ids stand in `Victim.named` under its name."""

    make: Callable[[Caller], Awaitable[str]]
    """Makes one of the caller's own that every operation with the parameter succeeds on."""
    missing: Callable[[Victim], str]
    """An id that nobody has, and that looks like one of the victim's."""
    missing_is_counted: bool = False
    """Even so it names the victim, so that asking for it counts as an attempt."""
    is_counted: bool = True
    """Asking for one of the victim's counts as an attempt; not where it is a name that anybody may give."""


@dataclass(frozen=True)
class SharedName:
    """A path parameter that names something everybody has; what a user keeps under it is that user's."""

    name: str
    """One under which the victim keeps something."""
    of_caller: Callable[[Caller], Awaitable[str]]
    """Another, under which the caller keeps something now."""


async def _new_agent(caller: Caller) -> str:
    made = await caller.ok("POST", "/my/agents/", _agent(caller))
    return made["agent_id"]


async def _new_session(caller: Caller) -> str:
    return str((await caller.ok("POST", "/my/chat/sessions/", {"title": "Mine"}))["id"])


async def _own_task(_caller: Caller) -> str:
    return MINE


async def _new_api_key(caller: Caller) -> str:
    return (await caller.ok("POST", "/my/api-keys/", {"name": "Mine"}))["id"]


async def _new_file(caller: Caller) -> str:
    return (await caller.ok("POST", "/my/files/", Form("mine.txt", b"Mine")))["id"]


async def _new_memory(caller: Caller) -> str:
    return (await caller.ok("POST", "/my/memory/", {"text": "Mine"}))["id"]


async def _own_sign_in(caller: Caller) -> str:
    return (await caller.ok("GET", "/auth/sessions/"))["items"][0]["id"]


async def _own_provider(caller: Caller) -> str:
    await caller.ok("PUT", "/my/providers/openai/", _provider(caller))
    return "openai"


async def _own_account(caller: Caller) -> str:
    return str(caller.user_id)


async def _new_invitation(caller: Caller) -> str:
    return (await caller.ok("POST", "/admin/invitations/", {}))["id"]


def _no_uuid(_victim: Victim) -> str:
    return str(_IDS.uuid())


PATH_IDS: Final[Mapping[str, PathId | SharedName]] = {
    "agent_id": PathId(_new_agent, lambda victim: f"user{victim.id}_nonesuch", missing_is_counted=True),
    "session_id": PathId(_new_session, lambda _victim: str(_IDS.number())),
    "run_id": PathId(new_failed_run, _no_uuid),
    # The names of the victim's tasks are nobody else's, so that they are on no run of the caller's.
    "task_id": PathId(_own_task, lambda _victim: "nonesuch", is_counted=False),
    "approval_id": PathId(new_approval, _no_uuid),
    "file_id": PathId(_new_file, _no_uuid),
    "server_id": PathId(new_server, _no_uuid),
    "memory_id": PathId(_new_memory, _no_uuid),
    "key_id": PathId(_new_api_key, _no_uuid),
    "sign_in_id": PathId(_own_sign_in, _no_uuid),
    # Administrators' (`test_admin.py`): nobody else comes so far that an id would mean anything.
    "account_id": PathId(_own_account, lambda _victim: str(10**15), is_counted=False),
    "invitation_id": PathId(_new_invitation, _no_uuid, is_counted=False),
    "provider": SharedName("anthropic", _own_provider),
}

# ---- bodies


def _agent(_caller: Caller) -> dict[str, Any]:
    return {
        "name": f"Agent {uuid4().hex}",
        "model": {"provider": "openai", "name": "scripted"},
        "tools": [{"tool_id": "current_time"}],
    }


def _provider(caller: Caller) -> dict[str, Any]:
    return {"api_key": f"sk-of-{caller.user_id}", "base_url": caller.wire.model_url}


def _credentials(caller: Caller) -> dict[str, Any]:
    return {"email": caller.email, "password": PASSWORD}


BODIES: Final[Mapping[str, Callable[[Caller], Any]]] = {
    "POST /auth/register": lambda _: {"email": f"{uuid4().hex}@example.org", "password": PASSWORD},
    "POST /auth/login": _credentials,
    "PATCH /auth/me": lambda _: {"locale": "ru"},
    "POST /auth/password": lambda _: {"current_password": PASSWORD, "new_password": PASSWORD},
    "POST /auth/oidc/link/": lambda _: {"current_password": PASSWORD},
    "POST /my/api-keys/": lambda _: {"name": "Mine"},
    "POST /my/agents/": _agent,
    "PUT /my/agents/{agent_id}/": _agent,
    # The model stays: what else is asked of the orchestrator needs one that plans.
    "PUT /my/orchestrators/": lambda _: {"instructions": "Mine", "model": PLANNER},
    "POST /my/orchestrators/test/": lambda _: {"content": "Hello"},
    "POST /my/tools/{approval_id}/confirm/": lambda _: {"edited": plan(task("one", agent=HELPER))},
    "POST /my/tools/{approval_id}/reject/": lambda _: {"reason": "Mine"},
    "POST /my/mcp-servers/": server_of,
    "POST /my/mcp-servers/{server_id}/sign-in/": lambda _: {},
    "POST /my/chat/sessions/": lambda _: {"title": "Mine"},
    "PATCH /my/chat/{session_id}/": lambda _: {"title": "Mine"},
    "POST /my/chat/{session_id}/message/": lambda _: {"content": "Hello"},
    "POST /my/files/": lambda _: Form("mine.txt", b"Mine"),
    "POST /my/memory/": lambda _: {"text": "Mine"},
    "PATCH /my/memory/{memory_id}/": lambda _: {"text": "Mine, and better"},
    "PUT /my/memory/profile/": lambda _: {"text": "Mine"},
    "PUT /my/providers/{provider}/": _provider,
    "POST /my/providers/{provider}/test/": lambda _: {"model": "scripted"},
    "POST /auth/invitation/": lambda _: {"invitation": "nonesuch"},
    "POST /auth/reset-password": lambda _: {"token": "nonesuch", "password": PASSWORD},
    "PATCH /admin/users/{account_id}/": lambda _: {"limits": {"agents": 1000}},
    "POST /admin/invitations/": lambda _: {"role": "user"},
    "PUT /admin/settings/": lambda _: {},
    "PUT /my/budget/": lambda _: {"monthly_usd": 1000},
    "PUT /my/retention/": lambda _: {"chats_days": 300},
    "DELETE /my/": lambda caller: {"confirm": caller.email},
}
"""A body with which the operation succeeds, by the operation's name."""

LEAVES: Final = "DELETE /my/"
"""Whoever does this is nobody afterwards: each time by somebody new."""

# ---- fields of bodies, queries and headers


@dataclass(frozen=True)
class Naming:
    """A field in which a client can name something of another user's."""

    values: Callable[[Victim], Sequence[Any]]
    """The victim's, as a client of the victim's would send them."""
    statuses: Collection[int]
    """What a foreign value is answered with. 2xx: the value means nothing (or something of the caller's own)."""
    missing: Callable[[Victim], Any] | None = None
    """A value that names nothing; the answer must be the same. None: there is no such comparison."""
    counted: bool = False
    """An attempt is recognisable, and counts."""
    operations: Collection[str] = ()
    """Only in these; empty: wherever the field is."""


_MESSAGE: Final = "POST /my/chat/{session_id}/message/"
_EVENT_ID: Final = Naming(lambda victim: list(victim.said["event"].values()), {200})

NAMING: Final[Mapping[str, Sequence[Naming]]] = {
    "body.target_agent": (
        Naming(
            lambda victim: [*victim.named["agent_id"].values(), f"@{victim.named['agent_id']['an agent']}"],
            {404},
            missing=lambda victim: f"user{victim.id}_nonesuch",
            counted=True,
        ),
        Naming(lambda victim: list(victim.said["handle"].values()), {404}, missing=lambda _: "nonesuch"),
    ),
    "body.content": (
        Naming(
            lambda victim: [f"@{agent_id} hello" for agent_id in victim.named["agent_id"].values()],
            {404},
            missing=lambda victim: f"@user{victim.id}_nonesuch hello",
            counted=True,
            operations={_MESSAGE},
        ),
        Naming(
            lambda victim: [f"@{handle} hello" for handle in victim.said["handle"].values()],
            {422},
            missing=lambda _: "@nonesuch hello",
            operations={_MESSAGE},
        ),
        # A plan is made of it by one's own orchestrator, who knows nobody of that name (`test_plans.py`).
        Naming(
            lambda victim: [
                f"@{name} hello" for name in (*victim.named["agent_id"].values(), *victim.said["handle"].values())
            ],
            {200},
            missing=lambda _: "@nonesuch hello",
            operations={"POST /my/orchestrators/test/"},
        ),
    ),
    "body.edited.tasks.agent": (
        Naming(
            lambda victim: [*victim.named["agent_id"].values(), *victim.said["handle"].values()],
            {422},
            missing=lambda _: "nonesuch",
        ),
    ),
    "body.edited.tasks.depends_on": (
        Naming(
            lambda victim: [[name] for name in victim.named["task_id"].values()],
            {422},
            missing=lambda _: ["nonesuch"],
        ),
    ),
    # A task of one's own that is called like one of the victim's.
    "body.edited.tasks.id": (Naming(lambda victim: list(victim.named["task_id"].values()), {200}),),
    "query.agent_id": (
        Naming(lambda victim: list(victim.named["agent_id"].values()), {200}, missing=lambda _: "nonesuch"),
    ),
    "body.attachments": (
        Naming(
            lambda victim: [[file] for file in victim.named["file_id"].values()],
            {422},
            missing=lambda _: [str(_IDS.uuid())],
        ),
    ),
    "body.handle": (
        Naming(lambda victim: list(victim.said["handle"].values()), {201}, operations={"POST /my/agents/"}),
        Naming(
            lambda victim: list(victim.said["handle"].values()),
            {422},
            missing=lambda _: "nonesuch",
            operations={"PUT /my/agents/{agent_id}/"},
        ),
        Naming(
            lambda victim: list(victim.named["agent_id"].values()), {422}, missing=lambda victim: f"user{victim.id}_x"
        ),
    ),
    "body.email": (
        Naming(
            lambda victim: [victim.caller.email],
            {401},
            missing=lambda _: "nobody@example.org",
            operations={"POST /auth/login"},
        ),
        # That an address has an account cannot be kept from who registers with it.
        Naming(lambda victim: [victim.caller.email], {409}, operations={"POST /auth/register"}),
    ),
    "body.tools.tool_id": (
        Naming(lambda victim: list(victim.said["tool_id"].values()), {422}, missing=lambda _: "nonesuch__tool"),
    ),
    "query.session_id": (
        Naming(lambda victim: list(victim.named["session_id"].values()), {404}, missing=lambda _: str(_IDS.number())),
    ),
    "body.session_id": (
        Naming(
            lambda victim: [int(chat) for chat in victim.named["session_id"].values()],
            {404},
            missing=lambda _: _IDS.number(),
        ),
    ),
    "query.state": (Naming(lambda victim: list(victim.said["state"].values()), {303}, missing=lambda _: "nonesuch"),),
    "query.cursor": (Naming(lambda victim: list(victim.said["cursor"].values()), {200, 422}),),
    "query.last_event_id": (_EVENT_ID,),
    "header.last-event-id": (_EVENT_ID,),
    "header.idempotency-key": (Naming(lambda victim: list(victim.said["idempotency_key"].values()), {201, 202}),),
}

PLAIN: Final = frozenset(
    {
        *("body.name", "body.title", "body.system_prompt", "body.instructions"),
        *("body.is_active", "body.locale", "body.tools.enabled", "body.tools.policy"),
        *("body.concurrency_limit", "body.approval_hours", "body.max_parallel", "body.max_tasks"),
        *("body.memory", "body.memory.recall", "body.memory.save", "body.text", "body.learn"),
        *("query.q", "query.kind", "query.call_type", "query.superseded"),
        *("body.plan_approval", "body.cost_threshold_usd", "body.budget_usd", "body.monthly_usd"),
        *("body.password", "body.current_password", "body.new_password", "body.api_key"),
        # `edited` itself: a tool's arguments, which the tool looks up in the caller's own space.
        *("body.edited", "body.edited.tasks.instruction", "body.reason", "body.remember", "query.tool_id"),
        # A file is bytes and a name of the sender's; what a browser has of one is told by its content's hash.
        *("body.file", "query.download", "header.range", "header.if-range", "header.if-none-match"),
        # One's own servers and what is sent to them; what a sign-in server sends back beside the state.
        *("body.transport", "body.url", "body.headers", "body.command", "body.env"),
        *("body.client_id", "body.client_secret", "query.code", "query.iss", "query.error"),
        # Where one wants to go after signing in through a provider: an address of the page.
        "query.next",
        *("query.limit", "query.wait", "query.status", "query.since", "query.until", "query.by"),
        # Names of things that are the same for all: providers, models, built-in tools, addresses of model servers.
        *(f"body.{model}.{part}" for model in ("model", "fallback_model") for part in ("provider", "name")),
        *(f"body.{model}.{part}" for model in ("model", "fallback_model") for part in ("temperature", "max_tokens")),
        *("body.model", "body.base_url"),
        # Ages of one's own things, and the address of one's own account.
        *(f"{place}.{kind}_days" for place in ("body", "query") for kind in KINDS),
        "body.confirm",
        # What administrators choose, for everybody and for an account; the account itself stands in the path.
        *(f"body.limits.{name}" for name in NAMES),
        *("body.role", "body.days", "body.registration"),
        # Tokens of full entropy, which belong to nobody until they are used (`test_admin.py`).
        *("body.invitation", "body.token"),
    }
)
"""Fields that name nothing of a user's."""

# ---- what is the same for everyone

OPEN: Final[Mapping[str, str]] = {
    "GET /auth/options/": "whether one may register",
    "POST /auth/register": "who registers is nobody yet",
    "POST /auth/invitation/": "who is invited is nobody yet",
    "POST /auth/reset-password": "who forgot the password cannot sign in",
    "POST /auth/login": "who signs in is nobody yet",
    "POST /auth/logout": "harmless for nobody",
    "GET /auth/oidc/start/": "who signs in through a provider is nobody yet",
    "GET /auth/oidc/callback/": "who comes back from it is proved by it, and by a cookie of the browser that went",
    "GET /healthz": "for whoever runs the server",
    "GET /readyz": "for whoever runs the server",
    "GET /metrics": "for whoever runs the server, who may set a token",
}
"""Operations for which nobody needs to sign in, and why."""

NEEDS_A_LINK: Final = frozenset({"POST /auth/invitation/", "POST /auth/reset-password"})
"""They succeed only with what an administrator made: `test_admin.py`."""

HIDDEN: Final = frozenset({"/my/openapi.json", "/my/docs", "/my/docs/start.js", "/my/docs/{asset}"})
"""Routes that the OpenAPI document does not show: the same bytes for everyone."""

# ---- tables

WITHOUT_USER: Final[Mapping[str, str]] = {
    "users": "the directory; row-level security by its id",
    "identities": "of the directory: whose account a person of a provider's opens; row-level security by its account",
    "shard_info": "the database's own name",
    "server_settings": "what an administrator chose for everybody",
    "invitations": "hashes of links, and whom they are for",
    "password_links": "hashes of links",
    "admin_log": "what administrators did, with ids of accounts",
    "workers": "processes and their leases",
    "erasures": "ids of users who are gone, until no store has anything of theirs",
    "shards": "names of databases",
    "moves": "users on the way between shards, of which only a system transaction sees any",
    "alembic_version": "the schema's revision",
    "schema_versions": "which migrations ran, and when they may",
}
"""Tables without a user_id, and what they hold."""

WITHOUT_TEXT: Final = frozenset(
    {
        "shard_users.state",
        *("user_agents.agent_id",),
        *("api_keys.hint", "provider_keys.hint", "provider_keys.provider"),
        *("messages.role", "messages.agent_id", "messages.target_agent", "messages.status", "messages.usage"),
        *("messages.task_id", "plans.status", "plans.estimate"),
        *("runs.mode", "runs.status", "runs.agent_id"),
        *("tasks.task_id", "tasks.kind", "tasks.assigned_agent", "tasks.status", "tasks.worker", "tasks.dependencies"),
        *("usage.agent_id", "usage.provider", "usage.task_id"),
        *("approval_requests.type", "approval_requests.status"),
        *("approval_requests.tool_call_id", "tasks.parent_call"),
        *("tool_calls.call_id", "tool_calls.tool_id", "tool_calls.agent_id", "tool_calls.status"),
        *("files.media_type", "files.source", "files.text_status"),
        *("mcp_servers.transport", "mcp_servers.auth", "mcp_servers.status", "mcp_servers.protocol"),
        *("messages.recalled", "memories.kind", "memories.source_id", "memories.agent_id", "memories.call_type"),
        *("memories.role", "memories.indexed_space"),
        *("memory_state.space", "memory_state.next_space", "memory_state.worker", "memory_state.reader"),
        *("tool_grants.agent_id", "tool_grants.tool_id", "audit_log.action", "audit_log.agent_id", "audit_log.tool_id"),
    }
)
"""Columns of text or JSON that hold no words of a user's; in every other one the victim has a canary."""
