"""Simulated accounts for the programs of the mirror, with a clock that a test moves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

from gridhedge.mirror.desk import Terminal
from gridhedge.practice.mt5.broker import Broker
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.connect import Access
from gridhedge.venue.mt5.terminal.filling import ExecutionMode, Fillings
from gridhedge.venue.mt5.terminal.names import SymbolNames
from tests.practice.mt5.brokers import LOGIN
from tests.practice.mt5.brokers import terminal as signed_in

ACCESS = Access("terminal64.exe", LOGIN.login, LOGIN.password, LOGIN.server)


def desk(house: Broker, symbols: Sequence[str] = (), style: str = "", mode: ExecutionMode = "auto") -> Terminal:
    """A program's terminal over a broker's account."""
    api = cast(Mt5Api, signed_in(house))
    return Terminal(api, ACCESS, SymbolNames(style), symbols, Fillings(mode), time.time)


class Clock:
    """Milliseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.at = 1_800_000_000_000

    def __call__(self) -> int:
        return self.at
