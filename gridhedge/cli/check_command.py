"""``gridhedge check``: readiness, line by line; places nothing."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gridhedge.cli.accounts import command_line
from gridhedge.cli.build import checked_venue
from gridhedge.cli.options import data_option, json_option, leverage_option, profile_option, symbol_option
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.runner import refuse_emergency
from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.values import Money, Price
from gridhedge.engine.ports import Check, Venue
from gridhedge.profile.overrides import Overrides
from gridhedge.profile.settings import Profile
from gridhedge.store.emergency import read_emergency
from gridhedge.strategy.basket import basket_table, wished_lots
from gridhedge.strategy.grid import grid_around
from gridhedge.strategy.ladder import base_quantity, reference_quantities
from gridhedge.strategy.settings import SignalSettings, SymmetricSettings, TrimSettings


@click.command("check")
@profile_option
@symbol_option
@leverage_option
@json_option
@data_option
def command(profile: Path, symbol: str | None, leverage: str | None, as_json: bool, data_dir: Path) -> None:
    """Try the profile against its venue and say what would be done; changes and places nothing."""
    settings = open_profile(profile, said=Overrides(symbol, leverage))
    venue = checked_venue(settings)
    try:
        checks = [
            Check("profile", True, f"{profile}: account {settings.account}, digest {settings.digest}"),
            _stop_check(data_dir, settings.account),
            *venue.checks(settings.traded),
        ]
        try:
            checks += _strategy_checks(settings, venue)
        except VenueError:
            if all(check.passed is not False for check in checks):
                raise  # else it has been said already why the venue does not answer
    finally:
        venue.close()
    if as_json:
        click.echo(json.dumps([check._asdict() for check in checks], indent=1))
    else:
        _print(checks)
    refuse_emergency(data_dir / settings.account, settings.account)
    failed = [check.name for check in checks if check.passed is False]
    if failed:
        raise Refused(f"not ready: {', '.join(failed)}")


def _stop_check(data: Path, account: str) -> Check:
    emergency = read_emergency(data / account)
    if emergency is None:
        return Check("emergency stop", True, "none is set")
    return Check("emergency stop", False, f"{emergency.reason}; {command_line('resume', data, account)}")


def _strategy_checks(profile: Profile, venue: Venue) -> list[Check]:
    checks = []
    for entry in profile.symbols:
        rules, market = venue.instrument(entry.symbol), venue.market(entry.symbol)
        leverage = min(entry.leverage, rules.max_leverage)
        lowered = f"{entry.leverage}x lowered to {leverage}x" if leverage < entry.leverage else f"{leverage}x"
        text = f"{entry.symbol}: {lowered}, the venue allows up to {rules.max_leverage}x"
        checks.append(Check("leverage", None if leverage < entry.leverage else True, text))
        cap, last = profile.risk.max_notional_per_side, market.last
        settings = entry.strategy
        if isinstance(settings, SymmetricSettings):
            checks += _hedge_checks(entry.symbol, settings, rules, leverage, last, cap)
        elif isinstance(settings, TrimSettings):
            checks += _grid_checks(entry.symbol, settings, rules, leverage, last, cap, venue.account().wallet_balance)
        elif isinstance(settings, SignalSettings):
            checks += _basket_checks(entry.symbol, settings, rules, leverage, last, cap)
    return checks


def _hedge_checks(
    symbol: str, settings: SymmetricSettings, rules: Instrument, leverage: int, last: Price, cap: Money
) -> list[Check]:
    checks = []
    table = reference_quantities(settings, rules, leverage, last, cap)
    wished = settings.initial_position_size_usd * leverage / last
    first = base_quantity(settings, rules, leverage, last)
    margin = first * last / leverage
    least = f"at least {rules.min_quantity:f} {rules.base} and {rules.min_notional:f} {rules.quote} an order"
    if first > wished:
        text = f"{symbol}: raised to the venue's minimum {first}: real first margin {margin:.2f} ({least})"
        checks.append(Check("first quantity", None, text))
    else:
        text = f"{symbol}: {first}, {margin:.2f} {rules.quote} of margin a side ({least})"
        checks.append(Check("first quantity", True, text))
    levels = f"{len(table)} of {settings.max_grid_levels_per_side} levels, {sum(table)} {rules.base} per side in all"
    checks.append(Check("ladder", bool(table), f"{symbol}: {levels}"))
    if table:
        text = f"would open {table[0]} long and {table[0]} short of {symbol} at {last}"
        checks.append(Check("first orders", None, text))
    return checks


def _grid_checks(
    symbol: str, settings: TrimSettings, rules: Instrument, leverage: int, last: Price, cap: Money, wallet: Money
) -> list[Check]:
    capital = settings.initial_capital or settings.capital_fraction * wallet
    grid = grid_around(settings, rules, leverage, last, capital, cap)
    orders = [(size, price) for size, price in zip(grid.quantities, grid.prices, strict=True) if size]
    text = f"{symbol} {settings.direction}: {len(orders)} of {settings.max_entry_level} levels, capital {capital:.2f}"
    checks = [Check("grid", bool(orders), text)]
    if orders:
        rests = ", ".join(f"{size} @ {price}" for size, price in orders)
        checks.append(Check("first orders", None, f"would rest {rests} around {last}"))
    return checks


def _basket_checks(
    symbol: str, settings: SignalSettings, rules: Instrument, leverage: int, last: Price, cap: Money
) -> list[Check]:
    wished, table = wished_lots(settings, rules), basket_table(settings, rules, leverage, last, cap)
    raised = sum(quantity > wished[level] for level, quantity in enumerate(table))
    checks = [
        Check(
            "basket",
            bool(table),
            f"{symbol}: {len(table)} of {len(wished)} orders, {sum(table)} {rules.base} a side in all"
            + (f"; {raised} of them raised to the venue's minimum" if raised else ""),
        )
    ]
    if table:
        when = f"when a signal of {settings.timeframe} candles says so" if settings.has_signals else "on both sides"
        text = f"would open {table[0]} of {symbol} at {last}, {when}"
        if settings.suspend:
            text = f"suspend: would open nothing of {symbol}"
        checks.append(Check("first orders", None, text))
    return checks


def _print(checks: list[Check]) -> None:
    from rich.markup import escape

    from gridhedge.cli.terminal import Terminal

    console = Terminal()
    for check in checks:
        mark = {True: "[green]ok  [/green]", False: "[bold red]FAIL[/bold red]", None: "[dim]note[/dim]"}[check.passed]
        console.print(f"{mark} {escape(check.name)}: {escape(check.text)}", soft_wrap=True)
