"""What a key may do, and what follows from it: nine combinations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from gridhedge.engine.ports import Check
from gridhedge.venue.bybit import readiness
from gridhedge.venue.bybit.client import Answer, Client
from gridhedge.venue.clock import wall_ms
from gridhedge.venue.fields import Malformed
from tests.venue.bybit.conftest import Recorded
from tests.venue.bybit.rows import ScriptedClient, answered, order_row, position_row, wallet_row

BOUND = ["18.181.170.164"]


def key_row(**changes: Any) -> dict[str, Any]:
    row = {
        "readOnly": 0, "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": []}, "ips": BOUND,
        "expiredAt": "1970-01-01T00:00:00Z", "userID": 24_600_000,
    }  # fmt: skip
    return {**row, **changes}


def allows(*wallet: str, trade: tuple[str, ...] = ("Order", "Position")) -> dict[str, Any]:
    return {"permissions": {"ContractTrade": list(trade), "Wallet": list(wallet)}}


def expires_in(**distance: float) -> dict[str, Any]:
    return {"expiredAt": (datetime.now(UTC) + timedelta(**distance)).isoformat().replace("+00:00", "Z")}


def lines(
    row: dict[str, Any], demo: bool = False, accepts: bool = False, **answers: dict[str, Any]
) -> dict[str, Check]:
    """The lines about everything, for an account that is otherwise ready. ``answers`` replace others of its answers."""

    def script(method: str, query: dict[str, Any]) -> Answer:
        results: dict[str, dict[str, Any]] = {
            "get_server_time": {},
            "get_api_key_information": row,
            "get_account_info": {"unifiedMarginStatus": 6, "marginMode": "REGULAR_MARGIN"},
            "get_wallet_balance": {"list": [wallet_row()]},
            "get_positions": {"list": [position_row(), position_row(positionIdx=2, side="", size="0")]},
            **answers,
        }
        return answered(results[method])._replace(at=wall_ms())

    client = cast(Client, ScriptedClient(script))
    return {check.name: check for check in readiness.checks(client, ["BTCUSDT"], demo, accepts)}


def checks(row: dict[str, Any], demo: bool = False, accepts: bool = False) -> dict[str, bool | None]:
    """The verdicts only."""
    return {name: line.passed for name, line in lines(row, demo, accepts).items()}


CASES: list[tuple[str, dict[str, Any], dict[str, bool | None]]] = [
    ("trade only, bound", {}, {"key": True, "withdrawal": True}),
    ("may withdraw", allows("Withdraw"), {"key": True, "withdrawal": False}),
    ("may transfer", allows("AccountTransfer"), {"withdrawal": True, "key restrictions": False}),
    ("no addresses", {"ips": ["*"]}, {"key": True, "key restrictions": False}),
    ("no list of addresses", {"ips": []}, {"key restrictions": False}),
    ("read only", {"readOnly": 1}, {"key": False}),
    ("no orders", allows(trade=("Position",)), {"key": False}),
    ("no positions", allows(trade=("Order",)), {"key": False}),
    ("expires soon", expires_in(days=5), {"key": True, "key expiry": None}),
    ("expires later", expires_in(days=80), {"key": True, "key expiry": True}),
    ("has expired", expires_in(days=-2), {"key expiry": False}),
]


@pytest.mark.parametrize(("row", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_key_may_do_decides(row: dict[str, Any], expected: dict[str, bool | None]) -> None:
    """For real money; every other line passes."""
    found = checks(key_row(**row))
    assert {name: found[name] for name in expected} == expected
    others = {name: passed for name, passed in found.items() if name not in expected}
    assert False not in others.values()


@pytest.mark.parametrize(("demo", "accepts"), [(True, False), (False, True)])
def test_an_unrestricted_key_is_a_remark_where_it_is_tolerated(demo: bool, accepts: bool) -> None:
    """On the demo side, and where the profile says so; a key that may withdraw nowhere."""
    row = key_row(**allows("AccountTransfer"), ips=["*"])
    assert checks(row, demo, accepts)["key restrictions"] is None
    assert checks(key_row(**allows("Withdraw")), demo, accepts)["withdrawal"] is False


def test_the_recorded_key_reads_only(recorded: Recorded) -> None:
    """It may transfer, it is bound, and it does not expire."""
    result = recorded("http_get_user_query_api")["result"]
    known = readiness.identity(cast(Client, ScriptedClient(lambda method, query: answered(result))))
    assert known == readiness.Identity("1448939", False, False, True, True, None)


@pytest.mark.parametrize(
    "changes",
    [{"permissions": None}, {"ips": "*"}, {"readOnly": "0"}, {"userID": ""}, {"expiredAt": "soon"}, {"expiredAt": 5}],
    ids=str,
)
def test_a_key_that_can_not_be_understood_is_refused(changes: dict[str, Any]) -> None:
    """What is not known is not allowed."""
    with pytest.raises(Malformed):
        readiness.identity(cast(Client, ScriptedClient(lambda method, query: answered(key_row(**changes)))))
    assert checks(key_row(**changes))["key"] is False


ONE_WAY = position_row(positionIdx=0, side="", size="0", avgPrice="0")
MODES: list[tuple[str, dict[str, Any], list[dict[str, Any]], bool | None, str]] = [
    ("flat", ONE_WAY, [], None, "one-way mode: run switches it to hedge mode"),
    ("an order", ONE_WAY, [order_row(positionIdx=0)], False, "one-way mode with open orders: close its position and"),
    ("a position", position_row(positionIdx=0), [], False, "one-way mode with a position: close its position and"),
]


@pytest.mark.parametrize(("leg", "orders", "passed", "text"), [mode[1:] for mode in MODES], ids=[m[0] for m in MODES])
def test_one_way_mode_is_a_remark_where_it_can_be_left(
    leg: dict[str, Any], orders: list[dict[str, Any]], passed: bool | None, text: str
) -> None:
    """Bybit switches neither with a position nor with orders: then a person must."""
    found = lines(key_row(), get_positions={"list": [leg]}, get_open_orders={"list": orders})
    line = found["BTCUSDT hedge mode"]
    assert line.passed is passed
    assert line.text.startswith(text)
