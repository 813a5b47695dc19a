"""What of each table leaves in an export, column by column, and why the rest does not.

Only what is named here is ever read. A test compares it with the tables: nobody may add one without deciding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Shown:
    """Columns that leave, the part of the archive they are in, and why the others stay."""

    part: str
    columns: tuple[str, ...]
    withheld: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing of the table leaves."""

    why: str


ACCOUNT: Final = "account.json"
CHATS: Final = "chats/"
FILES: Final = "files/index.json"

_SEALED: Final = "a secret"
_OURS: Final = "how Artel does its work, nothing of the user's"


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


def _withheld(why: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


CONTENTS: Final[Mapping[str, Shown | Withheld]] = {
    "users": Shown(
        ACCOUNT,
        _columns("id email role locale created_at"),
        {"password_hash": _SEALED, **_withheld(_OURS, "shard is_active limits")},
    ),
    "sign_ins": Shown(ACCOUNT, _columns("id user_agent created_at last_seen_at expires_at"), {"token_hash": _SEALED}),
    "api_keys": Shown(ACCOUNT, _columns("id name hint created_at last_used_at"), {"token_hash": _SEALED}),
    "provider_keys": Shown(ACCOUNT, _columns("provider hint base_url updated_at"), {"sealed_key": _SEALED}),
    "budgets": Shown(ACCOUNT, _columns("monthly_usd updated_at")),
    "retention": Shown(
        ACCOUNT,
        _columns("chats_days files_days memories_days decisions_days usage_days updated_at"),
        {"swept_at": _OURS},
    ),
    "user_agents": Shown(
        "agents.json",
        _columns(
            "id agent_id name config is_active concurrency_limit is_orchestrator last_error created_at updated_at"
        ),
    ),
    "user_orchestrators": Shown("orchestrator.json", _columns("config")),
    "profiles": Shown("profile.json", _columns("text learn updated_at")),
    "mcp_servers": Shown(
        "mcp_servers.json",
        _columns(
            "id handle name transport url command auth header_names status error tools protocol checked_at created_at"
        ),
        {"sealed_secrets": _SEALED, "renewing_until": _OURS},
    ),
    "tool_grants": Shown("tool_grants.json", _columns("session_id agent_id tool_id created_at")),
    "chat_sessions": Shown(
        CHATS,
        _columns("id title created_at updated_at memory"),
        _withheld(_OURS, "unlearned unsummarised learned_to"),
    ),
    "messages": Shown(
        CHATS,
        _columns(
            "id session_id run_id role content agent_id target_agent status error usage cost attempt created_at"
            " task_id recalled"
        ),
        {"remembered": _OURS},
    ),
    "message_files": Shown(CHATS, _columns("message_id file_id place")),
    "runs": Shown(
        "work/runs.jsonl",
        _columns(
            "id session_id mode status message_id answer_id agent_id error cost created_at finished_at max_parallel"
            " budget_usd"
        ),
    ),
    "plans": Shown(
        "work/plans.jsonl",
        _columns("id session_id run_id revision status tasks estimate max_parallel approval_id created_at"),
    ),
    "tasks": Shown(
        "work/tasks.jsonl",
        _columns(
            "id session_id run_id task_id kind assigned_agent status dependencies instruction message_id attempt"
            " max_attempts history error created_at started_at finished_at plan_id parent parent_call depth said"
        ),
        _withheld(_OURS, "epoch interruptions worker seat not_before lane"),
    ),
    "tool_calls": Shown(
        "work/tool_calls.jsonl",
        _columns(
            "task call_id tool_id arguments result created_at finished_at message_id agent_id status place"
            " approval_id started_at cost"
        ),
        {"remembered": _OURS},
    ),
    "approval_requests": Shown(
        "work/approvals.jsonl",
        _columns(
            "id session_id run_id type status request result created_at resolved_at plan_id reason task tool_call_id"
            " expires_at"
        ),
    ),
    "usage": Shown(
        "work/usage.jsonl",
        _columns("id run_id agent_id provider model input_tokens output_tokens cost estimated created_at task_id"),
    ),
    "audit_log": Shown(
        "work/decisions.jsonl",
        _columns("id at action actor agent_id tool_id session_id run_id approval_id arguments detail"),
    ),
    "chat_summaries": Shown(
        "work/summaries.jsonl",
        _columns("id session_id level first_message last_message text tokens created_at"),
    ),
    "memories": Shown(
        "memories.jsonl",
        _columns(
            "id kind source_id part session_id file_id run_id agent_id call_type role created_at edited_at"
            " superseded_by superseded_at text"
        ),
        _withheld(_OURS, "revision indexed_revision indexed_space recipe"),
    ),
    "files": Shown(
        FILES,
        _columns("id name media_type size sha256 source text_status characters created_at"),
        {"text": "made of the bytes, which leave as they are", "remembered": _OURS},
    ),
    "identities": Withheld("in the directory, for signing in alone; Settings, Profile shows it"),
    "file_chunks": Withheld("the bytes leave as the files they are, below files/"),
    "password_links": Withheld(_SEALED),
    "run_counts": Withheld("messages an hour, counted where they are limited; the runs themselves leave"),
    "shard_users": Withheld(_OURS),
    "idempotency_keys": Withheld("answers that were given already, sealed, for a day"),
    "mcp_sign_ins": Withheld(_SEALED),
    "memory_deletions": Withheld("ids of what was forgotten, until it has left the index"),
    "memory_state": Withheld(_OURS),
}
"""By table."""


def shown(table: str) -> Shown:
    """A table of which something leaves."""
    found = CONTENTS[table]
    assert isinstance(found, Shown)
    return found


def tables_in(part: str) -> list[str]:
    """The tables of a part, in the order above."""
    return [table for table, known in CONTENTS.items() if isinstance(known, Shown) and known.part == part]
