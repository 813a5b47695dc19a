"""What an administrator chose for everybody: who may register, and the limits of whoever has none of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.accounts.admin_log import Deed, note
from artel.events.control import ControlChannel
from artel.kit.ids import IdMaker
from artel.store.limits import Value
from artel.store.limits_tables import ServerSettings
from artel.store.shards import Shards

Registration = Literal["first", "open", "closed"]

_KIND: Final = "settings"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`registration` None: the environment's. `limits`: those that are not the environment's."""

    registration: Registration | None
    limits: Mapping[str, Value]


class Installation:
    """Reads and changes it; a change reaches every process at once."""

    def __init__(self, shards: Shards, ids: IdMaker, control: ControlChannel) -> None:
        self._shards = shards
        self._ids = ids
        self._control = control
        control.on(_KIND, lambda _: shards.forget_all())

    async def chosen(self) -> Chosen:
        """What holds now."""
        async with self._shards.system_tx() as session:
            return await read_chosen(session)

    async def choose(self, actor: int | None, chosen: Chosen) -> Chosen:
        """Replaces all of it."""
        async with self._shards.system_tx() as session:
            await session.execute(text("select pg_advisory_xact_lock(7233, 8)"))
            row = await session.get(ServerSettings, True)  # the one row's key
            if row is None:
                row = ServerSettings(one=True)
                session.add(row)
            row.registration, row.limits = chosen.registration, dict(chosen.limits)
            details = {"registration": chosen.registration, "limits": dict(chosen.limits)}
            note(session, self._ids.uuid(), actor, Deed("settings", details=details))
        await self._control.publish(_KIND, {})
        return chosen


async def read_chosen(session: AsyncSession) -> Chosen:
    """As the transaction sees it."""
    row = await session.get(ServerSettings, True)
    if row is None:
        return Chosen(None, {})
    registration: Registration | None = None
    if row.registration in ("first", "open", "closed"):
        registration = row.registration
    return Chosen(registration, row.limits)
