"""Why a move did not happen. Nothing is lost by any of them."""

from __future__ import annotations

from artel.kit.errors import Conflict, Unavailable


class MoveUnderWay(Conflict):
    """This account is being moved already. See 'artel shards list'; when its mover died it is taken over in seconds."""

    slug = "move-under-way"


class MoveLost(Conflict):
    """The move took longer to say that it lives than it may, and somebody else ended it. Repeat it."""

    slug = "move-lost"


class UserBusy(Unavailable):
    """The account's data was in use for too long to be fenced. Nothing was moved; try again."""

    slug = "user-busy"


class SchemasDiffer(Conflict):
    """The two databases do not have the same tables and columns. Run 'artel migrate' first."""

    slug = "schemas-differ"


class CopyDiffers(Conflict):
    """What arrived is not what was sent. Nothing was moved; report this, with the table's name, as a fault of Artel."""

    slug = "copy-differs"
