"""Past prices of a simulated terminal, as the NumPy arrays that the package returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridhedge.domain.values import Millis
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.rows import Rows
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.tape import MINUTE, WEEK, Bar, Tape
from gridhedge.venue.mt5.terminal.constants import Constants as C

__all__ = ["RATES", "TICKS", "History", "timeframe_ms"]

RATES = [
    ("time", "<i8"), ("open", "<f8"), ("high", "<f8"), ("low", "<f8"), ("close", "<f8"), ("tick_volume", "<u8"),
    ("spread", "<i4"), ("real_volume", "<u8"),
]  # fmt: skip
TICKS = [
    ("time", "<i8"), ("bid", "<f8"), ("ask", "<f8"), ("last", "<f8"), ("volume", "<u8"), ("time_msc", "<i8"),
    ("flags", "<u4"), ("volume_real", "<f8"),
]  # fmt: skip
_HOURS, _WEEKS, _MONTHS = 0x4000, 0x8000, 0xC000


def timeframe_ms(timeframe: int) -> Millis:
    """The length of a bar: minutes as they are, hours, weeks and months (of 30 days) marked by the upper bits."""
    kind, count = timeframe & _MONTHS, timeframe & ~_MONTHS
    unit = {0: MINUTE, _HOURS: 60 * MINUTE, _WEEKS: WEEK, _MONTHS: 30 * 24 * 60 * MINUTE}[kind]
    return unit * count


class History:
    """``tapes`` by the exchange's symbol names; a symbol without one has no past."""

    def __init__(self, broker: Broker, rows: Rows, tapes: Mapping[str, Tape]) -> None:
        self._broker, self._rows, self._tapes = broker, rows, tapes

    def catch_up(self) -> None:
        now = self._broker.exchange.now()
        for plain, tape in self._tapes.items():
            if now > tape.at:
                tape.reach(now, self._broker.exchange.mark(plain))

    def rates(self, spec: Spec, timeframe: int, first: int | None, last: int, count: int) -> Any:
        """Bars by the server's clock (seconds): of a span, or the last ``count`` up to a time."""
        return self._bars(spec, timeframe, lambda time: (first is None or time >= first) and time <= last, count)

    def rates_at(self, spec: Spec, timeframe: int, start: int, count: int) -> Any:
        """Bars counted back from the one that is forming."""
        bars = self._newest(spec, timeframe, start + count)[start:]
        return self._rates(spec, bars)

    def ticks(self, spec: Spec, first: int, last: int | None, count: int) -> Any:
        """The prices that were seen, up to a thousand of the last."""
        import numpy as np

        tape = self._tapes.get(spec.plain)
        gap = float(self._broker.exchange.market(spec.plain).gap)
        rows = []
        for trade in () if tape is None else tape.prints:
            at = self._rows.at(trade.at)
            if first <= at // 1000 and (last is None or at // 1000 <= last):
                bid = float(trade.price)
                rows.append((at // 1000, bid, bid + gap, 0.0, 0, at, C.TICK_FLAG_BID | C.TICK_FLAG_ASK, 0.0))
        return np.array(rows[:count], dtype=TICKS)

    def _bars(self, spec: Spec, timeframe: int, wanted: Any, count: int) -> Any:
        bars = [bar for bar in self._newest(spec, timeframe, 100_000) if wanted(self._rows.at(bar.start) // 1000)]
        return self._rates(spec, bars[:count])

    def _newest(self, spec: Spec, timeframe: int, count: int) -> list[Bar]:
        tape = self._tapes.get(spec.plain)
        return [] if tape is None else tape.bars(timeframe_ms(timeframe), 0, tape.at, count)

    def _rates(self, spec: Spec, bars: list[Bar]) -> Any:
        import numpy as np

        spread = int(self._broker.exchange.market(spec.plain).gap / spec.point)
        rows = [
            (
                self._rows.at(bar.start) // 1000,
                *(float(price) for price in (bar.open, bar.high, bar.low, bar.close)),
                int(bar.volume), spread, 0,
            )
            for bar in reversed(bars)
        ]  # fmt: skip
        return np.array(rows, dtype=RATES)
