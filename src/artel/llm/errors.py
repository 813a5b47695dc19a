"""What can go wrong with a model's call, one class for each code that users and clients see."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from artel.kit.errors import ArtelError
from artel.llm.messages import message_for

MAX_EXCERPT: Final = 240
"""Characters of a provider's own words that a message may carry."""

_SECRETS: Final = re.compile(
    r"""
    (?:sk|pk|rk|gsk|xai|hf|key|tok|token)[-_][A-Za-z0-9*_\-.]{6,}   # sk-..., sk-proj-..., sk-ant-..., also with stars
    | AIza[A-Za-z0-9_\-]{10,}                                       # Google
    | (?i:bearer|basic)\s+[A-Za-z0-9+/=._\-]{6,}
    | \b(?=[A-Za-z0-9_\-]*\d)(?=[A-Za-z0-9_\-]*[A-Za-z])[A-Za-z0-9_\-]{28,}\b   # any long mixed token
    | (?<=://)[^/\s@]+@                                             # user:password@ in an address
    """,
    re.VERBOSE,
)
_NOT_PLAIN: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def safe_excerpt(text: str | None) -> str | None:
    """A provider's own words, fit for a person's eyes: one line, no control characters, no keys, cut short.

    None when nothing readable is left, or when the text is a page of HTML.
    """
    if not text or text.lstrip()[:1] == "<":
        return None
    # Only so much is looked at: a hostile server may send megabytes.
    plain = _SECRETS.sub("…", _NOT_PLAIN.sub(" ", text[: MAX_EXCERPT * 4])).strip()
    if not plain:
        return None
    return plain if len(plain) <= MAX_EXCERPT else plain[: MAX_EXCERPT - 1].rstrip() + "…"


class AnswerUnwanted(Exception):
    """What a reader raises inside an open answer to have no more of it; the call is none that failed."""


class ModelError(ArtelError):
    """The model's call failed."""

    status = 502
    slug = "model-error"
    code: ClassVar[str] = "internal"
    retryable_by_nature: ClassVar[bool] = False

    def __init__(
        self,
        variant: str | None = None,
        *,
        provider: str = "",
        model: str = "",
        says: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        """provider: its label; says: the provider's own words as they came, made safe here.

        retry_after: seconds the provider asked to wait.
        """
        self.variant = variant
        self.provider = provider
        self.model = model
        self.says = safe_excerpt(says)
        self.retryable = self.retryable_by_nature if retryable is None else retryable
        """The same request may succeed if it is sent again."""
        super().__init__(self.message("en"), retry_after=retry_after)
        self.args = (str(self),)  # what a traceback shows

    def message(self, locale: str = "en") -> str:
        """For the person whose request it was; it may quote the provider, so it does not belong in a log."""
        return message_for(
            self.code, locale, variant=self.variant, provider=self.provider, model=self.model, says=self.says
        )

    def __str__(self) -> str:
        """Fit for a log: no words of the provider or the user."""
        cause = f"{self.code}:{self.variant}" if self.variant else self.code
        return f"{cause} ({self.provider} {self.model})"


class ModelUnreachable(ModelError):
    """No connection to the provider, or it was lost."""

    code = "model_unreachable"
    slug = "model-unreachable"
    retryable_by_nature = True


class ModelTimeout(ModelError):
    """The provider was too slow to connect, to begin or to go on."""

    code = "model_timeout"
    slug = "model-timeout"
    status = 504


class ModelKeyRefused(ModelError):
    """The provider did not accept the key (401, 403)."""

    code = "model_key_refused"
    slug = "model-key-refused"
    status = 422


class ModelKeyMissing(ModelError):
    """The provider needs a key or an address and has none."""

    code = "model_key_missing"
    slug = "model-key-missing"
    status = 422


class ModelUnknown(ModelError):
    """The provider does not know the model."""

    code = "model_unknown"
    slug = "model-unknown"
    status = 422


class ModelRateLimited(ModelError):
    """The provider limits the rate, or the account's quota is spent (variant "quota", which waiting does not help)."""

    code = "model_rate_limited"
    slug = "model-rate-limited"
    status = 429
    retryable_by_nature = True


class ModelOverloaded(ModelError):
    """The provider has a fault of its own (5xx, 529)."""

    code = "model_overloaded"
    slug = "model-overloaded"
    status = 503
    retryable_by_nature = True


class ModelBadAnswer(ModelError):
    """The provider sent what is not an answer: a page, broken JSON, nothing at all, or half of an answer."""

    code = "model_bad_answer"
    slug = "model-bad-answer"


class ModelContextTooLong(ModelError):
    """The conversation does not fit the model's context."""

    code = "model_context_too_long"
    slug = "model-context-too-long"
    status = 422


class ModelRefused(ModelError):
    """The model refused to answer, or the provider refused the request as it is."""

    code = "model_refused"
    slug = "model-refused"
    status = 422
