"""The server, as unmodified clients see it: pybit and ccxt trade on it."""

from __future__ import annotations

import json
import queue
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import ccxt
import pybit.unified_trading as pybit
import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError

from gridhedge.domain.errors import UsageError
from gridhedge.practice.bybit.server import Handle, start
from gridhedge.practice.prices import synthetic
from gridhedge.practice.world import Options
from tests.patience import until
from tests.practice.bybit.venues import scripted, serving

DOGE = {"category": "linear", "symbol": "DOGEUSDT"}


@pytest.fixture
def venue() -> Iterator[Handle]:
    with serving() as handle:
        yield handle


OPEN: list[requests.Session] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Connections that clients leave open are closed after the test."""
    yield
    while OPEN:
        OPEN.pop().close()


def session(venue: Handle, key: str = "practice", secret: str = "practice", **more: Any) -> Any:
    """A pybit session, pointed at the practice exchange."""
    made = pybit.HTTP(api_key=key, api_secret=secret, retry_codes={0}, **more)
    made.endpoint = venue.url
    OPEN.append(made.client)
    return made


class Heard:
    """pybit's private websocket on all four streams; called, it gives what has come on one of them."""

    def __init__(self) -> None:
        self._came: queue.Queue[dict[str, Any]] = queue.Queue()
        self._kept: list[dict[str, Any]] = []
        self.socket = pybit.WebSocket(
            "private", testnet=False, api_key="practice", api_secret="practice", private_auth_expire=10
        )
        for name in ("order", "execution", "position", "wallet"):
            getattr(self.socket, f"{name}_stream")(self._came.put)
        until(lambda: self.socket.auth)

    def __call__(self, topic: str) -> list[dict[str, Any]]:
        while not self._came.empty():
            self._kept.append(self._came.get())
        return [item for message in self._kept if message["topic"] == topic for item in message["data"]]


