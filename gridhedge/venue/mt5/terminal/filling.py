"""How much of an order must execute: what a symbol allows is a bit mask, what an order says is a number."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import SymbolInfo

__all__ = ["ExecutionMode", "Fillings"]

ExecutionMode: TypeAlias = Literal["auto", "fok", "ioc", "return"]

_NAMED = {"fok": C.ORDER_FILLING_FOK, "ioc": C.ORDER_FILLING_IOC, "return": C.ORDER_FILLING_RETURN}
_FOK_BIT, _IOC_BIT = 1, 2
"""SYMBOL_FILLING_FOK and SYMBOL_FILLING_IOC, which the Python package does not name."""


class Fillings:
    """The filling of market orders, symbol by symbol: one that has worked is used again."""

    def __init__(self, mode: ExecutionMode) -> None:
        self._mode = mode
        self._worked: dict[str, int] = {}

    def candidates(self, info: SymbolInfo) -> list[int]:
        """What to try, best first; more than one only where the symbol decides."""
        if self._mode != "auto":
            return [_NAMED[self._mode]]
        allowed = []
        if info.filling_mode & _FOK_BIT:
            allowed.append(C.ORDER_FILLING_FOK)
        if info.filling_mode & _IOC_BIT:
            allowed.append(C.ORDER_FILLING_IOC)
        others = [C.ORDER_FILLING_RETURN, C.ORDER_FILLING_FOK, C.ORDER_FILLING_IOC]
        found = dict.fromkeys([*allowed, *others])
        if info.name in self._worked:
            found = dict.fromkeys([self._worked[info.name], *found])
        return list(found)

    def remember(self, name: str, filling: int) -> None:
        self._worked[name] = filling
