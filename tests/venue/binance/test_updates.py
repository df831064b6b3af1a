"""What the account's stream pushes about orders, letter by letter."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.venue.binance.updates import Traded, algo_update, traded
from gridhedge.venue.fields import Malformed
from tests.venue.binance.conftest import Recorded
from tests.venue.binance.rows import AT, RATES, algo
from tests.venue.binance.rows import traded as pushed

LONG, SHORT = Side.LONG, Side.SHORT


def take(**changes: Any) -> Traded:
    return traded(pushed(**changes)["o"], "USDC", RATES, {})


def test_a_fill_tells_the_order_and_the_execution() -> None:
    """Both in one message: 0.001 of 0.002 at 60000.1."""
    update, made = take()
    assert update[:7] == (
        "BTCUSDC", "g1-000001", "8389765739", OrderState.WORKING, D("60000.1"), D("0.002"), D("0.001"),
    )  # fmt: skip
    assert made is not None
    assert made[:11] == (
        "BTCUSDC-698759", "BTCUSDC", "g1-000001", "8389765739", LONG, False, D("0.001"), D("60000.1"),
        D("0.01200002"), True, AT,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["NEW", "CANCELED", "AMENDMENT", "EXPIRED"])
def test_what_is_no_fill_has_no_execution(kind: str) -> None:
    """Whatever the other letters still show of the last one."""
    assert take(x=kind, X="NEW").execution is None


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"X": "CANCELED"}, OrderState.CANCELLED, None),
        ({"X": "EXPIRED", "f": "GTX"}, OrderState.CANCELLED, Reject.WOULD_TAKE),
        ({"X": "EXPIRED", "er": "4"}, OrderState.CANCELLED, Reject.REDUCE_ONLY),
        ({"X": "EXPIRED", "er": "2"}, OrderState.CANCELLED, Reject.OTHER),
        ({"X": "EXPIRED_IN_MATCH", "er": "1"}, OrderState.CANCELLED, Reject.OTHER),
        ({"X": "REJECTED"}, OrderState.REJECTED, Reject.OTHER),
    ],
)
def test_an_end_says_why(changes: dict[str, Any], state: OrderState, reason: Reject | None) -> None:
    """Where it was Binance that ended it."""
    update, made = take(x="EXPIRED", **changes)
    assert (update.state, update.reason, made) == (state, reason, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"z": "0.003"}, {"X": "FILLED"}, {"l": "0.002"}, {"t": 0}, {"L": "0"}, {"ps": "BOTH"}, {"m": "true"},
        {"X": "HALF"}, {"n": "NaN"}, {"i": None},
    ],
)  # fmt: skip
def test_a_fill_that_can_not_be_is_malformed(changes: dict[str, Any]) -> None:
    """No wrong number comes out of it."""
    with pytest.raises(Malformed):
        take(**changes)


def test_the_order_of_a_triggered_stop_may_bear_another_name() -> None:
    """It is told under the stop's own, where the two are known to belong together."""
    update, made = traded(pushed(c="x-other")["o"], "USDC", RATES, {"8389765739": "g1-stop"})
    assert made is not None
    assert (update.client_id, made.client_id) == ("g1-stop", "g1-stop")


@pytest.mark.parametrize(
    ("name", "kind", "side", "closing"),
    [
        ("user_data_json/order_update_calculated", ExecutionKind.LIQUIDATION, LONG, True),
        ("user_data_json/order_update_insurance", ExecutionKind.LIQUIDATION, LONG, True),
        ("user_data_json/order_update_adl", ExecutionKind.ADL, SHORT, True),
        ("user_data_json/order_update_settlement", ExecutionKind.SETTLEMENT, LONG, True),
        ("integration/ws_futures_order_update_adl", ExecutionKind.ADL, SHORT, True),
        ("integration/ws_futures_order_update_adl_filled", ExecutionKind.ADL, SHORT, True),
        ("integration/ws_futures_order_update_liquidation", ExecutionKind.LIQUIDATION, LONG, True),
    ],
)
def test_recorded_forced_closes_are_told_for_what_they_are(
    recorded: Recorded, name: str, kind: ExecutionKind, side: Side, closing: bool
) -> None:
    """Liquidation, auto-deleveraging, settlement."""
    message = recorded(name)
    item = message.get("data", message)["o"]
    made = traded(item, "USDT", RATES, {}).execution
    assert made is not None
    assert (made.kind, made.side, made.closing, made.fee) == (kind, side, closing, D(item["n"]))


def test_the_recorded_life_of_a_stop(recorded: Recorded) -> None:
    """Triggering, triggered with the order it became, finished with what executed; or cancelled in the end."""
    states = {}
    for name in ("triggering", "triggered", "finished", "finished_canceled"):
        item = recorded(f"integration/ws_futures_algo_update_{name}")["data"]["o"]
        update, child = algo_update(item, AT, D(0))
        states[name] = update.state, update.quantity, update.filled, child, update.triggered
    assert states == {
        "triggering": (OrderState.WORKING, D(38), D(0), "", True),
        "triggered": (OrderState.WORKING, D(38), D(0), "88937381063", True),
        "finished": (OrderState.FILLED, D(38), D(38), "88937381063", False),
        "finished_canceled": (OrderState.CANCELLED, D(38), D(0), "88937381064", False),
    }


def test_a_person_s_trailing_stop_is_no_gap() -> None:
    """Told of beside ours, it is read like every other; only it has no price at which it is triggered."""
    update, _ = algo_update(algo(caid="web_1", o="TRAILING_STOP_MARKET", tp="", q="0.002", cp=False)["o"], AT, D(0))
    assert (update.client_id, update.price, update.quantity) == ("web_1", D(0), D("0.002"))
    with pytest.raises(Malformed, match="tp is not a decimal"):
        algo_update(algo(tp="")["o"], AT, D(0))


def test_a_stop_for_the_whole_position_is_told_with_the_quantity_it_was_meant_for() -> None:
    """Binance tells none; one that is rejected says why."""
    update, _ = algo_update(algo()["o"], AT, D("0.007"))
    assert (update.quantity, update.price, update.venue_id) == (D("0.007"), D("55000.0"), "A1000000033225453")
    update, _ = algo_update(algo(X="REJECTED", rm="Reduce Only reject")["o"], AT, D("0.007"))
    assert (update.state, update.reason, update.text) == (OrderState.REJECTED, Reject.OTHER, "Reduce Only reject")
