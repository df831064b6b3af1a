"""The summary as tables for a terminal, and as the dictionary behind ``report --json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from gridhedge.domain.values import Money
from gridhedge.report.booking import Cycle, Reentry
from gridhedge.report.summary import Summary, Sums
from gridhedge.report.words import duration, iso, minute, money, plain, seconds

_CYCLES_SHOWN = 20


def tables(summary: Summary) -> list[Table]:
    """Totals, then profit by day, symbol, side and role, then the latest cycles. Groups without rows are left out."""
    groups = [
        ("day", summary.by_day),
        ("symbol", summary.by_symbol),
        ("side", summary.by_side),
        ("role", summary.by_role),
    ]
    made = [_totals(summary), *(_sums_table(f"profit by {name}", name, sums) for name, sums in groups if sums)]
    return [*made, _cycles_table(summary.cycles)] if summary.cycles else made


def total_rows(summary: Summary) -> list[tuple[str, str]]:
    """The figures of the whole period, named, for every kind of output that a person reads."""
    total, fall, unhedged = summary.total, summary.drawdown, summary.unhedged
    rows = [
        ("period", f"{minute(summary.since)} to {minute(summary.until)} UTC" if summary.until else "no rows"),
        ("net profit", money(total.net)),
        ("before fees and funding", money(total.gross)),
        ("fees", money(total.fees)),
        ("funding paid", money(total.funding)),
        ("volume", money(total.volume)),
        ("executions", f"{total.executions:,}"),
        ("cycles", f"{len(summary.cycles):,}"),
        ("cycles with a loss", f"{sum(1 for cycle in summary.cycles if cycle.net < 0):,}"),
        ("re-entries", f"{len(summary.reentries):,}"),
    ]
    if unhedged:
        rows.append(("unhedged, longest", duration(max(unhedged))))
        rows.append(("unhedged, on average", duration(sum(unhedged) // len(unhedged))))
    if fall is not None:
        rows.append(("max drawdown", f"{money(fall.amount)} ({fall.percent:.2f} %), bottom {minute(fall.bottom_at)}"))
    if summary.unmatched:
        rows.append(("closed without known entry", f"{money(summary.unmatched)} (its profit is not counted)"))
    return rows


def sums_row(sums: Sums) -> tuple[str, ...]:
    """The cells under ``SUMS_TITLES``."""
    return (
        money(sums.net),
        money(sums.gross),
        money(sums.fees),
        money(sums.funding),
        money(sums.volume),
        f"{sums.executions:,}",
    )


SUMS_TITLES = ("net", "gross", "fees", "funding", "volume", "executions")


def as_dict(summary: Summary) -> dict[str, Any]:
    """Decimals as strings, times as ISO UTC, durations in seconds."""
    fall = summary.drawdown
    return {
        "from": iso(summary.since) if summary.until else None,
        "to": iso(summary.until) if summary.until else None,
        "total": _sums_dict(summary.total),
        "by_day": _group_dict(summary.by_day),
        "by_symbol": _group_dict(summary.by_symbol),
        "by_side": _group_dict(summary.by_side),
        "by_role": _group_dict(summary.by_role),
        "cycles": [_cycle_dict(cycle) for cycle in summary.cycles],
        "reentries": [_reentry_dict(entry) for entry in summary.reentries],
        "longest_unhedged_seconds": seconds(max(summary.unhedged)) if summary.unhedged else None,
        "max_drawdown": None
        if fall is None
        else {
            "amount": plain(fall.amount),
            "percent": plain(fall.percent),
            "peak_at": iso(fall.peak_at),
            "bottom_at": iso(fall.bottom_at),
        },
        "unmatched_notional": plain(summary.unmatched),
    }


def _totals(summary: Summary) -> Table:
    table = Table(title="report", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, text in total_rows(summary):
        table.add_row(name, _coloured(text, summary.total.net) if name == "net profit" else text)
    return table


def _sums_table(title: str, key: str, groups: Mapping[str, Sums]) -> Table:
    table = _table(title, (key, *SUMS_TITLES))
    for name, sums in groups.items():
        net, *others = sums_row(sums)
        table.add_row(escape(name), _coloured(net, sums.net), *others)
    return table


def _cycles_table(cycles: Sequence[Cycle]) -> Table:
    shown = cycles[-_CYCLES_SHOWN:]
    title = "cycles" if len(shown) == len(cycles) else f"the latest {len(shown)} of {len(cycles):,} cycles"
    table = _table(title, ("closed, UTC", "symbol", "side", "net", "deepest level", "quantity", "lasted"))
    for cycle in shown:
        deepest = "-" if cycle.deepest_level is None else str(cycle.deepest_level)
        net = _coloured(money(cycle.net), cycle.net)
        quantity = plain(cycle.quantity)
        symbol = escape(cycle.symbol)
        lasted = duration(cycle.milliseconds)
        table.add_row(minute(cycle.closed), symbol, cycle.side.value, net, deepest, quantity, lasted)
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    return table


def _coloured(text: str, amount: Money) -> str:
    return text if not amount else f"[{'green' if amount > 0 else 'red'}]{text}[/]"


def _group_dict(groups: Mapping[str, Sums]) -> dict[str, dict[str, Any]]:
    return {name: _sums_dict(sums) for name, sums in groups.items()}


def _sums_dict(sums: Sums) -> dict[str, Any]:
    return {
        "net_profit": plain(sums.net),
        "gross_profit": plain(sums.gross),
        "fees": plain(sums.fees),
        "funding": plain(sums.funding),
        "volume": plain(sums.volume),
        "executions": sums.executions,
    }


def _cycle_dict(cycle: Cycle) -> dict[str, Any]:
    return {
        "symbol": cycle.symbol,
        "side": cycle.side.value,
        "opened": iso(cycle.opened),
        "closed": iso(cycle.closed),
        "seconds": seconds(cycle.milliseconds),
        "deepest_level": cycle.deepest_level,
        "quantity": plain(cycle.quantity),
        "net_profit": plain(cycle.net),
        "gross_profit": plain(cycle.gross),
        "fees": plain(cycle.fees),
        "funding": plain(cycle.funding),
    }


def _reentry_dict(entry: Reentry) -> dict[str, Any]:
    unhedged = entry.unhedged_milliseconds
    return {
        "symbol": entry.symbol,
        "side": entry.side.value,
        "closed": iso(entry.closed),
        "hedged": None if entry.hedged is None else iso(entry.hedged),
        "unhedged_seconds": None if unhedged is None else seconds(unhedged),
    }
