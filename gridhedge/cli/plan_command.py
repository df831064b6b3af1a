"""``gridhedge plan``: the ladder that a profile means, and where it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridhedge.cli.facts import Facts, facts_of
from gridhedge.cli.options import amount, data_option, json_option, leverage_option, profile_option
from gridhedge.cli.profiles import open_profile
from gridhedge.domain.errors import UsageError
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.values import Money, Price
from gridhedge.engine.status import AccountStatus
from gridhedge.profile.overrides import Overrides
from gridhedge.profile.settings import Profile, SymbolSettings
from gridhedge.profile.venues import PaperSettings
from gridhedge.replay.ends import BALANCE, End, Way, where_it_ends
from gridhedge.store.snapshot import read_status
from gridhedge.strategy.preview import Ladder, LadderLine, preview, preview_baskets, preview_trim
from gridhedge.strategy.settings import SignalSettings, SymmetricSettings, TrimSettings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@click.command("plan")
@profile_option
@click.option("--price", help="Start from this price instead of the market's.")
@click.option("--balance", help="Begin with this much money instead of the account's.")
@click.option("--symbol", help="Which symbol of the profile (default: all), or another one in place of its only one.")
@leverage_option
@json_option
@data_option
def command(
    profile: Path,
    price: str | None,
    balance: str | None,
    symbol: str | None,
    leverage: str | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Show level, price, quantity, margin and take-profit of both sides, and where the ladder ends.

    Needs no keys. Without --price it begins at the venue's price, or where the account's bot last saw it; on paper
    where the bot last saw it, or where the prices begin.
    """
    settings = open_profile(profile, live=True, said=Overrides(leverage=leverage))  # places nothing
    if symbol not in (None, *settings.traded):
        if len(settings.traded) > 1:
            raise UsageError(f"{profile}: symbol {symbol} is not in it; it has {', '.join(settings.traded)}")
        settings = open_profile(profile, live=True, said=Overrides(symbol, leverage))
    entries = [entry for entry in settings.symbols if symbol in (None, entry.symbol)]
    said = amount("--price", price)
    status = read_status(data_dir / settings.account / "status.json", AccountStatus)
    seen = {} if status is None else {symbol.symbol: symbol.last for symbol in status.symbols}
    money = _balance(settings, amount("--balance", balance), status)
    facts = facts_of(settings)
    for source in dict.fromkeys(fact.source for fact in facts.values() if fact.source):
        click.echo(f"note: {source}", err=True)
    plans = []
    for entry in entries:
        start = said or _first_price(settings, facts[entry.symbol], seen.get(entry.symbol))
        plans.append(_plan(settings, entry, facts[entry.symbol], start, money))
    if as_json:
        click.echo(json.dumps(plans[0] if len(plans) == 1 else plans, indent=1))
        return
    from gridhedge.cli.terminal import Terminal

    console = Terminal()
    for plan in plans:
        for side in filter(plan.get, ("long", "short")):
            console.print(fitting_table(console, plan, side))
        if "stop_loss" in plan:
            console.print(f"Once the last level has executed: stop-loss for everything at {plan['stop_loss']}")
        for text in _endings(plan["ends"]):
            console.print(text, soft_wrap=True)


def _balance(profile: Profile, said: Money | None, status: AccountStatus | None) -> Money:
    """What the account has: as said, as the profile's paper venue begins, as its bot last saw it, or an example."""
    if said is not None:
        return said
    if isinstance(profile.venue, PaperSettings):
        return profile.venue.balance
    if status is not None:
        return status.margin_balance
    click.echo(f"note: where the ladder ends is told for a balance of {BALANCE}; --balance says another", err=True)
    return BALANCE


def _first_price(profile: Profile, facts: Facts, seen: Price | None) -> Price:
    """Raises UsageError where nobody knows a price."""
    known = (seen, facts.last) if isinstance(profile.venue, PaperSettings) else (facts.last, seen)
    for price in known:
        if price is not None:
            return price
    raise UsageError(f"{facts.instrument.symbol}: the venue does not tell a price now; give one with --price")


def _plan(profile: Profile, entry: SymbolSettings, facts: Facts, price: Price, balance: Money) -> dict[str, Any]:
    rules, fees = facts.instrument, facts.fees
    leverage = min(entry.leverage, rules.max_leverage)
    ladder = _ladder(profile, entry, facts, price, balance)
    if not ladder.long and not ladder.short:
        raise UsageError(
            f"{entry.symbol} at {price:f}: not even level 0 fits into what the venue allows at {leverage}x; "
            "lower the leverage, initial_position_size_usd, or max_notional_per_side"
        )
    alone = profile.model_copy(update={"symbols": (entry,)})
    ways = {
        name: where_it_ends(alone, rules, fees, price, balance, falling)
        for name, falling in (("falling", True), ("rising", False))
    }
    return _document(entry.symbol, price, ladder, ways, rules)


