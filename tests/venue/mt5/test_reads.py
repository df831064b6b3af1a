"""What the terminal is asked, and what its clock says."""

from __future__ import annotations

from typing import cast

from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.connect import Access
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.terminal.structs import Tick
from tests.practice.mt5.brokers import LOGIN, broker

HOUR = 3600
NOON = 1_800_000_000


class Quotes(SimulatedTerminal):
    """Its price is of whatever time of the server's clock is said."""

    time_s = NOON

    def symbol_info_tick(self, symbol: str, /) -> Tick | None:
        tick = super().symbol_info_tick(symbol)
        return None if tick is None else tick._replace(time=self.time_s, time_msc=self.time_s * 1000)


def at(quotes: Quotes, server_s: int, reads: Reads) -> int | None:
    """A look at the price when the server's clock says this."""
    quotes.time_s = server_s
    reads.tick("EURUSD")
    return reads.offset_s


def looked_at() -> tuple[Quotes, Reads, list[int]]:
    quotes, now = Quotes(broker(), LOGIN), [NOON]
    access = Access("terminal64.exe", 501234, "secret", "Sim-Demo")
    reads = Reads(cast(Mt5Api, quotes), access, SymbolNames(""), lambda: now[0] * 1000)
    reads.rules("EURUSD")
    return quotes, reads, now


def test_the_server_s_clock_follows_daylight_saving() -> None:
    """Two hours ahead, then three, each told by a price that has just moved."""
    quotes, reads, now = looked_at()
    assert at(quotes, NOON + 2 * HOUR, reads) == 2 * HOUR
    assert reads.utc((NOON + 2 * HOUR) * 1000) == NOON * 1000
    now[0] += 60
    assert at(quotes, NOON + 60 + 3 * HOUR, reads) == 3 * HOUR


def test_a_price_that_stands_still_tells_nothing_of_the_clock() -> None:
    """An hour after the market has closed its last price looks as if the server were an hour behind."""
    quotes, reads, now = looked_at()
    assert at(quotes, NOON + 2 * HOUR, reads) == 2 * HOUR
    now[0] += HOUR
    assert at(quotes, NOON + 2 * HOUR, reads) == 2 * HOUR


def test_what_is_remembered_counts_until_a_price_has_moved() -> None:
    """A bot that is started over a weekend."""
    quotes, reads, now = looked_at()
    reads.offset_s = 3 * HOUR
    now[0] += 5 * HOUR
    assert at(quotes, NOON + 3 * HOUR, reads) == 3 * HOUR
    now[0] += 40 * HOUR
    assert at(quotes, now[0] + 2 * HOUR, reads) == 2 * HOUR
