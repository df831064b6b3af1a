"""The report of a replay: exact decimals, and the stable names of its JSON."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path

import numpy as np

from gridhedge.domain.book import fold
from gridhedge.domain.events import Event, Execution, Funding
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.order import OrderKey, account_tag, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.profile.load import load_profile
from gridhedge.replay.candles import Candles
from gridhedge.replay.equity import Market
from gridhedge.replay.metrics import Recording, measure, plain
from gridhedge.replay.random_walk import random_walk
from gridhedge.replay.run import replay

START = 1_748_131_200_000  # 2025-05-25 00:00 UTC
MINUTE = 60_000
PROFILE = """
account: "001"
venue: {name: paper, rules: bybit, balance: 100000, feeds: {DOGEUSDT: {kind: synthetic, price: 0.2}}}
symbols:
  - {symbol: DOGEUSDT, leverage: 75, strategy: {kind: symmetric, initial_position_size_usd: 1.0}}
"""
INSTRUMENT = Instrument(
    "DOGEUSDT",
    "DOGE",
    "USDT",
    D("0.00001"),
    D(1),
    D(1),
    D(10**8),
    D(10**7),
    D(5),
    75,
    (Tier(D(10**9), D("0.01"), D(0), 75),),
)


def recording(**changes: object) -> Recording:
    """Three minutes: 100 units bought at 0.2 in the first second, sold at 0.21 in the third minute."""
    prices = [np.array(column) for column in ([0.2, 0.2, 0.19], [0.2, 0.2, 0.22], [0.2, 0.18, 0.19], [0.2, 0.19, 0.22])]
    candles = Candles(START + np.arange(3, dtype=np.int64) * MINUTE, *prices, None, MINUTE, "doge.csv")
    tag = account_tag("001", "DOGEUSDT")
    opening, profit = (OrderKey(Side.LONG, role, 0, 5, 0) for role in (Role.OPENING, Role.TAKE_PROFIT))
    events: list[Event] = [
        Execution("a", "DOGEUSDT", client_id(tag, opening), "1", Side.LONG, False, D(100), D("0.2"), D("0.011"), False,
                  START + 1000),
        Funding("f", "DOGEUSDT", Side.LONG, D("0.002"), D("0.0001"), START + 70_000),
        Execution("b", "DOGEUSDT", client_id(tag, profit), "2", Side.LONG, True, D(100), D("0.21"), D("0.0042"), True,
                  START + 150_000),
    ]  # fmt: skip
    market = Market(candles, INSTRUMENT, Fees(D("0.0002"), D("0.00055")), 75)
    book = fold("001", ["DOGEUSDT"], events)
    whole = Recording("001", {"DOGEUSDT": market}, events, book, D(1000), candles.end, {"DOGEUSDT": D("0.22")})
    return whole._replace(**changes)


def test_money_is_exact_to_the_last_digit() -> None:
    """Bought for 20, sold for 21, less fees of 0.0152 and funding of 0.002."""
    metrics = measure(recording())
    assert metrics.net_profit == D("0.9828")
    assert metrics.final_equity == D("1000.9828")
    assert (metrics.fees, metrics.funding, metrics.volume) == (D("0.0152"), D("0.002"), D(41))
    assert (metrics.fills, metrics.cycles, metrics.win_rate) == (2, 1, D(1))
    # From the start to 0.18 in the second minute: 2 of price, the opening fee, and the funding paid meanwhile.
    assert metrics.max_drawdown.amount == D("2.013")
    assert metrics.max_drawdown.peak_at == START
    assert metrics.max_drawdown.bottom_at == START + MINUTE + 40_000


def test_an_open_position_is_valued_at_the_last_price() -> None:
    """Ended by an emergency stop after one minute and a half, at 0.185: 100 units lost 1.5, and a fee and funding."""
    events = recording().events[:2]
    early = recording(
        events=events,
        book=fold("001", ["DOGEUSDT"], events),
        ended_at=START + 90_000,
        last_prices={"DOGEUSDT": D("0.185")},
        ended_by="emergency_stop",
    )
    metrics = measure(early)
    assert metrics.net_profit == D("-1.513")
    assert metrics.candles == 2
    assert metrics.cycles == 0
    assert metrics.win_rate is None
    # The low of 0.18 in the second minute comes after the stop: the deepest point is the ending itself.
    assert metrics.max_drawdown == (D("1.513"), D("0.1513"), START, START + 90_000)
    # 100 units at 0.185 are 18.5: maintenance and closing fees of that over the 998.487 that are left.
    assert metrics.worst_mm_rate > 0


def test_json_has_the_stable_names() -> None:
    """Decimals as strings, times as ISO UTC, durations in seconds; it survives json.dumps."""
    report = json.loads(json.dumps(measure(recording(load_seconds=0.25, replay_seconds=0.5)).to_json()))
    assert {
        "symbols", "from", "to", "candles", "load_seconds", "replay_seconds", "fills", "cycles", "net_profit", "fees",
        "funding", "max_drawdown", "worst_mm_rate", "deepest_level", "longest_unhedged_seconds", "final_equity",
        "ended_by", "equity", "executions",
    } <= set(report)  # fmt: skip
    assert report["symbols"] == ["DOGEUSDT"]
    assert (report["from"], report["to"]) == ("2025-05-25T00:00:00.000Z", "2025-05-25T00:03:00.000Z")
    assert (report["candles"], report["load_seconds"], report["replay_seconds"]) == (3, 0.25, 0.5)
    assert (report["net_profit"], report["max_drawdown"], report["ended_by"]) == ("0.9828", "2.013", "data_end")
    assert (report["deepest_level"], report["longest_unhedged_seconds"]) == (0, 30.0)
    assert report["equity"][0] == ["2025-05-25T00:00:00.000Z", "1000"]
    assert report["equity"][-1] == ["2025-05-25T00:03:00.000Z", "1000.9828"]
    assert report["executions"][1] == {
        "time": "2025-05-25T00:02:30.000Z",
        "symbol": "DOGEUSDT",
        "side": "long",
        "role": "take_profit",
        "level": 0,
        "closing": True,
        "quantity": "100",
        "price": "0.21",
        "fee": "0.0042",
        "maker": True,
        "kind": "trade",
        "client_id": recording().events[2].client_id,
        "execution_id": "b",
    }


def test_a_real_replay_measures_what_the_exchange_says(tmp_path: Path) -> None:
    """Ten days of the live engine on the embedded exchange: equity, fees and the stop's cause agree to the last digit,
    and the levels and re-entries of the strategy are recognised by their client ids."""
    file = tmp_path / "profile.yaml"
    file.write_text(PROFILE)
    profile = load_profile(file)
    candles = random_walk(14_400, 0.0008, 3, D("0.2"), D("0.00001"))
    result = replay(profile, {"DOGEUSDT": candles})
    listed = result.exchange.markets["DOGEUSDT"]
    metrics = measure(
        Recording(
            "001",
            {"DOGEUSDT": Market(candles, listed.instrument, listed.fees, 75)},
            result.events,
            result.session.book,
            result.start_balance,
            result.ended_at,
            result.last_prices,
            result.ended_by,
        )
    )
    account = result.exchange.account_seen()
    assert abs(metrics.final_equity - account.margin_balance) < D("1e-15")
    assert metrics.final_equity == D(100_000) + metrics.profits[Side.LONG] + metrics.profits[Side.SHORT]
    assert metrics.worst_mm_rate >= account.mm_rate
    assert metrics.fills > 50
    assert metrics.cycles > 5
    assert metrics.deepest_level is not None
    assert sum(metrics.time_at_depth_seconds.values()) == D(result.ended_at - candles.start) / 1000


def test_numbers_are_written_plainly() -> None:
    """No exponents, no zeros at the end, no minus before a zero, twelve digits at most."""
    cases = {"1E+3": "1000", "0.00001000": "0.00001", "-0.000": "0", "1E-15": "0", "100": "100"}
    assert {text: plain(D(text)) for text in cases} == cases
    assert plain(D(1) / 3) == "0.333333333333"
