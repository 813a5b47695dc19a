"""When each migration may run, so that two versions work side by side on one schema. See docs/cluster.md."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from artel.kit.errors import ArtelError

Phase = Literal["before", "after"]
"""Of a version's processes: `before` adds what they need, `after` takes away what only those of older versions need."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_FOUNDING: Final = frozenset(f"{number:04}" for number in range(1, 13))
"""From the time when there was one version: all of them are `before`."""


class PhaseMissing(Exception):
    """A migration does not say when it may run: `phase = "before"` or `phase = "after"`."""


class SchemaTooOld(ArtelError):
    """The database's schema is older than this version needs. Run 'artel migrate --before' with this version first."""

    slug = "schema-too-old"


class SchemaTooNew(ArtelError):
    """The database was migrated for a newer version, which this one does not understand any more. Start that one."""

    slug = "schema-too-new"


class DeploymentUnfinished(ArtelError):
    """A migration of another deployment comes first."""

    slug = "deployment-unfinished"


@dataclass(frozen=True, slots=True)
class History:
    """The migrations that this code knows, by revision, oldest first."""

    phases: Mapping[str, Phase]

    def up_to(self, revision: str | None) -> list[str]:
        """What has run on a schema of this revision, which is a known one, or None for an empty database."""
        revisions = list(self.phases)
        return revisions[: revisions.index(revision) + 1] if revision is not None else []

    def target(self, current: str | None, phase: Phase) -> str | None:
        """How far the migrations of one phase lead from here; None when there is nothing to do.

        Raises:
            DeploymentUnfinished: those of the other phase come first.
        """
        revisions = list(self.phases)
        if current is None:
            # Nobody runs on an empty database.
            return revisions[-1]
        pending = revisions[revisions.index(current) + 1 :]
        mine = [revision for revision in pending if self.phases[revision] == phase]
        if not mine:
            return None
        others = [revision for revision in pending[: pending.index(mine[-1])] if self.phases[revision] != phase]
        if others:
            raise DeploymentUnfinished(_COME_FIRST[phase].format(revision=others[0]))
        return mine[-1]

    def check(self, applied: Mapping[str, str]) -> None:
        """Whether this code can work on a schema on which these migrations ran (phases by revision).

        Raises:
            SchemaTooOld, SchemaTooNew: it cannot.
        """
        missing = [revision for revision, phase in self.phases.items() if phase == "before" and revision not in applied]
        if missing:
            raise SchemaTooOld(f"The migration {missing[0]} did not run yet. {SchemaTooOld.__doc__}")
        foreign = [revision for revision, phase in applied.items() if phase == "after" and revision not in self.phases]
        if foreign:
            raise SchemaTooNew(f"The migration {foreign[0]} is unknown here. {SchemaTooNew.__doc__}")


_COME_FIRST: Final[Mapping[Phase, str]] = {
    "before": "The migration {revision} of the version that runs now comes first: finish its deployment with that"
    " version's 'artel migrate --after'; or stop all processes and run plain 'artel migrate'.",
    "after": "The migration {revision} comes first: run 'artel migrate --before', and replace all processes.",
}


def migration_config(more: Collection[Path] = ()) -> Config:
    """Alembic's. more: further directories of migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    places = os.pathsep.join(map(str, (MIGRATIONS / "versions", *more)))
    config.set_main_option("version_locations", places.replace("%", "%%"))
    return config


def known_history(more: Collection[Path] = ()) -> History:
    """Reads the migrations.

    Raises:
        PhaseMissing: one does not say when it may run.
    """
    scripts = list(ScriptDirectory.from_config(migration_config(more)).walk_revisions())
    return History({script.revision: _phase(script.revision, script.module) for script in reversed(scripts)})


def _phase(revision: str, module: object) -> Phase:
    phase = getattr(module, "phase", "before" if revision in _FOUNDING else None)
    if phase not in ("before", "after"):
        raise PhaseMissing(revision)
    return phase


async def check_schema(session: AsyncSession, history: History) -> None:
    """Whether this code can work on the shard.

    Raises:
        SchemaTooOld, SchemaTooNew: it cannot.
    """
    there = (await session.execute(_TABLES)).one()
    applied: dict[str, str] = {}
    if there.versions:
        applied = {row.revision: row.phase for row in await session.execute(_APPLIED)}
    elif there.alembic:
        # From before the table: all of that time were of one phase.
        applied = dict.fromkeys(history.up_to(await session.scalar(_REVISION)), "before")
    history.check(applied)


_TABLES = text("select to_regclass('public.schema_versions') as versions, to_regclass('alembic_version') as alembic")
_APPLIED = text("select revision, phase from schema_versions order by revision")
_REVISION = text("select version_num from alembic_version")