@pytest.fixture
def heard(venue: Handle, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    monkeypatch.setattr(pybit, "PRIVATE_WSS", f"{venue.ws_url}/v5/private")
    made = Heard()
    yield made
    made.socket.exit()


def trade(http: Any, link: str, **more: Any) -> Any:
    order = {"side": "Buy", "positionIdx": 1, "orderType": "Market", "qty": "100", "orderLinkId": link}
    return http.place_order(**DOGE, **{**order, **more})


def test_pybit_places_amends_and_cancels(venue: Handle) -> None:
    """One by one and in batches; errors arrive as pybit's exceptions with the venue's code."""
    http = session(venue)
    trade(http, "a1", orderType="Limit", price="0.15")
    http.amend_order(**DOGE, orderLinkId="a1", price="0.16")
    assert [row["price"] for row in http.get_open_orders(**DOGE)["result"]["list"]] == ["0.16"]
    http.cancel_order(**DOGE, orderLinkId="a1")
    with pytest.raises(InvalidRequestError) as refused:
        http.cancel_order(**DOGE, orderLinkId="a1")
    assert refused.value.status_code == 110001
    item = {"symbol": "DOGEUSDT", "side": "Buy", "orderType": "Limit", "qty": "100", "positionIdx": 1}
    items = [{**item, "price": "0.1", "orderLinkId": f"b{number}"} for number in range(3)]
    placed = http.place_batch_order(category="linear", request=items)
    assert [line["code"] for line in placed["retExtInfo"]["list"]] == [0, 0, 0]
    names = [{"symbol": "DOGEUSDT", "orderLinkId": f"b{number}"} for number in range(3)]
    http.amend_batch_order(category="linear", request=[{**name, "qty": "200"} for name in names])
    assert {row["qty"] for row in http.get_open_orders(**DOGE)["result"]["list"]} == {"200"}
    http.cancel_batch_order(category="linear", request=names[:2])
    assert len(http.cancel_all_orders(category="linear", settleCoin="USDT")["result"]["list"]) == 1
    assert venue.exchange.account.open == {}


def test_pybit_s_books_agree_with_the_exchange_to_the_last_digit(venue: Handle) -> None:
    """Executions, positions and wallet after a round trip on both legs."""
    http = session(venue)
    trade(http, "l1", qty="1000")
    trade(http, "s1", qty="500", side="Sell", positionIdx=2)
    venue.move("DOGEUSDT", D("0.21"))
    trade(http, "l2", qty="400", side="Sell", reduceOnly=True)
    venue.skip(8 * 3_600_000)
    rows = http.get_executions(category="linear")["result"]["list"]
    account = venue.exchange.account
    assert sum(D(row["execFee"]) for row in rows if row["execType"] == "Trade") == account.fees
    assert sum(D(row["execFee"]) for row in rows if row["execType"] == "Funding") == account.funding
    row = http.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
    assert D(row["coin"][0]["walletBalance"]) == account.wallet
    legs = http.get_positions(**DOGE)["result"]["list"]
    assert [(leg["size"], leg["avgPrice"]) for leg in legs] == [("600", "0.20001"), ("500", "0.2")]
    with urllib.request.urlopen(f"{venue.url}/practice/books?key=practice") as answer:
        books = json.load(answer)
    assert D(books["wallet"]) == account.wallet
    assert books["positions"]["DOGEUSDT long"]["quantity"] == "600"


def test_pybit_hears_what_happens_also_after_a_dropped_socket(venue: Handle, heard: Heard) -> None:
    """It logs in and subscribes anew by itself; what happened in between is asked for."""
    http = session(venue)
    trade(http, "a1")
    until(lambda: heard("wallet"))
    assert [item["orderStatus"] for item in heard("order")] == ["New", "Filled"]
    assert [item["execQty"] for item in heard("execution")] == ["100"]
    assert [(item["positionIdx"], item["size"]) for item in heard("position")] == [(1, "100"), (2, "0")]
    forgotten = heard.socket.ws.sock.sock  # pybit never closes it
    venue.faults.add("drop", on="private")
    until(lambda: venue.faults.struck["drop"])
    numbers = iter(range(1000))

    def heard_again() -> bool:
        trade(http, f"b{next(numbers)}")
        time.sleep(0.05)
        return len(heard("execution")) > 1

    until(heard_again)
    forgotten.close()


def test_pybit_s_tickers_are_whole(venue: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    """It merges deltas itself; the last price follows, and a field that never changes is still there."""
    monkeypatch.setattr(pybit, "PUBLIC_WSS", f"{venue.ws_url}/v5/public/{{CHANNEL_TYPE}}")
    socket = pybit.WebSocket("linear", testnet=False)
    seen: list[tuple[str, str]] = []
    socket.ticker_stream("DOGEUSDT", lambda message: seen.append(_last_and_rate(message)))
    others: list[str] = []
    socket.kline_stream(1, "DOGEUSDT", lambda message: others.append(message["topic"]))
    socket.trade_stream("DOGEUSDT", lambda message: others.append(message["topic"]))
    socket.orderbook_stream(1, "DOGEUSDT", lambda message: others.append(message["topic"]))
    until(lambda: seen and len(others) >= 2)
    venue.move("DOGEUSDT", D("0.21"))
    until(lambda: seen[-1] == ("0.21", "0.0001"))
    assert seen[0] == ("0.2", "0.0001")
    until(lambda: set(others) == {"kline.1.DOGEUSDT", "publicTrade.DOGEUSDT", "orderbook.1.DOGEUSDT"})
    socket.exit()


def _last_and_rate(message: dict[str, Any]) -> tuple[str, str]:
    return message["data"]["lastPrice"], message["data"]["fundingRate"]


def exchange(venue: Handle) -> Any:
    """ccxt, pointed at the practice exchange."""
    made = ccxt.bybit({"apiKey": "practice", "secret": "practice", "options": {"defaultType": "swap"}})
    for name in ("spot", "futures", "v2", "public", "private"):
        made.urls["api"][name] = venue.url
    OPEN.append(made.session)
    return made


def test_ccxt_trades_a_round_trip(venue: Handle) -> None:
    """Markets, hedge mode, leverage, order, edit, cancel, both legs, trades, balance, candles."""
    name = "DOGE/USDT:USDT"
    client = exchange(venue)
    assert list(client.load_markets()) == [name, "BTC/USDT:USDT"]
    with pytest.raises(ccxt.NoChange):
        client.set_position_mode(True, name)
    client.set_leverage(20, name)
    order = client.create_order(name, "limit", "buy", 100, 0.15, {"hedged": True})
    client.edit_order(order["id"], name, "limit", "buy", 200, 0.16)
    assert [(row["price"], row["amount"]) for row in client.fetch_open_orders(name)] == [(0.16, 200.0)]
    client.cancel_order(order["id"], name)
    client.create_order(name, "market", "buy", 1000, None, {"hedged": True})
    client.create_order(name, "market", "sell", 500, None, {"hedged": True})
    positions = {row["side"]: row["contracts"] for row in client.fetch_positions([name])}
    assert positions == {"long": 1000.0, "short": 500.0}
    client.create_order(name, "market", "sell", 400, None, {"hedged": True, "reduceOnly": True})
    assert venue.exchange.market("DOGEUSDT").long.quantity == D(600)
    fees = sum(D(str(row["fee"]["cost"])) for row in client.fetch_my_trades(name))
    assert fees == venue.exchange.account.fees
    assert D(str(client.fetch_balance()["USDT"]["total"])) == venue.exchange.account.wallet
    assert client.fetch_ticker(name)["last"] == 0.2
    assert client.fetch_ohlcv(name)[-1][1:5] == [0.2, 0.2, 0.2, 0.2]


def test_an_answer_may_be_lost_although_the_order_was_placed(venue: Handle) -> None:
    """The client times out; asking by client id finds the order. Lost before, there is none."""
    hasty, http = session(venue, timeout=0.3), session(venue)
    venue.faults.add("timeout_after", on="/v5/order/create")
    with pytest.raises(requests.exceptions.ReadTimeout):
        trade(hasty, "a1")
    assert http.get_open_orders(**DOGE, orderLinkId="a1")["result"]["list"][0]["orderStatus"] == "Filled"
    venue.faults.add("timeout_before", on="/v5/order/create")
    with pytest.raises(requests.exceptions.ReadTimeout):
        trade(hasty, "a2")
    assert http.get_open_orders(**DOGE, orderLinkId="a2")["result"]["list"] == []


def test_a_request_may_be_carried_out_long_after_the_client_has_gone(venue: Handle) -> None:
    """It arrives late, within the window of its timestamp; then the order is there after all."""
    venue.faults.add("late", on="/v5/order/create", seconds=0.6)
    begun = venue.exchange.now()
    with pytest.raises(requests.exceptions.ReadTimeout):
        trade(session(venue, timeout=0.2), "a1")
    until(lambda: venue.exchange.orders == 1)
    (made,) = venue.exchange.account.bookings
    assert made.at >= begun + 500


def test_errors_of_the_line_look_as_pybit_knows_them(venue: Handle) -> None:
    """A cut answer, one that is no JSON, and HTTP 503."""
    http = session(venue)
    venue.faults.add("cut")
    with pytest.raises(requests.exceptions.RequestException):
        http.get_server_time()
    venue.faults.add("garbage")
    with pytest.raises(FailedRequestError):
        http.get_server_time()
    venue.faults.add("http_error", code=503)
    with pytest.raises(FailedRequestError) as failed:
        http.get_server_time()
    assert failed.value.status_code == 503


def _admin(venue: Handle, wish: object) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{venue.url}/practice/faults", json.dumps(wish).encode(), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_faults_are_switched_through_the_admin_door(venue: Handle) -> None:
    """Added, seen, cleared; mistakes are said."""
    code, state = _admin(venue, {"add": [{"kind": "clock", "seconds": 30}, {"kind": "lose", "on": "order"}]})
    assert (code, [rule["kind"] for rule in state["active"]]) == (200, ["clock", "lose"])
    with pytest.raises(InvalidRequestError) as refused:
        session(venue, max_retries=1).get_account_info()
    assert refused.value.status_code == 10002
    assert _admin(venue, {"clear": "clock"})[1]["active"][0]["kind"] == "lose"
    assert _admin(venue, {"clear": True})[1]["active"] == []
    for wrong in ([], {"ad": []}, {"add": [{}]}, {"add": [{"kind": "x"}]}, {"add": [{"kind": "lose", "x": 1}]}):
        code, answer = _admin(venue, wrong)
        assert (code, list(answer)) == (400, ["error"])


def test_a_killed_exchange_goes_on_with_the_same_books(tmp_path: Path) -> None:
    """Another process (here: another thread) continues from the folder; orders, positions, ids, times."""
    prices = synthetic("DOGEUSDT", D("0.2"), 1)._replace(begin=1_748_772_000_000)  # six hours before the next funding
    options = Options(prices=(prices,), data_dir=tmp_path, rate_limits=False, push_delay_ms=0)
    first = start(options)
    http = session(first)
    trade(http, "a1")
    trade(http, "a2", orderType="Limit", price="0.1", timeInForce="PostOnly")

    def seen(http: Any) -> list[Any]:
        lists = [
            http.get_open_orders(**DOGE),
            http.get_order_history(**DOGE),
            http.get_executions(category="linear"),
            http.get_transaction_log(category="linear"),
        ]
        return [answer["result"]["list"] for answer in lists]

    before = seen(http)
    first.stop()
    second = start(options)
    assert seen(session(second)) == before
    assert before[0][0]["timeInForce"] == "PostOnly"
    second.stop()


def test_several_keys_are_several_accounts() -> None:
    """The same prices, wallets of their own; a key that is not known hears 10003."""
    prices = (synthetic("DOGEUSDT", D("0.2"), 1),)
    handle = start(Options(prices=prices, keys={"one": "s1", "two": "s2"}))
    try:
        trade(session(handle, "two", "s2"), "a1")
        assert handle.world.desks["one"].exchange.orders == 0
        assert handle.world.desks["two"].exchange.orders == 1
        with pytest.raises(InvalidRequestError) as refused:
            session(handle).get_account_info()
        assert refused.value.status_code == 10003
    finally:
        handle.stop()


def test_a_port_that_is_taken_is_said_in_one_sentence(venue: Handle) -> None:
    """And nothing is started."""
    port = int(venue.url.rpartition(":")[2])
    with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port} can not be listened on .* choose another --port"):
        start(scripted(), port=port)


def test_a_world_that_can_not_be_built_is_the_caller_s_error() -> None:
    """The thread's error arrives where it was started."""
    with pytest.raises(UsageError, match="needs the prices of at least one symbol"):
        start(Options())
