"""Intent, request, outcome: in this order, and the intent durably before the request leaves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency
from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import (
    AmendIntended,
    CancelIntended,
    ChangeSettled,
    Event,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
)
from gridhedge.domain.order import OrderKey, OrderState, Reject
from gridhedge.domain.values import Role
from gridhedge.engine.execute import describe, execute
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from tests.domain.journal import CYCLE, TAG, XYZ, L, client_id

D = Decimal
NOW = 5_000
KEY = OrderKey(L, Role.GRID, 1, CYCLE, 1)
NAME = client_id(TAG, KEY)
PLACE = Place(XYZ, NAME, KEY, D("9.9"), D(200), False, Urgency.INSURANCE, "insures")
AMEND = Amend(XYZ, "id-a", "v-a", D("9.8"), D(150), Urgency.EXIT, "follows")
CANCEL = Cancel(XYZ, "id-c", "v-c", "stale")


class Tape:
    """A journal and a venue that write down, in one list, what happens to them."""

    def __init__(self, *outcomes: Outcome, full_disk: bool = False) -> None:
        self.happened: list[Any] = []
        self.outcomes = list(outcomes)
        self.full_disk = full_disk

    def append(self, event: Event) -> None:
        self.happened.append(event)

    def sync(self) -> None:
        if self.full_disk:
            raise DiskFailure("no space left")
        self.happened.append("synced")

    def equity(self, at: int, margin_balance: Decimal, wallet_balance: Decimal) -> None:
        raise AssertionError("nothing to do with equity")

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        self.happened.append("sent")
        return self.outcomes

    def run(self, *changes: Change) -> list[Outcome]:
        return execute(changes, self, self, self.append, NOW)


def test_every_intent_is_durable_before_anything_leaves() -> None:
    """All intents, one sync, one batch, then the outcomes in the order of the changes."""
    tape = Tape(Accepted("v1"), Accepted("v2"), Accepted("v3"))
    assert tape.run(CANCEL, AMEND, PLACE) == tape.outcomes
    assert [item if isinstance(item, str) else type(item) for item in tape.happened] == [
        CancelIntended,
        AmendIntended,
        OrderIntended,
        "synced",
        "sent",
        ChangeSettled,
        ChangeSettled,
        OrderSettled,
    ]


def test_an_intent_says_everything_that_is_sent() -> None:
    """Key, price, quantity, reduce-only and time."""
    tape = Tape(Accepted("v"))
    tape.run(PLACE)
    assert tape.happened[0] == OrderIntended(NAME, XYZ, KEY, D("9.9"), D(200), False, NOW, None)
    tape = Tape(Accepted("v"))
    tape.run(AMEND)
    assert tape.happened[0] == AmendIntended("id-a", XYZ, D("9.8"), D(150), NOW)


def test_nothing_is_sent_when_the_disk_is_full() -> None:
    """DiskFailure goes up, and no request has left."""
    tape = Tape(Accepted("v"), full_disk=True)
    with pytest.raises(DiskFailure):
        tape.run(PLACE, CANCEL)
    assert "sent" not in tape.happened
    assert [type(item) for item in tape.happened] == [OrderIntended, CancelIntended]


UPDATE = OrderUpdate(XYZ, NAME, "v", OrderState.WORKING, D("9.95"), D(200), D(0), NOW)
PLACED: list[tuple[Outcome, OrderState, Reject | None]] = [
    (Accepted("v"), OrderState.WORKING, None),
    (Rejected(Reject.MARGIN, "no margin"), OrderState.REJECTED, Reject.MARGIN),
    (Rejected(Reject.RATE_LIMITED, "slow", 9), OrderState.REJECTED, Reject.RATE_LIMITED),
    (Rejected(Reject.DUPLICATE_ID, "seen before"), OrderState.UNKNOWN, None),
    (NotSent("refused"), OrderState.ABSENT, None),
    (Unknown("timeout"), OrderState.UNKNOWN, None),
]


@pytest.mark.parametrize(("outcome", "state", "reason"), PLACED)
def test_each_outcome_of_a_place_has_its_state(outcome: Outcome, state: OrderState, reason: Reject | None) -> None:
    """A duplicate id proves that an earlier request arrived: unknown, to be asked for; what never left is absent."""
    tape = Tape(outcome)
    tape.run(PLACE)
    settled = tape.happened[-1]
    assert isinstance(settled, OrderSettled)
    assert (settled.client_id, settled.state, settled.reason) == (NAME, state, reason)


CHANGED: list[tuple[Outcome, bool | None]] = [
    (Accepted("v"), True),
    (Rejected(Reject.UNKNOWN_ORDER, "gone"), False),
    (NotSent("refused"), False),
    (Unknown("timeout"), None),
]


@pytest.mark.parametrize("change", [AMEND, CANCEL])
@pytest.mark.parametrize(("outcome", "accepted"), CHANGED)
def test_each_outcome_of_a_change_is_told(change: Change, outcome: Outcome, accepted: bool | None) -> None:
    """Accepted, refused, or open."""
    tape = Tape(outcome)
    tape.run(change)
    settled = tape.happened[-1]
    assert isinstance(settled, ChangeSettled)
    assert (settled.client_id, settled.accepted) == (change.client_id, accepted)


def test_the_venues_own_word_follows_the_outcome() -> None:
    """An authoritative answer is recorded as an update, after the settlement."""
    tape = Tape(Accepted("v", UPDATE))
    tape.run(PLACE)
    assert [type(item) for item in tape.happened[-2:]] == [OrderSettled, OrderUpdate]
    assert tape.happened[-1] is UPDATE


def test_a_venue_that_answers_too_little_is_a_bug() -> None:
    """One outcome for two changes could belong to either."""
    with pytest.raises(AssertionError, match="answer every change"):
        Tape(Accepted("v")).run(PLACE, CANCEL)


def test_a_change_describes_itself_in_one_line() -> None:
    """What, how much, at which price, under which id, and why."""
    assert describe(PLACE) == f"open long grid level 1: 200 @ 9.9 ({NAME}): insures"
    assert describe(PLACE._replace(reduce_only=True)).startswith("close long")
    assert describe(AMEND) == "amend id-a to 150 @ 9.8: follows"
    assert describe(CANCEL) == "cancel id-c: stale"
