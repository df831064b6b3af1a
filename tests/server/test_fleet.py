"""All users together: one's trouble is that one's, a restart brings everybody back, and forgetting forgets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from gridhedge.domain.errors import Refused, UsageError, VenueError
from gridhedge.server.fleet import Fleet, House, _check_keys
from gridhedge.server.profiles import profile_of
from gridhedge.server.refusals import ApiError
from gridhedge.server.registration import Registration, plain_wishes
from gridhedge.server.session import Pace
from gridhedge.server.users import Users, account_of
from gridhedge.server.vault import Vault
from tests.patience import PATIENCE_S, until
from tests.server.crew import Crew, Notebook
from tests.server.platform import registration

KEY = Fernet.generate_key().decode()
LOG = logging.getLogger("gridhedge.server.fleet-test")
HOUSE = House({}, False, Pace(first=0.01, longest=0.02, stop=PATIENCE_S))
Open = Callable[..., Fleet]


@pytest.fixture
def crew() -> Crew:
    return Crew()


@pytest.fixture
def opened(tmp_path: Path, crew: Crew) -> Iterator[Open]:
    fleets: list[Fleet] = []

    def open_fleet(key: str = KEY, house: House = HOUSE) -> Fleet:
        fleets.append(Fleet(Users(tmp_path / "users.sqlite3"), Vault([key]), crew, house, lambda: 7, LOG))
        fleets[-1].resume()
        return fleets[-1]

    yield open_fleet
    for fleet in fleets:
        for member in fleet.members():
            member.session.stop()


def body(user: str = "anna", exchange: str = "paper", **more: Any) -> Registration:
    return Registration.model_validate(registration(user, exchange, **more))


def test_a_session_gets_its_own_keys_and_folder(opened: Open, crew: Crew) -> None:
    """As registered, opened by the vault when it starts."""
    fleet = opened()
    fleet.register(body("anna", "bybit", keys={"apiSecret": "anna's"}))
    fleet.register(body("bert", "bybit", keys={"apiSecret": "bert's"}))
    fleet.start("bert")
    fleet.start("anna")
    assert crew.opened == [(account_of("bert"), "bert's"), (account_of("anna"), "anna's")]


def test_who_was_trading_is_resumed(opened: Open, crew: Crew) -> None:
    """anna was trading, bert had been stopped, carla never began; nobody said good-bye to the first server."""
    first = opened()
    for user in ("anna", "bert", "carla"):
        first.register(body(user))
    first.start("anna")
    first.start("bert")
    first.stop("bert")
    crew.opened.clear()
    second = opened()
    until(lambda: second.member("anna").session.state == "running")
    assert [(member.user.id, member.session.state) for member in second.members()] == [
        ("anna", "running"),
        ("bert", "stopped"),
        ("carla", "stopped"),
    ]
    assert [account for account, _ in crew.opened] == [account_of("anna")]


def test_a_graceful_end_resumes_as_well(opened: Open) -> None:
    """Stopping the server is not stopping its users."""
    first = opened()
    first.register(body())
    first.start("anna")
    first.close()
    assert first.member("anna").session.state == "stopped"
    second = opened()
    until(lambda: second.member("anna").session.state == "running")


def test_everybody_is_told_farewell_at_once(opened: Open, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve receivers that are away cost the time of one: each farewell waits here until the last one has begun."""
    fleet = opened()
    for number in range(12):
        fleet.register(body(f"user{number}"))
    together = threading.Barrier(12, timeout=PATIENCE_S)
    monkeypatch.setattr(Notebook, "close", lambda notebook: together.wait())
    fleet.close()
    assert not together.broken


def test_ones_trouble_is_nobody_elses(opened: Open, crew: Crew) -> None:
    """bert's key is refused and carla's session has a bug; anna trades."""
    crew.plans = {account_of("bert"): [Refused("wrong key")], account_of("carla"): [ZeroDivisionError()] * 1000}
    fleet = opened()
    for user in ("anna", "bert", "carla"):
        fleet.register(body(user))
    fleet.start("anna")
    with pytest.raises(ApiError, match="wrong key"):
        fleet.start("bert")
    fleet.start("carla")
    states = {member.user.id: member.session.state for member in fleet.members()}
    assert states["anna"] == "running"
    assert states["bert"] == "error"
    assert states["carla"] in ("retrying", "starting")
    assert crew.notebooks[account_of("anna")].failures == []