def _ladder(profile: Profile, entry: SymbolSettings, facts: Facts, price: Price, balance: Money) -> Ladder:
    """What the strategy would want. One branch per strategy."""
    rules, fees, settings, cap = facts.instrument, facts.fees, entry.strategy, profile.risk.max_notional_per_side
    leverage = min(entry.leverage, rules.max_leverage)
    if isinstance(settings, SymmetricSettings):
        return preview(settings, rules, fees, leverage, price, cap)
    if isinstance(settings, TrimSettings):
        capital = settings.initial_capital or settings.capital_fraction * balance
        return preview_trim(settings, rules, fees, leverage, price, capital, cap)
    if isinstance(settings, SignalSettings):
        return preview_baskets(settings, rules, fees, leverage, price, cap)
    raise TypeError(f"no ladder for {type(settings).__name__}")


def _document(symbol: str, price: Price, ladder: Ladder, ways: dict[str, Way], rules: Instrument) -> dict[str, Any]:
    document: dict[str, Any] = {
        "symbol": symbol,
        "price": f"{price:f}",
        "reference_quantities": [f"{quantity:f}" for quantity in ladder.reference_quantities],
        "long": [_line(line, rules) for line in ladder.long],
        "short": [_line(line, rules) for line in ladder.short],
        "ends": {
            name: {direction: _end(getattr(way, name)) for direction, way in ways.items()}
            for name in Way._fields
            if name != "max_loss" or any(way.max_loss for way in ways.values())
        },
    }
    if ladder.stop_loss is not None:
        document["stop_loss"] = f"{ladder.stop_loss:f}"
    if any(line.exit != "take-profit" for line in (*ladder.long, *ladder.short)):  # exits differ from level to level
        for side, lines in (("long", ladder.long), ("short", ladder.short)):
            for row, line in zip(document[side], lines, strict=True):
                row["exit"] = line.exit
    return document


def _line(line: LadderLine, rules: Instrument) -> dict[str, Any]:
    money = Decimal("0.0001")
    return {
        "level": line.level,
        "price": f"{line.price:f}",
        "quantity": f"{line.quantity:f}",
        "notional": f"{line.notional.quantize(money):f}",
        "margin": f"{line.margin.quantize(money):f}",
        "cumulative_margin": f"{line.cumulative_margin.quantize(money):f}",
        "average": f"{line.average.quantize(rules.tick_size / 10):f}",
        "take_profit": f"{line.take_profit:f}",
        "distance_percent": f"{line.distance_percent.quantize(Decimal('0.01')):f}",
    }


def _end(end: End | None) -> dict[str, Any] | None:
    return None if end is None else {"price": f"{end.price:f}", "level": end.level}


# ---- for people ------------------------------------------------------------------------------------------------------

_COLUMNS = {
    "level": "level",
    "price": "price",
    "distance_percent": "away %",
    "quantity": "quantity",
    "notional": "notional",
    "margin": "margin",
    "cumulative_margin": "sum",
    "average": "average",
    "take_profit": "take-profit",
    "exit": "exit",
}
_WORDS = {
    "averaging": "the last level executes",
    "reserve": "the reserve stops averaging",
    "mm_threshold": "the margin rate reaches the threshold, emergency stop",
    "liquidation": "without that stop, liquidation",
    "max_loss": "the day's max_loss closes everything",
}


_DISPENSABLE = ("notional", "margin", "distance_percent", "average")
"""Columns that a narrow terminal goes without, the first of them first. Digits are never cut off."""


def fitting_table(console: Console, plan: dict[str, Any], side: str) -> Table:
    """A side as a table with every digit: where it would be too wide, whole columns are left out."""
    from rich.measure import Measurement

    wide = console.options.update(max_width=1000)
    columns = dict(_COLUMNS)
    if not any("exit" in row for row in plan[side]):
        del columns["exit"]
    table = _table(plan, side, columns)
    for name in _DISPENSABLE:
        if Measurement.get(console, wide, table).maximum <= console.width:
            break
        del columns[name]
        table = _table(plan, side, columns)
    return table


def _table(plan: dict[str, Any], side: str, columns: Mapping[str, str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    title = f"{plan['symbol']} {side}, from {plan['price']}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for column in columns.values():
        table.add_column(column, justify="right", no_wrap=True)
    for row in plan[side]:
        table.add_row(*(_cell(name, row[name]) for name in columns))
    return table


def _cell(name: str, value: Any) -> str:
    return f"{Decimal(value):,.2f}" if name in ("notional", "margin", "cumulative_margin") else str(value)


def _endings(ends: dict[str, Any]) -> list[str]:
    texts = []
    for direction in ("falling", "rising"):
        texts.append(f"If the price goes straight {'down' if direction == 'falling' else 'up'}:")
        for name, words in _WORDS.items():
            if name not in ends:
                continue
            end = ends[name][direction]
            where = "not met" if end is None else f"at {end['price']}, level {end['level']}"
            texts.append(f"  {words}: {where}")
    return texts
