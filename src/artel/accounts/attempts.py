"""How often one may try to sign in or to register."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from redis.asyncio import Redis

from artel.accounts.pace import Pace
from artel.kit.errors import RateLimited

_IPV6_NETWORK_BITS = 64


class TooManyAttempts(RateLimited):
    """Too many attempts. Wait as long as Retry-After says, then try again."""

    slug = "too-many-attempts"


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Attempts in five minutes."""

    by_email_and_address: int = 10
    by_address: int = 100
    minutes: int = 5


class Attempts:
    """Counts attempts by network address, and by e-mail address and network address together.

    Never by e-mail alone: a stranger could lock a user out.
    """

    def __init__(self, redis: Redis, limits: AttemptLimits | None = None) -> None:
        limits = limits or AttemptLimits()
        self._pair = RateLimitItemPerMinute(limits.by_email_and_address, limits.minutes, namespace="sign-in")
        self._address = RateLimitItemPerMinute(limits.by_address, limits.minutes, namespace="sign-in-address")
        self._pace = Pace(redis)

    async def count(self, email: str, address: str) -> None:
        """Counts one attempt before it is looked at.

        Raises:
            TooManyAttempts: with the seconds to wait.
        """
        network = _network(address)
        await self._pace.count(self._address, network, error=TooManyAttempts)
        await self._pace.count(self._pair, _plain(email), network, error=TooManyAttempts)

    async def count_address(self, address: str) -> None:
        """Counts one where nobody says yet who they are.

        Raises:
            TooManyAttempts: with the seconds to wait.
        """
        await self._hit(self._address, _network(address))

    async def succeeded(self, email: str, address: str) -> None:
        """A right password makes its wrong ones forgotten."""
        await self._pace.forget(self._pair, _plain(email), _network(address))


def _plain(email: str) -> str:
    return email.strip().lower()[:254]


def _network(address: str) -> str:
    """What one customer of a network usually has: an IPv4 address, or a /64 of IPv6."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(IPv6Address(int(ip) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS))
    return str(ip)
