"""The server, as unmodified clients see it: python-binance and ccxt trade on it."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import binance
import ccxt
import pytest
import websockets

from gridhedge.practice.binance.server import Handle
from tests.patience import PATIENCE_S, until
from tests.practice.binance.venues import serving

SYMBOL = "BTC/USDC:USDC"


@pytest.fixture
def venue() -> Iterator[Handle]:
    with serving() as handle:
        yield handle


@pytest.fixture
def client(venue: Handle) -> Iterator[Any]:
    """python-binance's own client, pointed at the practice exchange."""
    made = binance.Client("practice", "practice", ping=False)
    made.FUTURES_URL = f"{venue.url}/fapi"
    yield made
    made.session.close()


@pytest.fixture
def exchange(venue: Handle) -> Iterator[Any]:
    """ccxt's own exchange, pointed at the practice exchange."""
    options = {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False}
    made = ccxt.binanceusdm({"apiKey": "practice", "secret": "practice", "options": options})
    for name, url in made.urls["api"].items():
        if isinstance(url, str):
            made.urls["api"][name] = url.replace("https://fapi.binance.com", venue.url)
    yield made
    made.session.close()


class Heard:
    """A websocket in a thread; called, it waits for the next message that a condition accepts."""

    def __init__(self, url: str) -> None:
        self._came: queue.Queue[Any] = queue.Queue()
        self._stop = threading.Event()
        self._open = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen(url)))
        self._thread.start()
        assert self._open.wait(PATIENCE_S)

    async def _listen(self, url: str) -> None:
        async with websockets.connect(url, proxy=None) as socket:
            self._open.set()
            while not self._stop.is_set():
                try:
                    self._came.put(json.loads(await asyncio.wait_for(socket.recv(), 0.1)))
                except TimeoutError:
                    continue

    def __call__(self, kind: str) -> Any:
        while True:
            message = self._came.get(timeout=PATIENCE_S)
            event = message.get("data", message)
            if event.get("e") == kind:
                return event

    def silent(self) -> bool:
        return self._came.empty()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def test_python_binance_trades(venue: Handle, client: Any) -> None:
    """A resting order, an amend, a fill, a stop through the algo service, positions, trades, income, cancels."""
    client.futures_change_leverage(symbol="BTCUSDC", leverage=20)
    wish = {"symbol": "BTCUSDC", "side": "BUY", "positionSide": "LONG"}
    rests = client.futures_create_order(**wish, type="LIMIT", timeInForce="GTX", quantity="0.002", price="59000")
    client.futures_modify_order(
        symbol="BTCUSDC", orderId=rests["orderId"], side="BUY", quantity="0.003", price="59000.1"
    )
    assert [row["origQty"] for row in client.futures_get_open_orders(symbol="BTCUSDC")] == ["0.003"]
    client.futures_create_order(**wish, type="MARKET", quantity="0.002")
    (held,) = [row for row in client.futures_position_information() if row["positionAmt"] != "0"]
    assert (held["positionSide"], held["positionAmt"], held["entryPrice"]) == ("LONG", "0.002", "60000.1")
    stop = client.futures_create_order(
        symbol="BTCUSDC", side="SELL", positionSide="LONG", type="STOP_MARKET", stopPrice="55000", closePosition="true"
    )
    assert client.futures_get_open_orders(conditional=True)[0]["algoId"] == stop["algoId"]
    (trade,) = client.futures_account_trades(symbol="BTCUSDC")
    assert D(trade["commission"]) == D("60000.1") * D("0.002") * D("0.0004")
    assert [row["incomeType"] for row in client.futures_income_history()] == ["COMMISSION"]
    batch = [
        {**wish, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.002", "price": price} for price in ("1", "58000")
    ]
    assert [row.get("code") for row in client.futures_place_batch_order(batchOrders=batch)] == [-4164, None]
    client.futures_cancel_all_open_orders(symbol="BTCUSDC")
    client.futures_cancel_all_open_orders(symbol="BTCUSDC", conditional=True)
    assert venue.exchange.account.open == {}
    row = next(item for item in client.futures_account(version=3)["assets"] if item["asset"] == "USDC")
    assert D(row["walletBalance"]) == venue.exchange.account.wallet


def test_ccxt_trades(venue: Handle, exchange: Any) -> None:
    """Markets, an order and its amend, a fill, a stop, positions, tiers, fees, and everything cancelled."""
    assert list(exchange.load_markets()) == [SYMBOL, "ETH/USDC:USDC"]
    exchange.set_leverage(20, SYMBOL)
    assert exchange.fetch_balance()["USDC"]["total"] == 10_000
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.01, 58_000, {"positionSide": "LONG"})
    exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, 58_100)
    assert exchange.fetch_order(order["id"], SYMBOL)["amount"] == 0.02
    exchange.create_order(SYMBOL, "market", "buy", 0.01, None, {"positionSide": "LONG"})
    (held,) = exchange.fetch_positions([SYMBOL])
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", 0.01, 60_000.1)
    params = {"positionSide": "LONG", "stopLossPrice": 55_000, "closePosition": True}
    stop = exchange.create_order(SYMBOL, "market", "sell", None, None, params)
    assert [one["id"] for one in exchange.fetch_open_orders(SYMBOL, params={"trigger": True})] == [stop["id"]]
    assert len(exchange.fetch_my_trades(SYMBOL)) == 1
    assert len(exchange.fetch_leverage_tiers([SYMBOL])[SYMBOL]) == 10
    assert exchange.fetch_trading_fee(SYMBOL)["taker"] == 0.0004
    assert len(exchange.fetch_trades(SYMBOL)) == 1
    exchange.cancel_order(stop["id"], SYMBOL, params={"trigger": True})
    exchange.cancel_all_orders(SYMBOL)
    assert venue.exchange.account.open == {}


