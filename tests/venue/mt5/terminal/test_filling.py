"""Masks and numbers of fillings."""

from __future__ import annotations

import pytest

from gridhedge.venue.mt5.terminal.filling import Fillings
from gridhedge.venue.mt5.terminal.structs import SymbolInfo

FOK, IOC, RETURN = 0, 1, 2


@pytest.mark.parametrize(("mask", "first"), [(1, FOK), (2, IOC), (3, FOK), (0, RETURN)])
def test_the_symbol_says_what_is_tried_first(mask: int, first: int) -> None:
    """Bit 1 is FOK, bit 2 is IOC; the orders' own numbers are others. The rest follows, each once."""
    found = Fillings("auto").candidates(SymbolInfo(name="EURUSD", filling_mode=mask))
    assert found[0] == first
    assert sorted(found) == [FOK, IOC, RETURN]


def test_what_has_worked_is_used_again() -> None:
    """For that symbol."""
    fillings = Fillings("auto")
    fillings.remember("EURUSD", IOC)
    assert fillings.candidates(SymbolInfo(name="EURUSD", filling_mode=1))[0] == IOC
    assert fillings.candidates(SymbolInfo(name="GBPUSD", filling_mode=1))[0] == FOK


def test_a_named_mode_is_the_only_one() -> None:
    for mode, number in (("fok", FOK), ("ioc", IOC), ("return", RETURN)):
        assert Fillings(mode).candidates(SymbolInfo(filling_mode=3)) == [number]
