"""Executions with their profit as CSV, for a spreadsheet or a tax adviser."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from gridhedge.report.booking import Booked
from gridhedge.report.summary import role_name
from gridhedge.report.words import iso, plain

_COLUMNS = (
    "time",
    "symbol",
    "side",
    "role",
    "level",
    "cycle",
    "action",
    "quantity",
    "price",
    "notional",
    "fee",
    "liquidity",
    "kind",
    "gross_profit",
    "net_profit",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(trades: Iterable[Booked], target: TextIO) -> None:
    """One line per execution. ``net_profit`` of an exit bears its share of the entry fees and of the funding."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(booked) for booked in trades)


def _cells(booked: Booked) -> tuple[str | int, ...]:
    trade = booked.trade
    return (
        iso(trade.at),
        _text(trade.symbol),
        trade.side.value,
        role_name(trade.role),
        "" if trade.level is None else trade.level,
        "" if trade.cycle is None else trade.cycle,
        "close" if trade.closing else "open",
        plain(trade.quantity),
        plain(trade.price),
        plain(trade.quantity * trade.price),
        plain(trade.fee),
        "maker" if trade.maker else "taker",
        trade.kind.value,
        plain(booked.gross) if trade.closing else "",
        "" if booked.profit is None else plain(booked.profit),
    )


def _text(value: str) -> str:
    """A text from a venue must not become a formula in a spreadsheet."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
