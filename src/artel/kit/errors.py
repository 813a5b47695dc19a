"""The root of all errors that a user may see.

The status and the problem's type stand on the class, the docstring is the default message: what happened, what it
means, what to do next. The gateway turns any `ArtelError` into RFC 9457 problem+json; anything else is a bug: 500.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

Figures: TypeAlias = Mapping[str, str | int | float]
"""What a sentence names, by name: a bound, a file, a moment (ISO 8601). Never a secret."""

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclasses.dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with one field of a request."""

    field: str
    message: str
    reason: str
    """Which of all sentences the message is, such as `string_too_long`: a page says it in its reader's language."""
    figures: Figures = dataclasses.field(default_factory=dict[str, str | int | float])


class ArtelError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    pause: ClassVar[float | None] = None
    """Seconds after which the same request may succeed, when nobody knows better."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        reason: str | None = None,
        figures: Figures | None = None,
        fields: Sequence[FieldProblem] = (),
        retry_after: float | None = None,
    ) -> None:
        """reason: names the detail when it is another than the class's own; figures: what the detail names."""
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        self.reason = reason or type(self).own_reason()
        """Which of all sentences the detail is. Finer than the slug: several sentences may share one."""
        self.figures = dict(figures or {})
        self.fields = tuple(fields)
        self.retry_after = self.pause if retry_after is None else retry_after
        """Seconds after which the same request may succeed."""
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The problem type in a few words, made of its slug."""
        return self.slug.replace("-", " ").capitalize()

    @classmethod
    def own_reason(cls) -> str:
        """Of the class's docstring: its slug, or its name when it has inherited the slug."""
        return cls.slug if "slug" in vars(cls) else _CAPITAL.sub("-", cls.__name__.lstrip("_")).lower()


class Invalid(ArtelError):
    """The request is not valid. Correct the named fields and send it again."""

    status = 422
    slug = "invalid"


class BadRequest(ArtelError):
    """The request cannot be read."""

    status = 400
    slug = "bad-request"


class Unauthenticated(ArtelError):
    """Sign in first, or send an API key as 'Authorization: Bearer <key>'."""

    status = 401
    slug = "unauthenticated"


class Forbidden(ArtelError):
    """This account may not do that."""

    status = 403
    slug = "forbidden"


class NotFound(ArtelError):
    """There is nothing of yours under this address."""

    status = 404
    slug = "not-found"


class Conflict(ArtelError):
    """The request does not fit the present state. Load it again and decide anew."""

    status = 409
    slug = "conflict"


class TooLarge(ArtelError):
    """The request is too large."""

    status = 413
    slug = "too-large"


class RateLimited(ArtelError):
    """Too many requests. Wait a moment and try again."""

    status = 429
    slug = "rate-limited"
    pause = 5


class Unavailable(ArtelError):
    """A part of the service is not reachable. Try again in a moment; nothing was lost."""

    status = 503
    slug = "unavailable"
    pause = 2


class IsolationViolation(ArtelError):
    """A second check stopped data of another owner. The attempt was recorded."""

    status = 500
    slug = "isolation-violation"