def test_a_wrong_secret_is_refused(venue: Handle) -> None:
    """With the venue's own code."""
    stranger = binance.Client("practice", "another", ping=False)
    stranger.FUTURES_URL = f"{venue.url}/fapi"
    with pytest.raises(binance.exceptions.BinanceAPIException) as refused:
        stranger.futures_account()
    assert refused.value.code == -1022
    stranger.session.close()


@pytest.mark.parametrize("address", ["/private/ws?listenKey={}", "/private/ws/{}", "/private/stream?listenKey={}"])
def test_the_account_s_stream_has_three_addresses(venue: Handle, client: Any, address: str) -> None:
    """A fill is told with its order; the account follows."""
    heard = Heard(venue.ws_url + address.format(client.futures_stream_get_listen_key()))
    try:
        client.futures_create_order(symbol="BTCUSDC", side="BUY", positionSide="LONG", type="MARKET", quantity="0.002")
        assert heard("ORDER_TRADE_UPDATE")["o"]["x"] == "NEW"
        fill = heard("ORDER_TRADE_UPDATE")["o"]
        assert (fill["x"], fill["X"], fill["L"], fill["ps"]) == ("TRADE", "FILLED", "60000.1", "LONG")
        assert heard("ACCOUNT_UPDATE")["a"]["P"][0]["pa"] == "0.002"
    finally:
        heard.close()


def test_events_that_are_not_asked_for_do_not_come(venue: Handle, client: Any) -> None:
    """Where the address names some."""
    key = client.futures_stream_get_listen_key()
    heard = Heard(f"{venue.ws_url}/private/ws?listenKey={key}&events=ACCOUNT_UPDATE")
    try:
        client.futures_create_order(symbol="BTCUSDC", side="BUY", positionSide="LONG", type="MARKET", quantity="0.002")
        assert heard("ACCOUNT_UPDATE")["a"]["m"] == "ORDER"
    finally:
        heard.close()


def test_an_expired_listen_key_says_so_and_is_silent(venue: Handle, client: Any) -> None:
    """A new one is another one."""
    key = client.futures_stream_get_listen_key()
    assert client.futures_stream_get_listen_key() == key
    heard = Heard(f"{venue.ws_url}/private/ws?listenKey={key}")
    try:
        venue.faults.add("expire_listen_key")
        assert heard("listenKeyExpired")["listenKey"] == key
        client.futures_create_order(symbol="BTCUSDC", side="BUY", positionSide="LONG", type="MARKET", quantity="0.002")
        with pytest.raises(binance.exceptions.BinanceAPIException) as refused:
            client.futures_stream_keepalive(key)
        assert refused.value.code == -1125
        assert heard.silent()
        assert client.futures_stream_get_listen_key() != key
    finally:
        heard.close()


def test_a_stream_under_the_wrong_address_is_silent(venue: Handle) -> None:
    """It connects, and nothing comes: the trap that the split of the addresses has set."""
    right = Heard(f"{venue.ws_url}/public/stream?streams=btcusdc@bookTicker")
    wrong = Heard(f"{venue.ws_url}/market/stream?streams=btcusdc@bookTicker")
    try:
        assert right("bookTicker")["s"] == "BTCUSDC"
        assert right("bookTicker")["b"] == "60000"
        assert wrong.silent()
    finally:
        right.close()
        wrong.close()


def test_prices_are_pushed_by_every_kind_of_stream(venue: Handle) -> None:
    """Touch, mark price, trades, candles, tickers."""
    market = "aggTrade/btcusdc@markPrice@1s/btcusdc@kline_1m/btcusdc@ticker/btcusdc@miniTicker"
    heard = Heard(f"{venue.ws_url}/market/stream?streams=btcusdc@{market}")
    try:
        assert heard("markPriceUpdate")["p"] == "60000.00000000"
        venue.move("BTCUSDC", D("60100"))
        kinds = {kind: heard(kind) for kind in ("aggTrade",)}
        assert kinds["aggTrade"]["p"] == "60100"
        assert until(lambda: heard("kline")["k"]["c"] == "60100")
    finally:
        heard.close()