def test_whose_keys_can_not_be_opened_is_there_and_says_why(opened: Open) -> None:
    """Another ENCRYPTION_KEY: anna (paper, but sealed as well) is told, can be seen and deleted."""
    first = opened()
    first.register(body())
    first.start("anna")
    first.close()
    second = opened(key=Fernet.generate_key().decode())
    member = second.member("anna")
    until(lambda: member.session.state == "error")
    assert "ENCRYPTION_KEY" in str(member.session.failure)
    second.forget("anna")
    assert second.members() == []


def test_real_money_that_is_no_longer_allowed_does_not_trade(opened: Open, crew: Crew) -> None:
    """Registered under --live; the next server was started without it."""
    first = opened(house=HOUSE._replace(live=True))
    first.register(body("anna", "bybit", keys={"isDemo": False}))
    first.start("anna")
    first.close()
    crew.opened.clear()
    second = opened()
    until(lambda: second.member("anna").session.state == "error")
    assert crew.opened == []
    assert "--live" in str(second.member("anna").session.failure)


def test_forgetting_stops_and_forgets(opened: Open, crew: Crew, tmp_path: Path) -> None:
    """Neither memory nor register knows the user; messages that waited are gone."""
    fleet = opened()
    fleet.register(body())
    session = fleet.start("anna").session
    fleet.forget("anna")
    assert not session.is_alive
    assert crew.forgotten == [account_of("anna")]
    assert crew.notebooks[account_of("anna")].is_closed
    for act in (fleet.member, fleet.start, fleet.stop, fleet.forget, fleet.document, fleet.close_positions):
        with pytest.raises(ApiError, match="there is no user anna"):
            act("anna")
    assert Users(tmp_path / "users.sqlite3").all() == []


def test_closing_stops_first_and_stays_stopped(opened: Open, crew: Crew) -> None:
    """A restart in between must not trade on; what is left is told, and can be tried again."""
    fleet = opened()
    fleet.register(body())
    fleet.start("anna")
    crew.left = ["DOGEUSDT long 5"]
    with pytest.raises(VenueError, match="DOGEUSDT long 5; try again"):
        fleet.close_positions("anna")
    assert (fleet.member("anna").session.state, fleet.member("anna").user.trading) == ("stopped", False)
    crew.left = []
    fleet.close_positions("anna")
    assert opened().member("anna").session.state == "stopped"


def test_an_amount_becomes_a_lot_once(opened: Open, crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 at 0.25 is 200, kept through a restart, whatever the price is then."""
    monkeypatch.setattr("gridhedge.server.fleet.wants_price", lambda wishes: True)
    first = opened()
    given = registration()
    given["settings"]["tradeAmount"] = D(50)
    first.register(Registration.model_validate(given))
    first.start("anna")
    assert first.member("anna").user.base_lot == "200.00000000"
    first.close()
    monkeypatch.setattr(crew, "price", lambda profile, keys: pytest.fail("asked again"))
    second = opened()
    until(lambda: second.member("anna").session.state == "running")
    assert second.member("anna").user.base_lot == "200.00000000"


def test_an_exchange_that_asks_for_a_passphrase_gets_one() -> None:
    """Bitget's keys have three parts."""
    keys = {"apiKey": "k", "apiSecret": "s"}
    profile = profile_of("u1", plain_wishes(body(exchange="bybit")), {}, live=False)
    _check_keys(profile, keys)
    bitget = profile.model_copy(update={"venue": profile.venue.model_copy(update={"name": "bitget"})})
    with pytest.raises(UsageError, match=r"exchange.passphrase"):
        _check_keys(bitget, keys)
    _check_keys(bitget, {**keys, "passphrase": "p"})


def test_keys_and_exchange_fit_together(opened: Open) -> None:
    """An exchange needs both; the embedded one gets none to store."""
    fleet = opened()
    lacking = registration("anna", "bybit")
    del lacking["exchange"]["apiSecret"]
    with pytest.raises(UsageError, match="give apiKey and apiSecret"):
        fleet.register(Registration.model_validate(lacking))
    with pytest.raises(UsageError, match="has no keys"):
        fleet.register(body(keys={"apiKey": "x"}))
    assert fleet.members() == []
