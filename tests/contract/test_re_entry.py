"""Card 26: the whole re-entry after a take-profit at depth 8 leaves at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.change import Change, Place
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Outcome
from tests.contract.bench import Bench
from tests.contract.test_streams import Bot

STEP = D("1.0112")
"""A little more than a level and a take-profit are away."""


class Wire:
    """What the engine sends, call by call, and how many requests each call came to."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[list[Change], int]] = []
        self._requests = 0
        self._write, self._send = bench.client.write, bench.venue.send
        wire = self

        def written(client: Any, method: str, /, *body: Any, **more: Any) -> Any:
            wire._requests += 1
            return wire._write(client, method, *body, **more)

        monkeypatch.setattr(bench.client, "write", written)
        monkeypatch.setattr(bench.venue, "send", self._noted)

    def _noted(self, changes: Sequence[Change]) -> list[Outcome]:
        before = self._requests
        outcomes = self._send(changes)
        self.calls.append((list(changes), self._requests - before))
        return outcomes


def test_card_26_a_re_entry_at_depth_eight_leaves_in_the_fewest_requests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short side stands at 8 levels when the long's take-profit executes: six orders that execute now and the
    limits above them leave at once, behind the cancels and amends, each kind in as few batches as the venue takes."""
    bot = Bot(bench, initial_position_size_usd=D("0.5"), averaging_multiplier=D("1.5"), max_grid_levels_per_side=10)
    book = bot.loop.session.desks[0].book
    price = D("0.2")
    wire = Wire(bench, monkeypatch)
    while book.short.started < 8:
        ended = book.long.cycle
        time.sleep(1.1 if book.short.started == 7 else 0)  # a new second of the order budget
        wire.calls.clear()
        price = (price * STEP).quantize(D("0.00001"))
        bench.move(price)
        bot.until(
            lambda before=ended: book.long.cycle != before and "LT00" in bot.roles() and not bot.loop.session.step()
        )
    re_entry, requests = next(call for call in wire.calls if any(is_now(change) for change in call[0]))
    levels = [change.key.level for change in re_entry if isinstance(change, Place) and change.key.side is Side.LONG]
    assert levels[:8] == [0, 1, 2, 3, 4, 5, 6, 7]
    size = bench.venue.capabilities.batch_size
    assert requests == sum(-(-count // size) for count in Counter(map(type, re_entry)).values())
    assert book.long.started == 6


def is_now(change: Change) -> bool:
    return isinstance(change, Place) and change.key.role is Role.OPENING
