"""Those who listen are asked again whether they may."""

from __future__ import annotations

from artel.events.guard import PrincipalGuard
from artel.kit.errors import Unavailable
from tests.support.events import EventRoom, closed


class Register:
    """Who may listen, and how often that was asked."""

    def __init__(self, *valid: object) -> None:
        self.valid = set(valid)
        self.asked: list[object] = []
        self.away = False

    async def may_listen(self, principal: object) -> bool:
        self.asked.append(principal)
        if self.away:
            raise Unavailable
        return principal in self.valid


async def test_a_principal_is_asked_once_for_all_its_streams(room: EventRoom):
    register = Register("a")
    for _ in range(3):
        await room.hub.subscribe(7, principal="a")
    await PrincipalGuard(room.hub, register.may_listen).sweep()
    assert register.asked == ["a"]
    assert len(room.hub) == 3


async def test_a_principal_that_lost_its_right_loses_its_streams(room: EventRoom):
    register = Register("a")
    stays, goes = [await room.hub.subscribe(7, principal=each) for each in ("a", "b")]
    await PrincipalGuard(room.hub, register.may_listen).sweep()
    assert (stays.closed, goes.closed) == (False, True)


async def test_streams_stay_while_the_question_cannot_be_answered(room: EventRoom):
    register = Register()
    register.away = True
    stream = await room.hub.subscribe(7, principal="a")
    await PrincipalGuard(room.hub, register.may_listen).sweep()
    assert not stream.closed


async def test_it_asks_by_itself_at_the_end_of_each_interval(room: EventRoom):
    register = Register()
    stream = await room.hub.subscribe(7, principal="a")
    guard = PrincipalGuard(room.hub, register.may_listen, interval_s=0.01)
    guard.start()
    await closed(stream)
    await guard.aclose()


async def test_it_asks_at_once_when_told_and_outlives_a_fault(room: EventRoom):
    register = Register()
    faults = iter([RuntimeError("a bug")])

    async def may_listen(principal: object) -> bool:
        for fault in faults:
            guard.look_now()
            raise fault
        return await register.may_listen(principal)

    stream = await room.hub.subscribe(7, principal="a")
    guard = PrincipalGuard(room.hub, may_listen, interval_s=3_600)
    guard.start()
    guard.look_now()
    await closed(stream)
    await guard.aclose()
