"""The status document: every figure from the one model that the screen shows."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import Side
from gridhedge.domain.wire import exact_json
from gridhedge.engine.status import AccountStatus
from gridhedge.server.document import identity, picture, row, status_document
from gridhedge.server.profiles import profile_of
from gridhedge.server.registration import Registration, plain_wishes
from gridhedge.server.session import Sample
from tests.dashboard.statuses import NOW, account_status, depth_three_against_one
from tests.server.platform import registration

WISHES = plain_wishes(Registration.model_validate(registration()))
ENTRY = profile_of("u1", WISHES, {}, live=False).symbols[0]


def document(status: AccountStatus | None) -> dict[str, Any]:
    return dict(status_document(identity(WISHES), ENTRY, status))


def with_wins(cycles: int, won: int) -> AccountStatus:
    """The long side has ended so many cycles, the short one none."""
    status = depth_three_against_one()
    symbol = status.symbols[0]
    long = symbol.long._replace(cycles=cycles, won=won, realised_net=D("7.5"), traded_at=NOW)
    short = symbol.short._replace(cycles=0, won=0, realised_net=D("-0.5"), traded_at=0)
    return status._replace(symbols=(symbol._replace(long=long, short=short),))


def test_positions_are_the_levels_that_have_executed() -> None:
    """Long 3 levels, short 1; profit before fees at the mark price, and in percent of what the level cost."""
    status = depth_three_against_one()
    symbol = status.symbols[0]
    positions = document(status)["positions"]
    assert (positions["buyCount"], positions["sellCount"]) == (3, 1)
    first, level = positions["buy"][0], symbol.long.rows[0]
    assert (first["price"], first["lot"], first["gridLevel"]) == (level.price, level.filled, 0)
    assert first["pnl"] == level.filled * (symbol.mark - level.price)
    assert first["pnlPercent"] == ((symbol.mark / level.price - 1) * 100).quantize(D("0.01"))
    assert positions["totalPnl"] == positions["buyPnl"] + positions["sellPnl"]
    assert positions["buyPnl"] == symbol.long.unrealised


def test_a_trade_is_a_cycle_and_is_won_or_lost() -> None:
    """3 cycles, 2 won: 66.67 %; sums of both sides."""
    found = document(with_wins(3, 2))["performance"]
    assert found == {
        "totalTrades": 3,
        "winningTrades": 2,
        "losingTrades": 1,
        "winRate": D("66.67"),
        "totalPnL": D("7.0"),
        "unrealizedPnL": sum(side.unrealised for side in _sides(with_wins(3, 2))),
    }


def test_the_indicators_are_those_of_the_newest_candle() -> None:
    """Figures as they were computed, and the sides that may open; null before the first candle has closed."""
    assert document(account_status())["indicators"] == {"sma": None, "sar": None, "cci": None, "signal": None}
    seen = SignalSeen("DOGEUSDT", NOW, D("0.2"), (), (), NOW, D("0.1989"), D("0.2001"), None)
    sides = {
        "NONE": ((), ()),
        "BUY": ((Side.LONG,), ()),
        "SELL": ((), (Side.SHORT,)),
        "BOTH": ((Side.LONG,), (Side.SHORT,)),
    }
    for word, (stands, crossed) in sides.items():
        status = depth_three_against_one()
        symbol = status.symbols[0]._replace(signal=seen._replace(stands=stands, crossed=crossed))
        assert document(status._replace(symbols=(symbol,)))["indicators"] == {
            "sma": D("0.1989"), "sar": D("0.2001"), "cci": None, "signal": word,
        }  # fmt: skip


def test_the_settings_are_those_of_the_profile() -> None:
    """What a strategy does not have is null."""
    found = document(account_status())
    assert found["grid"] == {"multiplier": D("2.0"), "spacePercent": D("1.0"), "maxBuyOrders": 10, "maxSellOrders": 10}
    assert found["settings"]["leverage"] == 75
    assert found["settings"]["cciPeriod"] is None
    assert found["profit"]["maxLoss"] is None


def test_before_the_first_trade_there_are_no_figures() -> None:
    """Null, not zero; nothing is open."""
    found = document(None)
    assert (found["currentPrice"], found["balance"], found["tick"]) == (None, None, 0)
    assert found["positions"]["buy"] == []
    assert found["performance"]["winRate"] == 0
    assert picture(None, [])["ladders"] is None


def test_the_administrators_row_and_picture_are_json() -> None:
    """Every digit, alarms and the stop included."""
    status = depth_three_against_one()._replace(alarms=("stream is down",), stop="freeze stop: I-13")
    line = row(WISHES, "running", "", 5, status)
    assert (line["userId"], line["alarms"], line["stop"]) == ("anna", ["stream is down"], "freeze stop: I-13")
    shown: Any = picture(status, [Sample(NOW, D("999.10"))])
    assert [level["state"] for level in shown["ladders"]["long"]["levels"]][:3] == ["filled"] * 3
    assert (shown["reserve"], shown["marginThresholdPercent"]) == (status.reserve, status.mm_threshold)
    long = status.symbols[0].long
    assert shown["ladders"]["long"]["takeProfit"] == long.take_profit
    assert shown["ladders"]["long"]["takeProfitDistancePercent"] == D(long.take_profit_distance_percent or 0).quantize(
        D("0.01")
    )
    assert shown["equity"] == [["2025-06-15T15:06:40.000Z", D("999.10")]]
    assert "999.10" in exact_json(shown)
    assert exact_json(line)


def _sides(status: AccountStatus) -> list[Any]:
    symbol = status.symbols[0]
    assert symbol.long.side is Side.LONG
    return [symbol.long, symbol.short]
