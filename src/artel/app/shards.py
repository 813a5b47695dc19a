"""The shards of an installation as its administrator sees them: what there is, one more, and users who move."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from sqlalchemy import delete, select, text, update

from artel.accounts.revocation import Revocations, Revoked
from artel.app.databases import Stores, app_url, async_url
from artel.events.client import redis_client
from artel.events.control import ControlChannel
from artel.events.subscriber import Subscriber
from artel.kit.errors import ArtelError, Conflict, Invalid, NotFound
from artel.settings import Settings
from artel.store.migrate import migrate, name_shard
from artel.store.moves.ledger import Ledger, Moving
from artel.store.moves.mover import Mover
from artel.store.placement import has_users, population
from artel.store.roles import DatabaseUrls, prepare_database
from artel.store.shard_tables import ShardState
from artel.store.shards import Shards
from artel.store.tables import User


class NoSuchShard(NotFound):
    """There is no shard of this name in DATABASE_URL. 'artel shards list' shows those that there are."""


class ShardNotKnown(Conflict):
    """Not every running process knows this shard. Restart them with the same DATABASE_URL, then repeat this."""

    slug = "shard-not-known"


class ShardInUse(Conflict):
    """This database is in use: it has users, takes new ones, or is the directory."""

    slug = "shard-in-use"


class EmbeddedShards(ArtelError):
    """The embedded PostgreSQL is one shard. Use 'artel cluster --shards N', or name servers in DATABASE_URL."""

    slug = "embedded-shards"


@dataclass(frozen=True, slots=True)
class ShardView:
    """A shard. state: open, closed, or away (it does not answer, or is not in this DATABASE_URL). size: bytes."""

    name: str
    users: int
    state: str
    arriving: int
    leaving: int
    revision: str | None
    size: int | None


class ShardDesk:
    """What `artel shards` does."""

    def __init__(self, shards: Shards, mover: Mover) -> None:
        self._shards = shards
        self._ledger = Ledger(shards)
        self.mover = mover

    async def all(self) -> tuple[Sequence[ShardView], Sequence[Moving]]:
        """The shards in their order, those that only the directory knows last; and who is on the way."""
        async with self._shards.system_tx() as session:
            listed = {state.name: state.is_open for state in await session.scalars(select(ShardState))}
            users = await population(session)
        moving = await self._ledger.all()
        names = [*self._shards.by_name, *sorted(listed.keys() - self._shards.by_name.keys())]
        return [await self._view(name, listed, users, moving) for name in names], moving

    async def _view(
        self, name: str, listed: Mapping[str, bool], users: Mapping[str, int], moving: Sequence[Moving]
    ) -> ShardView:
        state, about = "open" if listed.get(name, not listed) else "closed", None
        try:
            if name in self._shards.by_name:
                async with self._shards.shard_system_tx(name) as session:
                    about = (await session.execute(_ABOUT)).one()
        except ArtelError:
            about = None
        return ShardView(
            name=name,
            users=users.get(name, 0),
            state=state if about is not None else "away",
            arriving=sum(each.target == name for each in moving),
            leaving=sum(each.source == name for each in moving),
            revision=about.revision if about is not None else None,
            size=about.size if about is not None else None,
        )

    async def set_open(self, name: str, *, is_open: bool) -> None:
        """Says whether new users are placed on a shard.

        Raises:
            NoSuchShard, ShardNotKnown: nothing was changed.
        """
        self._known(name)
        if is_open:
            await self._known_to_all(name)
        async with self._shards.system_tx() as session:
            changed = await session.execute(update(ShardState).where(ShardState.name == name).values(is_open=is_open))
            if not changed.rowcount:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
                session.add(ShardState(name=name, is_open=is_open))

    async def list_closed(self, name: str) -> None:
        """Lists a new shard; one that is listed stays as it is."""
        async with self._shards.system_tx() as session:
            await session.execute(_LIST_CLOSED, {"name": name})

    async def remove(self, name: str) -> None:
        """Takes a shard off the list that is closed and empty.

        Raises:
            ShardInUse: it is neither.
        """
        async with self._shards.system_tx() as session:
            state = await session.get(ShardState, name)
            if state is None:
                raise NoSuchShard
            live = await session.scalar(select(User.id).where(User.shard == name).limit(1))
            moving = await session.scalar(_MOVES_TO, {"name": name})
            if state.is_open or live is not None or moving or name == next(iter(self._shards.by_name)):
                raise ShardInUse
            await session.execute(delete(ShardState).where(ShardState.name == name))

    async def who(self, wanted: Sequence[str]) -> Sequence[tuple[int, str]]:
        """Ids and addresses of users named by either.

        Raises:
            Invalid: says which of them there is not.
        """
        found: list[tuple[int, str]] = []
        async with self._shards.system_tx() as session:
            for each in wanted:
                one = User.id == int(each) if each.isdecimal() else User.email == each.lower()
                user = await session.scalar(select(User).where(one))
                if user is None:
                    raise Invalid(f"There is no account {each}.")
                found.append((user.id, user.email))
        return found

    async def living_on(self, name: str) -> Sequence[tuple[int, str]]:
        """Everybody on a shard."""
        async with self._shards.system_tx() as session:
            rows = await session.execute(select(User.id, User.email).where(User.shard == name).order_by(User.id))
            return [(row.id, row.email) for row in rows]

    async def ready_for(self, name: str) -> None:
        """Makes sure that users can be moved to a shard.

        Raises:
            NoSuchShard, ShardNotKnown: they cannot.
        """
        self._known(name)
        await self._known_to_all(name)

    def _known(self, name: str) -> None:
        if name not in self._shards.by_name:
            raise NoSuchShard

    async def _known_to_all(self, name: str) -> None:
        """Every process has a lease on each shard that it knows; see `artel.bus.lease`."""
        directory, *_ = self._shards.by_name
        living: list[set[str]] = []
        for shard in (directory, name):
            async with self._shards.shard_system_tx(shard) as session:
                living.append(set((await session.scalars(_LIVING)).all()))
        if strangers := living[0] - living[1]:
            raise ShardNotKnown(f"{len(strangers)} of {len(living[0])} running processes: {ShardNotKnown.__doc__}")


@asynccontextmanager
async def open_desk(stores: Stores) -> AsyncGenerator[ShardDesk]:
    """For commands; running servers hear at once who moved, through Redis."""
    shards, redis = Shards(stores.shards), redis_client(stores.redis_url)
    try:
        await shards.start()
        revocations = Revocations(ControlChannel(redis, Subscriber(redis)))
        yield ShardDesk(shards, Mover(shards, lambda user_id: revocations.publish(Revoked(user_id, None))))
    finally:
        await redis.aclose()
        await shards.stop()


async def add_shard(settings: Settings, stores: Stores, url: str, migration_url: str | None, name: str | None) -> str:
    """Makes a database into a shard, with the newest schema, and lists it in the directory, closed; answers its name.

    name: None takes the next free one. A name that the database has already stays. Harmless when repeated.

    Raises:
        EmbeddedShards, Invalid: nothing was touched.
        ShardInUse, WrongShard: the database belongs to an installation; the directory was not changed.
    """
    if not settings.database_urls:
        raise EmbeddedShards
    if bool(settings.migration_urls) != (migration_url is not None):
        raise Invalid("Give --migration-url if ARTEL_MIGRATION_URL is set, and only then.")
    async with open_desk(stores) as desk:
        views, _ = await desk.all()
        if migration_url is not None:
            urls = DatabaseUrls(app_url(settings, url), async_url(migration_url))
        else:
            urls = await prepare_database(url, stores.secret_key)
        await migrate(urls.migrator)
        free = next(free for n in count(2) if (free := f"shard{n}") not in {view.name for view in views})
        given = await name_shard(urls.migrator, name or free, is_directory=False)
        if given in stores_in_use(views) or await has_users(urls.migrator):
            raise ShardInUse
        await desk.list_closed(given)
    return given


def stores_in_use(views: Sequence[ShardView]) -> set[str]:
    """The names of shards that this environment already has."""
    return {view.name for view in views if view.state != "away"}


_LIVING = text("select id from workers where lease_until > now()")
_MOVES_TO = text("select exists (select from moves where :name in (source, target))")
_ABOUT = text("""
select (select version_num from alembic_version) as revision, pg_database_size(current_database()) as size
""")
_LIST_CLOSED = text("insert into shards (name, is_open) values (:name, false) on conflict do nothing")
