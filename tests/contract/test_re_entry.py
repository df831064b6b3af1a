"""Card 26: the whole re-entry after a take-profit at depth 8 leaves at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal as D

import pytest

from gridhedge.domain.change import Change, Place
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Outcome
from gridhedge.venue.bybit.client import Answer, Client
from tests.contract.bench import Bench, BybitBench
from tests.contract.test_streams import Bot

STEP = D("1.0112")
"""A little more than a level and a take-profit are away."""


class Wire:
    """Every request that changes orders: its method and how many orders it carries."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[tuple[str, int]] = []
        write = Client.write

        def noted(client: Client, method: str, **body: object) -> Answer:
            items = body.get("request", [])
            assert isinstance(items, list)
            self.requests.append((method, len(items)))
            return write(client, method, **body)

        monkeypatch.setattr(Client, "write", noted)


def test_card_26_a_re_entry_at_depth_eight_leaves_in_three_requests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short side stands at 8 levels when the long's take-profit executes: six orders that execute now and the
    limits above them leave in one request, behind at most one of cancels and one of amends; nothing waits."""
    if not isinstance(bench, BybitBench):
        pytest.skip(f"{bench.title} takes five orders per request: how they are packed stands with its adapter's tests")
    bot = Bot(bench, initial_position_size_usd=D("0.5"), averaging_multiplier=D("1.5"), max_grid_levels_per_side=10)
    book = bot.loop.session.desks[0].book
    price = D("0.2")
    sent: list[list[Change]] = []
    send = bench.venue.send

    def noted(changes: Sequence[Change]) -> list[Outcome]:
        sent.append(list(changes))
        return send(changes)

    bench.venue.send = noted  # type: ignore[method-assign]
    wire = Wire(monkeypatch)
    while book.short.started < 8:
        ended = book.long.cycle
        time.sleep(1.1 if book.short.started == 7 else 0)  # a new second of the order budget
        wire.requests.clear()
        sent.clear()
        price = (price * STEP).quantize(D("0.00001"))
        bench.move(price)
        bot.until(
            lambda before=ended: book.long.cycle != before and "LT00" in bot.roles() and not bot.loop.session.step()
        )
    re_entry = next(changes for changes in sent if any(is_now(change) for change in changes))
    levels = [change.key.level for change in re_entry if isinstance(change, Place) and change.key.side is Side.LONG]
    assert levels[:8] == [0, 1, 2, 3, 4, 5, 6, 7]
    places = sum(isinstance(change, Place) for change in re_entry)
    methods = [method for method, _ in wire.requests[: wire.requests.index(("place_batch_order", places)) + 1]]
    assert methods == ["cancel_batch_order", "amend_batch_order", "place_batch_order"]
    assert book.long.started == 6


def is_now(change: Change) -> bool:
    return isinstance(change, Place) and change.key.role is Role.OPENING
