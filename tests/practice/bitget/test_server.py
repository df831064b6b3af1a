"""The server, as unmodified ccxt sees it: both generations trade on it, and only the account's own is let in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import ccxt
import pytest

from gridhedge.domain.events import Execution
from gridhedge.practice import bitget
from gridhedge.practice.bitget.rest import Generation
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import fees, instrument
from gridhedge.venue.paper.market import Listing

SYMBOL = "BTC/USDT:USDT"
BEGIN = 1_795_000_000_000


def serving(generation: Generation) -> Handle:
    """BTCUSDT at 60000 under Bitget's rules, 10,000 USDT in the wallet."""
    feed = ScriptedFeed([(BEGIN, D(60_000))])
    exchange = Exchange([Listing(instrument("bitget", "BTCUSDT"), fees("bitget", "BTCUSDT"), feed)], D(10_000))
    return bitget.start(exchange, options=Options(rules="bitget", rate_limits=False), generation=generation)


def trader(venue: Handle, generation: Generation, **keys: str) -> Any:
    """ccxt as it comes, pointed at the practice exchange."""
    made = ccxt.bitget(
        {
            "apiKey": "practice",
            "secret": "practice",
            "password": "practice",
            "enableRateLimit": False,
            "options": {"defaultType": "swap", "uta": generation == "v3", "fetchMarkets": {"types": ["swap"]}},
            **keys,
        }
    )
    made.urls["api"] = dict.fromkeys(made.urls["api"], venue.url)
    return made


@pytest.fixture(params=["v2", "v3"])
def generation(request: pytest.FixtureRequest) -> Generation:
    chosen: Generation = request.param
    return chosen


@pytest.fixture
def venue(generation: Generation) -> Iterator[Handle]:
    handle = serving(generation)
    yield handle
    handle.stop()


@pytest.fixture
def client(venue: Handle, generation: Generation) -> Iterator[Any]:
    made = trader(venue, generation)
    made.load_markets()
    yield made
    made.session.close()


def legs(client: Any) -> dict[str, float]:
    """Size of each leg that is held."""
    return {row["side"]: row["contracts"] for row in client.fetch_positions([SYMBOL]) if row["contracts"]}


def test_both_legs_are_opened_and_closed_by_unmodified_ccxt(client: Any, venue: Handle) -> None:
    """Each generation's own idea of side is ccxt's to know: buy and sell always mean the transaction here."""
    for side in ("buy", "sell"):
        client.create_order(SYMBOL, "market", side, 0.002, None, {"hedged": True})
    assert legs(client) == {"long": 0.002, "short": 0.002}
    client.create_order(SYMBOL, "market", "sell", 0.002, None, {"hedged": True, "reduceOnly": True})
    assert legs(client) == {"short": 0.002}
    assert len(client.fetch_my_trades(SYMBOL)) == 3
    booked = venue.do(lambda world: list(world.first.exchange.account.bookings))
    assert [(one.side.value, one.closing, one.price, one.fee) for one in booked if isinstance(one, Execution)] == [
        ("long", False, D("60000.1"), D("0.07200012")),
        ("short", False, D(60_000), D("0.072")),
        ("long", True, D(60_000), D("0.072")),
    ]


def test_a_limit_order_rests_and_is_cancelled(client: Any) -> None:
    """By our own id."""
    placed = client.create_order(SYMBOL, "limit", "buy", 0.002, 50_000, {"hedged": True, "clientOrderId": "gh-1"})
    (resting,) = client.fetch_open_orders(SYMBOL)
    assert (resting["id"], resting["clientOrderId"]) == (placed["id"], "gh-1")
    client.cancel_order(placed["id"], SYMBOL)
    assert client.fetch_open_orders(SYMBOL) == []


BATCH: list[dict[str, str]] = [
    {"price": price, "side": "buy", "orderType": "limit", "clientOid": f"gh-{number}"}
    for number, price in enumerate(("50000", "50000.05"))
]


def test_rows_of_a_classic_batch_fail_inside_a_success() -> None:
    """The second price is between two ticks; the answer as a whole is a success."""
    venue = serving("v2")
    client = trader(venue, "v2")
    orders = [{**order, "size": "0.002", "tradeSide": "open", "force": "gtc"} for order in BATCH]
    about = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "crossed"}
    answer = client.private_mix_post_v2_mix_order_batch_place_order({**about, "orderList": orders})
    assert answer["code"] == "00000"
    assert [row["clientOid"] for row in answer["data"]["successList"]] == ["gh-0"]
    assert [(row["clientOid"], row["errorCode"]) for row in answer["data"]["failureList"]] == [("gh-1", "45115")]
    client.session.close()
    venue.stop()


def test_rows_of_a_unified_batch_fail_inside_a_success() -> None:
    """Each row has a code of its own."""
    venue = serving("v3")
    client = trader(venue, "v3")
    about = {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "qty": "0.002", "timeInForce": "gtc", "posSide": "long"}
    answer = client.private_uta_post_v3_trade_place_batch([{**about, **order} for order in BATCH])
    assert answer["code"] == "00000"
    rows = [(row["clientOid"], row.get("code") in (None, "", "0", "00000")) for row in answer["data"]]
    assert rows == [("gh-0", True), ("gh-1", False)]
    client.session.close()
    venue.stop()


def test_an_account_of_the_other_generation_is_told_so(venue: Handle, generation: Generation) -> None:
    """40084 on a classic account asked in the unified way, 40085 the other way round."""
    other: Generation = "v3" if generation == "v2" else "v2"
    stranger = trader(venue, other)
    stranger.load_markets()
    with pytest.raises(ccxt.BaseError, match="40084" if generation == "v2" else "40085"):
        stranger.fetch_positions([SYMBOL])
    stranger.session.close()


@pytest.mark.parametrize(
    ("keys", "code"),
    [({"apiKey": "other"}, "40006"), ({"secret": "other"}, "40009"), ({"password": "other"}, "40012")],
    ids=["key", "secret", "passphrase"],
)
def test_key_secret_and_passphrase_are_checked(
    venue: Handle, generation: Generation, keys: dict[str, str], code: str
) -> None:
    """Each has a code of its own."""
    stranger = trader(venue, generation, **keys)
    stranger.load_markets()
    with pytest.raises(ccxt.BaseError, match=code):
        stranger.fetch_positions([SYMBOL])
    stranger.session.close()
