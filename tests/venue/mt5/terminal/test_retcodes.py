"""Codes and what they mean."""

from __future__ import annotations

from typing import Any

from gridhedge.venue.mt5.terminal.retcodes import Meaning, is_lost, meaning_of, said
from gridhedge.venue.mt5.terminal.structs import OrderSendResult

NOBODY_KNOWS = {"TRADE_RETCODE_ERROR", "TRADE_RETCODE_TIMEOUT", "TRADE_RETCODE_CONNECTION"}


def test_every_code_of_the_package_has_a_meaning(facts: Any) -> None:
    """Only an error of the server, a time-out and a lost connection leave it open whether anything was done."""
    codes = {name: code for name, code in facts["constants"].items() if name.startswith("TRADE_RETCODE_")}
    assert {name for name, code in codes.items() if meaning_of(code) is Meaning.UNKNOWN} == NOBODY_KNOWS
    assert len(codes) > 35


def test_a_code_that_nobody_here_knows_is_unknown() -> None:
    """10046 exists in MQL5, and others may come."""
    assert meaning_of(10046) is Meaning.UNKNOWN
    assert meaning_of(0) is Meaning.UNKNOWN


def test_only_what_can_not_have_left_is_not_lost() -> None:
    """Invalid arguments, no terminal, and trading forbidden for Python."""
    assert [is_lost(code) for code in (-2, -10004, -10003, -8)] == [False] * 4
    assert [is_lost(code) for code in (-10001, -10002, -10005, -1, -10000)] == [True] * 5


def test_what_is_said_has_the_code() -> None:
    assert said(OrderSendResult(10018, comment="Market closed"), (1, "Success")) == "10018 Market closed"
    assert said(None, (-10005, "IPC timeout")) == "no answer from the terminal (-10005: IPC timeout)"
