"""An answer that a request waits for."""

from __future__ import annotations

from uuid import UUID

from artel.events.types import Event, MessageCompleted, RunCancelled, RunFailed


class AwaitedAnswer:
    """Knows the end of one answer when it sees it.

    The answer's id is set inside the transaction that stores the question, so before anybody can begin to answer it.
    """

    def __init__(self) -> None:
        self.answer_id: UUID | None = None
        self.run_id: UUID | None = None
        """Of an orchestrated run, which may end before its answer begins."""

    def is_over(self, event: Event) -> bool:
        """Whether the event is the end of the answer."""
        if isinstance(event, MessageCompleted):
            return event.message_id == self.answer_id
        return isinstance(event, RunFailed | RunCancelled) and event.run_id == self.run_id
