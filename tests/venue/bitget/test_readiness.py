"""What a key may do decides whether the bot starts."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.domain.errors import Refused
from gridhedge.venue.bitget import readiness
from gridhedge.venue.bitget.client import Answer
from gridhedge.venue.bitget.generation import Identity
from gridhedge.venue.clock import wall_ms

READY = Identity("1", may_trade=True, may_withdraw=False, may_transfer=False, is_bound=True)
BLIND = Identity("", None, None, None, None)

KEYS = [
    # what is told, demo, the person accepts an unrestricted key: key, withdrawal, key restrictions
    (READY, False, False, (True, True, "no line")),
    (READY._replace(may_trade=False), False, False, (False, True, "no line")),
    (READY._replace(may_withdraw=True), False, False, (True, False, "no line")),
    (READY._replace(may_withdraw=True), True, True, (True, False, "no line")),
    (READY._replace(may_transfer=True), False, False, (True, True, False)),
    (READY._replace(may_transfer=True), False, True, (True, True, None)),
    (READY._replace(is_bound=False), False, False, (True, True, False)),
    (READY._replace(is_bound=False), True, False, (True, True, None)),
    (READY._replace(is_bound=False, may_transfer=True), False, True, (True, True, None)),
    (BLIND, False, False, (None, None, "no line")),
]


class OnTime:
    """A client whose venue has this machine's time."""

    is_practice = False

    def look(self, path: str) -> Answer:
        return Answer({}, wall_ms())


class NoAccount:
    """An account that can not be read: what is checked here comes before it."""

    kind = "no account"

    def account(self) -> Any:
        raise Refused("not now")


@pytest.mark.parametrize(("told", "demo", "accepts", "expected"), KEYS)
def test_a_key_is_taken_refused_or_warned_of(told: Identity, demo: bool, accepts: bool, expected: Any) -> None:
    """True passes, None is a warning, False stops; a key that may withdraw is never taken."""

    client: Any = OnTime()
    speaks: Any = NoAccount
    lines = readiness.checks(client, speaks, lambda: told, [], demo, accepts)
    found = {line.name: line.passed for line in lines}
    assert tuple(found.get(name, "no line") for name in ("key", "withdrawal", "key restrictions")) == expected


def test_a_question_that_is_not_answered_is_a_line_that_fails() -> None:
    """With the venue's own words."""

    def refuse() -> Any:
        raise Refused("Bitget 40006: Invalid ACCESS_KEY")

    client: Any = OnTime()
    clock, key = readiness.checks(client, refuse, refuse, ["BTCUSDT"], True, False)
    assert clock.passed
    assert (key.name, key.passed, key.text) == ("key", False, "Bitget 40006: Invalid ACCESS_KEY")


class NoContract(NoAccount):
    """Bitget's answers about a contract that it does not list."""

    def __init__(self, text: str) -> None:
        self._text = text

    def instrument(self, symbol: str) -> Any:
        raise Refused(self._text)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("Bitget 40034: Parameter PEPEUSDT does not exist", "{}; correct the symbol"),
        ("PEPEUSDT does not trade at Bitget now (its status is off); choose another symbol", "{}"),
        ("Bitget 40309: The contract has been removed", "PEPEUSDT: {}; correct the symbol"),
    ],
)
def test_a_symbol_that_is_not_traded_is_a_line_with_a_remedy(refused: str, said: str) -> None:
    """On both generations, in place of what the account would be on it."""
    client: Any = OnTime()
    speaks: Any = lambda: NoContract(refused)  # noqa: E731  # one answer for one card
    lines = readiness.checks(client, speaks, lambda: READY, ["PEPEUSDT"], True, False)
    assert lines[-1] == ("PEPEUSDT", False, said.format(refused))
    assert [line.passed for line in lines].count(False) == 1
