"""Whether a basket may be opened: signals, hours, trades of the day, limits of the day, ``suspend``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gridhedge.domain.basket import Cause
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.candles import Timeframe
from gridhedge.domain.events import Decision
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import SIDES, Millis, Side
from gridhedge.strategy.calendar import Hours, day_at, minutes_of
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.settings import SignalSettings
from gridhedge.strategy.signals import candles_needed, signal_text
from gridhedge.strategy.view import View

_STALE_CANDLES = 2
_NO_CANDLES = "candles"
_HALTED, _TRADES = _CLOSED = "halted", "trades"
"""Codes of alarms; those of ``_CLOSED`` stand until the day is over."""


class Filters:
    """What stands between a signal and an order. Holds settings only."""

    def __init__(self, settings: SignalSettings) -> None:
        self._settings = settings
        self._zone = settings.timezone
        self._hours: Hours | None = None
        if settings.start_time is not None and settings.finish_time is not None:
            self._hours = Hours(self._zone, minutes_of(settings.start_time), minutes_of(settings.finish_time))
        self.timeframe: Timeframe | None = None
        """Of the candles that are needed; None where nothing depends on candles."""
        if settings.has_signals or settings.open_on_new_candle:
            self.timeframe = settings.candle

    def is_fresh(self, view: View) -> bool:
        """Whether the last signal is that of the last candle, or of the one before while that is on its way."""
        seen = view.signal
        if self.timeframe is None:
            return True
        return seen is not None and view.now < seen.candle + _STALE_CANDLES * self.timeframe.ms

    def news(self, view: View) -> Iterator[Decision]:
        """A signal that is of use is written down when it says something else than the last one, or speaks anew."""
        seen, known, book = view.signal, view.book.signal, view.book
        if seen is None or (known is not None and known.candle >= seen.candle):
            return
        if known is not None and not seen.crossed and (seen.stands, seen.crossed) == (known.stands, known.crossed):
            return
        if any(self._is_of_use(view, side) for side in (book.long, book.short)):
            yield seen._replace(at=view.now)

    def _is_of_use(self, view: View, side: SideBook) -> bool:
        """Whether a side is flat, and may open now or has a first order at the venue."""
        return side.entered <= 0 and (bool(side.entries) or self.may_open(view, side))

    def awaited(self, book: SymbolBook, alarms: Collection[str], now: Millis) -> tuple[Side, ...] | None:
        """The sides that a signal could open: those that are flat. None: every candle matters, because a first order
        rests that belongs to the last one, or because an alarm may end with it."""
        flat = tuple(side for side in (book.long, book.short) if side.entered <= 0)
        may_end = _NO_CANDLES in alarms or (flat and any(code not in _CLOSED for code in alarms))
        if may_end or any(side.entries for side in flat):
            return None
        is_closed = self._settings.suspend or not (self._hours is None or self._hours.are_open(now))
        if is_closed or any(code in alarms for code in _CLOSED):
            return ()
        return tuple(side.side for side in flat)

    def may_stand(self, view: View, side: Side) -> bool:
        """Whether a basket of this side that has been opened may still wait for its first execution."""
        halted = view.book.halted
        if self._settings.suspend or (halted is not None and view.now < halted.until):
            return False
        return side in self._signals(view) and (self._hours is None or self._hours.are_open(view.now))

    def may_open(self, view: View, side: SideBook) -> bool:
        """Whether a signal stands that this side has not used up, and nothing forbids it. A crossing opens once; a
        signal that stands, as often as the basket has been closed."""
        seen = view.signal
        is_new = (
            not self._settings.has_signals
            or seen is None
            or side.side in seen.stands
            or side.basket.opened_at < seen.candle
        )
        return is_new and self.may_stand(view, side.side) and self._trades(view) < self._settings.trades_per_day

    def is_out_of_date(self, view: View, side: SideBook) -> bool:
        """Whether a basket whose first order has never executed belongs to an earlier signal."""
        return self._settings.has_signals and view.signal is not None and side.basket.opened_at < view.signal.candle

    def _signals(self, view: View) -> tuple[Side, ...]:
        if not self._settings.has_signals:
            return SIDES
        seen = view.signal
        if seen is None or not self.is_fresh(view):
            return ()
        return tuple(side for side in SIDES if side in seen.stands or side in seen.crossed)

    def _trades(self, view: View) -> int:
        begins = day_at(self._zone, view.now).begins
        return sum(view.book.of(side).basket.openings_since(begins) for side in SIDES)

    def notes(self, view: View) -> Iterator[str]:
        """What the last candle said, with its figures."""
        seen = view.signal
        if seen is None or not self._settings.has_signals:
            return
        yield f"{self._settings.timeframe} {signal_text(seen)}"

    def explain(self, draft: Draft) -> None:
        """Say why nothing is opened, where it is not for want of a signal, and ask again when that changes."""
        view, settings = draft.view, self._settings
        halted = view.book.halted
        if not self.is_fresh(view):
            assert self.timeframe is not None
            text = f"no signals: {candles_needed(settings)} closed candles of {self.timeframe.value} are needed"
            if view.signal is not None:
                text = f"no signals: the last candle of {self.timeframe.value} that the venue told is too old"
            draft.alarm(_NO_CANDLES, "warning", text)
        if halted is not None and view.now < halted.until:
            draft.wake_at(halted.until)
            text = f"{halted.cause.value} reached at {halted.profit:.2f}: nothing is opened until the next day"
            draft.alarm(_HALTED, "critical" if halted.cause is Cause.DAY_LOSS else "warning", text)
        elif not settings.suspend and self._hours is not None:
            draft.wake_at(self._hours.next_start(view.now))  # nothing asks between their end and then
        if self._trades(view) >= settings.trades_per_day:
            draft.wake_at(day_at(self._zone, view.now).ends)
            text = f"{settings.trades_per_day} baskets were opened today: no more before tomorrow"
            draft.alarm(_TRADES, "warning", text)
