"""A profile that is being written: what it will say, as texts, and the commented YAML that says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

__all__ = ["Draft", "DraftSymbol", "written"]

Says: TypeAlias = Mapping[str, str]
"""Fields and their values as they will stand in the file."""

_COLUMN = 44
_COMMENTS = {
    "account": "folder under the data directory, part of every order's id, name of its keys",
    "demo_trading": "false is real money, and must be said twice: also live: true, or --live",
    "rules": "whose steps, minimums, margin tiers and fees the embedded exchange has",
    "balance": "wallet at the first start",
    "dry_run": "decide and log, send nothing",
    "leverage": "lowered to what the venue allows; moves quantities and margin, not distances",
    "initial_position_size_usd": "margin of the first order of each side",
    "grid_step_percent": "each level rests this far beyond the one before it",
    "averaging_multiplier": "each level is this many times the one before it",
    "take_profit_percent": "net profit on a side's cost, all fees and funding paid",
    "max_grid_levels_per_side": "levels 0 to this less one",
    "mm_rate_threshold": "maintenance margin rate in percent at which everything stops",
    "balance_buffer_percent": "part of the balance that averaging never touches",
    "direction": "of this grid: long or short",
    "initial_capital": "in quote currency; realised profit is added to it",
    "max_entry_level": "number of entries",
    "entry_ratios": "margin of each entry, as a part of the capital",
    "level_distances_percent": "distance of each entry from the grid's center",
    "stop_loss_percent": "distance from the center, set once the last entry has executed",
    "grid_range_percent": "whole range: half of it beyond the center, an empty grid is built anew",
    "break_even_percent": "where all but the first entry is closed",
    "timeframe": "candles of the signals",
    "use_sma_sar": "Parabolic SAR above the weighted average opens BUY, below it SELL",
    "cci_period": "0: off",
    "multiplier": "quantity from order to order; 0: the fixed lots of the bands",
    "space_percent": "distance of the first orders of a basket",
    "space_orders": "how many of them",
    "space_lots": "quantity of the first order, in base currency",
    "single_order_profit": "in quote currency; closes an only open order",
    "basket_profit": "closes a whole basket; 0: off",
    "pair_global_profit": "closes both baskets",
    "global_profit": "the day's profit that ends the day; 0: off",
    "max_loss": "the day's loss that ends the day, a negative number; 0: off",
}


class DraftSymbol(NamedTuple):
    """One entry of ``symbols``."""

    symbol: str
    leverage: str
    strategy: Says
    price: str = ""
    """Where a walk of the embedded exchange begins; other venues have prices of their own."""


class Draft(NamedTuple):
    """One account's profile."""

    account: str
    venue: Says
    symbols: tuple[DraftSymbol, ...]
    risk: Says
    more: Says = MappingProxyType({})
    """Fields beside these groups."""
    remarks: tuple[str, ...] = ()
    """What the user should know about how it came to be."""


def written(draft: Draft, head: str) -> str:
    """The profile as YAML, every line that sets something explained. ``head`` is the first comment."""
    lines = [f"# {head}", "", _line("", "account", f'"{draft.account}"')]
    lines += [_line("", name, value) for name, value in draft.more.items()]
    lines += ["venue:", *(_line("  ", name, value) for name, value in draft.venue.items())]
    if draft.venue["name"] == "paper":
        lines.append("  feeds:")
        feeds = (f"{{kind: synthetic, price: {entry.price}}}" for entry in draft.symbols)
        lines += [f"    {entry.symbol}: {feed}" for entry, feed in zip(draft.symbols, feeds, strict=True)]
    lines.append("symbols:")
    for entry in draft.symbols:
        lines += _entry(entry)
    lines += ["risk:", *(_line("  ", name, value) for name, value in draft.risk.items())] if draft.risk else []
    return "\n".join(lines) + "\n"


def _entry(entry: DraftSymbol) -> Iterator[str]:
    yield f"  - symbol: {entry.symbol}"
    yield _line("    ", "leverage", entry.leverage)
    yield "    strategy:"
    for name, value in entry.strategy.items():
        yield _line("      ", name, value)


def _line(indent: str, name: str, value: str) -> str:
    said = f"{indent}{name}: {value}"
    comment = _COMMENTS.get(name)
    return f"{said:<{_COLUMN}} # {comment}" if comment else said
