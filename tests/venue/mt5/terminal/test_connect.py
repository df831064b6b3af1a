"""Signing in to the right account of the right terminal."""

from __future__ import annotations

import re
from typing import cast

import pytest

from gridhedge.domain.errors import NotSent, Refused
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.connect import Access, complaints, server_offset_s, sign_in, state_of
from tests.practice.mt5.brokers import LOGIN, broker

ACCESS = Access("C:/mt5/terminal64.exe", 501234, "secret", "Sim-Demo")


def module(house: Broker) -> Mt5Api:
    return cast(Mt5Api, SimulatedTerminal(house, LOGIN))


def test_a_good_account_has_no_complaints() -> None:
    """Signed in, hedging, and programs may trade."""
    api = module(broker())
    sign_in(api, ACCESS)
    assert complaints(*state_of(api)) == []


def test_a_wrong_password_and_a_missing_terminal_are_sentences() -> None:
    """With what to look at."""
    house = broker()
    with pytest.raises(Refused, match=r"account 501234 is not let in at Sim-Demo .* check login, password and server"):
        sign_in(module(house), ACCESS._replace(password="wrong"))
    house.faults.add("no_terminal")
    with pytest.raises(NotSent, match=r"the terminal at C:/mt5/terminal64.exe can not be reached"):
        sign_in(module(house), ACCESS)


def test_another_account_in_the_terminal_is_refused() -> None:
    """As when the pipes of two terminals attach to the wrong one."""
    api = module(broker())

    class Wrong:
        def __getattr__(self, name: str) -> object:
            return (lambda *args, **named: True) if name == "initialize" else getattr(api, name)

    assert api.initialize("x", login=501234, password="secret", server="Sim-Demo")
    with pytest.raises(Refused, match="holds account 501234 at Sim-Demo, not 77 at Sim-Demo"):
        sign_in(cast(Mt5Api, Wrong()), ACCESS._replace(login=77))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("netting", "is a netting account, where a sell closes a buy: open a hedging account"),
        ("fifo", "must close its oldest position first"),
        ("disconnected", "no connection to the broker"),
        ("investor", "can only look .investor password."),
        ("account_disabled", "does not let programs trade"),
        ("disabled", "the button Algo Trading is off"),
        ("api_disabled", "trading through Python is switched off"),
    ],
)
def test_each_reason_not_to_trade_is_a_sentence(fault: str, sentence: str) -> None:
    """With its remedy; none hides another."""
    house = broker()
    api = module(house)
    sign_in(api, ACCESS)
    house.faults.add(fault)
    (found,) = complaints(*state_of(api))

    assert re.search(sentence, found)


@pytest.mark.parametrize(
    ("ahead", "offset"), [(0, 0), (7_230, 7_200), (-17_999, -18_000), (7_500, None), (200_000, None)]
)
def test_a_server_s_clock_is_whole_hours_away(ahead: int, offset: int | None) -> None:
    """A tick that is older than two minutes tells nothing."""
    assert server_offset_s(1_800_000_000 + ahead, 1_800_000_000) == offset


def test_access_never_shows_its_password() -> None:
    assert "secret" not in repr(ACCESS)
