"""Finds the terminal: the MetaTrader5 package, which is imported here and nowhere else, or a bridge to it."""

from __future__ import annotations

import importlib
from typing import Any, cast

from gridhedge.domain.errors import UsageError
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import address_of, remote

__all__ = ["package", "terminal_at"]


def terminal_at(path: str, timeout_s: float = 15.0) -> Mt5Api:
    """The module that drives the terminal at ``path``: the package here, or a bridge (tcp://HOST:PORT).

    Raises UsageError where the package is not installed: it exists for Windows only.
    """
    address = address_of(path)
    return package() if address is None else remote(address, timeout_s)


def package() -> Mt5Api:
    """The MetaTrader5 package. Raises UsageError where it is not installed."""
    try:
        module: Any = importlib.import_module("MetaTrader5")
    except ImportError as error:
        raise UsageError(
            "the MetaTrader5 package is not installed here; on Windows run: pip install 'gridhedge[mt5]', elsewhere "
            "give the address of a bridge, such as tcp://127.0.0.1:18812 (gridhedge mirror bridge)"
        ) from error
    return cast(Mt5Api, module)
