"""Whom a message is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from artel.agents.handles import agent_id_of, called_agent, mentioned, owner_of
from artel.bus.model import NoSuchAgent
from artel.kit.errors import FieldProblem, Invalid


class AnothersAgent(NoSuchAgent):
    """You have no agent of that name."""


class EmptyMessage(Invalid):
    """There is nothing to answer. Write something after the agent's handle."""

    slug = "empty-message"


class UnknownMention(Invalid):
    """The message starts with a handle that none of your agents has."""

    slug = "unknown-mention"


@dataclass(frozen=True, slots=True)
class Addressee:
    """The agent that a message names; `by_mention` when its text does so."""

    agent_id: str
    by_mention: bool


def addressee(user_id: int, content: str, target_agent: str | None, *, may_be_bare: bool = False) -> Addressee | None:
    """The agent that is named by `target_agent` or, without one, by an @handle at the beginning; None: nobody is.

    may_be_bare: something else than words follows the handle.

    Raises:
        EmptyMessage: nothing follows the handle.
        NoSuchAgent: the name cannot be one of this user's agents (`AnothersAgent` when it names another's).
    """
    if target_agent is not None:
        agent_id = called_agent(user_id, target_agent)
        if agent_id is None:
            raise AnothersAgent if owner_of(target_agent.strip().removeprefix("@").lower()) else NoSuchAgent
        return Addressee(agent_id, by_mention=False)
    handle = mentioned(content)
    if handle is None:
        return None
    if not may_be_bare and content.strip() == f"@{content[1 : 1 + len(handle)]}":
        raise EmptyMessage(fields=[FieldProblem("content", "Only a handle is in it.", "only_a_handle")])
    if owner_of(handle) not in (None, user_id):
        raise AnothersAgent
    # Never None now: what a mention may look like, a handle may too.
    return Addressee(called_agent(user_id, handle) or agent_id_of(user_id, handle), by_mention=True)


def not_found(handles: Iterable[str], *, by_mention: bool) -> NoSuchAgent | UnknownMention:
    """The error for a name that nobody on the team has; it says who is on it."""
    team = ", ".join(f"@{handle}" for handle in handles) or "none yet"
    if by_mention:
        detail = f"The message starts with a handle that none of your agents has. Your agents: {team}."
        fields = [FieldProblem("content", "Unknown @handle at the beginning.", "unknown_handle")]
        return UnknownMention(detail, figures={"team": team}, fields=fields)
    return NoSuchAgent(f"You have no agent of that name. Your agents: {team}.", figures={"team": team})
