"""Decisions in a trader's words: for the log, the screen and messages."""

from __future__ import annotations

from gridhedge.domain.basket import Cause
from gridhedge.domain.events import (
    BasketClosed,
    CloseDecided,
    CycleOpened,
    Event,
    GridFixed,
    LevelStarted,
    SignalSeen,
    TradingHalted,
)
from gridhedge.engine.ports import Level
from gridhedge.store.times import iso
from gridhedge.strategy.signals import signal_text


def telling(event: Event) -> tuple[Level, str] | None:
    """How loud, and what; None for what a trader need not see."""
    if isinstance(event, CycleOpened) and event.now_levels:
        return "info", opening_text(event)
    if isinstance(event, GridFixed):
        return "info", grid_text(event)
    if isinstance(event, SignalSeen):
        return "info", f"{event.symbol} at {event.close:f}: {signal_text(event)}"
    if isinstance(event, LevelStarted):
        return "info", f"{event.symbol} {event.side.value} adds order {event.level} at the close of the candle"
    if isinstance(event, CloseDecided):
        cause = f"{event.cause.value} is reached at {event.profit:.2f}"
        return "info", f"{event.symbol} {event.side.value} closes: {cause}"
    if isinstance(event, BasketClosed):
        cause = event.cause.value
        return "info", f"{event.symbol} {event.side.value} has closed with {event.profit:+.2f} net: {cause}"
    if isinstance(event, TradingHalted):
        level: Level = "warning" if event.cause is Cause.DAY_LOSS else "info"
        text = f"{event.cause.value} is reached at {event.profit:.2f}: everything closes, nothing opens before"
        return level, f"{text} {iso(event.until)}"
    return None


def opening_text(event: CycleOpened) -> str:
    """``DOGEUSDT long opens with levels 0 to 3``."""
    levels = "level 0" if event.now_levels == 1 else f"levels 0 to {event.now_levels - 1}"
    return f"{event.symbol} {event.side.value} opens with {levels}"


def grid_text(event: GridFixed) -> str:
    """``BTCUSDC long grid around 91080.99: 0.017 @ 90170.18, 0.021 @ 87437.75``."""
    levels = [f"{size} @ {price}" for size, price in zip(event.quantities, event.prices, strict=True) if size]
    return f"{event.symbol} {event.side.value} grid around {event.center:.8g}: {', '.join(levels) or 'no level fits'}"
