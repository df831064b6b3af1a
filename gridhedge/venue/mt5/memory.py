"""What a terminal does not keep: which exit orders the prices on tickets belong to, which swap has been told, and how
far the server's clock is ahead.

A file of lines, each written and synced before what it tells of is sent or told. Without a file it is forgotten.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import Funding
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side

__all__ = ["Exit", "Memory"]


class Exit(NamedTuple):
    """An exit order of a side, which lives as the take-profit (or the stop-loss) of its tickets. ``quantity``: executed
    part included."""

    symbol: str
    side: Side
    client_id: str
    price: Price
    quantity: Quantity
    at: Millis
    is_over: bool = False
    """Withdrawn, or no ticket carries it any more."""
    is_stop: bool = False


class Memory:
    """Raises DiskFailure where it can not be read or written."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.exits: list[Exit] = []
        """Oldest first; amended ones appear again."""
        self.swaps: list[Funding] = []
        self._told: dict[int, tuple[Money, int]] = {}
        """By position: swap told so far (positive: paid), and in how many parts."""
        self.offset_s: int | None = None
        """How far the server's clock is ahead of UTC, as it was measured last."""
        if file is not None and file.exists():
            self._read(file)

    def current(self, symbol: str, side: Side, is_stop: bool) -> Exit | None:
        """The side's exit order of a kind that was placed last, unless it is over."""
        place = symbol, side, is_stop
        last = next((one for one in reversed(self.exits) if (one.symbol, one.side, one.is_stop) == place), None)
        return None if last is None or last.is_over else last

    def find(self, client_id: str) -> Exit | None:
        """An exit order as it was said last."""
        return next((one for one in reversed(self.exits) if one.client_id == client_id), None)

    def at(self, symbol: str, side: Side, is_stop: bool, moment: Millis) -> Exit | None:
        """The exit order that a price on tickets belonged to at a moment."""
        place = symbol, side, is_stop
        found = [one for one in self.exits if (one.symbol, one.side, one.is_stop) == place and one.at <= moment]
        return found[-1] if found else None

    def put(self, exit_: Exit) -> None:
        """Remember an exit order, before its prices are set."""
        self.exits.append(exit_)
        values = [exit_.symbol, exit_.side.value, exit_.client_id, f"{exit_.price:f}", f"{exit_.quantity:f}"]
        self._write({"exit": [*values, exit_.at, exit_.is_over, exit_.is_stop]})

    def keep_offset(self, offset_s: int) -> None:
        """Remember how far the server's clock is ahead: over a weekend no price tells it."""
        if offset_s != self.offset_s:
            self.offset_s = offset_s
            self._write({"clock": [offset_s]})

    def owe(self, position: int, symbol: str, side: Side, total: Money, at: Millis) -> Funding | None:
        """The part of a position's swap that was not told yet, as a payment; ``total`` is positive when paid."""
        told, count = self._told.get(position, (ZERO, 0))
        if total == told:
            return None
        funding = Funding(f"S{position}-{count + 1}", symbol, side, total - told, ZERO, at)
        self._told[position] = (total, count + 1)
        self.swaps.append(funding)
        self._write({"swap": [position, funding.funding_id, symbol, side.value, f"{funding.amount:f}", at]})
        return funding

    def _write(self, line: dict[str, object]) -> None:
        if self._file is None:
            return
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DiskFailure(f"{self._file} can not be written: {error.strerror}; orders stay as they are") from error

    def _read(self, file: Path) -> None:
        try:
            lines = file.read_bytes().split(b"\n")
        except OSError as error:
            raise DiskFailure(f"{file} can not be read: {error.strerror}") from error
        for line in lines[:-1]:  # what has no end was torn by a crash, and never acted upon
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, ArithmeticError) as error:
                raise DiskFailure(f"{file} is damaged; move it away: it is rebuilt from the terminal") from error

    def _take(self, line: dict[str, list[object]]) -> None:
        if "exit" in line:
            symbol, side, client_id, price, quantity, at, is_over, *more = line["exit"]
            numbers = Decimal(str(price)), Decimal(str(quantity))
            flags = bool(is_over), bool(more and more[0])  # the first version knew no stops
            self.exits.append(Exit(str(symbol), Side(side), str(client_id), *numbers, int(str(at)), *flags))
            return
        if "clock" in line:
            self.offset_s = int(str(line["clock"][0]))
            return
        position, funding_id, symbol, side, amount, at = line["swap"]
        paid = Funding(str(funding_id), str(symbol), Side(side), Decimal(str(amount)), ZERO, int(str(at)))
        self.swaps.append(paid)
        told, count = self._told.get(int(str(position)), (ZERO, 0))
        self._told[int(str(position))] = told + paid.amount, count + 1
