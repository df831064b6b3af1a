"""What a session says of a plan, and how often."""

from __future__ import annotations

from gridhedge.domain.change import Cancel
from gridhedge.engine.guard import Refusal
from gridhedge.engine.tell import tell_refusals
from tests.engine.worlds import DOGE, World

FIRST, SECOND = Cancel(DOGE, "one", "v", "why"), Cancel(DOGE, "two", "v", "why")


def said(world: World, *refused: Refusal) -> list[str]:
    """The warnings of one telling."""
    world.ear.lines.clear()
    tell_refusals(world.session, world.desk, refused)
    return [text for level, text in world.ear.lines if level == "warning"]


def test_what_is_in_the_way_of_everything_is_said_once_while_it_is() -> None:
    """A price that grows older, and more that waits for a fresh one; what is in the way next is said, and so is the
    same again, once something could be sent in between."""
    world = World()
    old, older = (Refusal(FIRST, f"the last price is {age} s old", 1, "stale") for age in (16, 17))
    text = f"{DOGE}: not sent: cancel one: why: the last price is 16 s old"
    assert said(world, old) == [text]
    assert said(world, older) == []
    assert said(world, older, Refusal(SECOND, "the last price is 17 s old", 1, "stale")) == []
    assert len(said(world, Refusal(FIRST, "rate limited for another 9 ms", 1, "quiet"))) == 1
    assert said(world, old) == [text]
    assert said(world) == []
    assert said(world, old) == [text]


def test_what_a_closed_market_is_in_the_way_of_is_not_said() -> None:
    """That it is closed has been; what else stands in the way is."""
    world = World()
    world.desk.hours.close(1, 0)
    for code in ("closed", "stale"):
        assert said(world, Refusal(FIRST, "why not", 1, code)) == []
    assert said(world, Refusal(FIRST, "99 changes at once", 0, "many")) != []


def test_what_is_in_the_way_of_one_change_is_said_each_time() -> None:
    """With the numbers of each time."""
    world = World()
    for need in (5, 5, 6):
        assert said(world, Refusal(FIRST, f"needs {need} of 4 spendable", 0)) == [
            f"{DOGE}: not sent: cancel one: why: needs {need} of 4 spendable"
        ]
