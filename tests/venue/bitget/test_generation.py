"""What each generation of accounts is sent: the direction of an order, and all that belongs to it."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any, cast

import pytest

from gridhedge.domain.change import Place, Urgency
from gridhedge.domain.order import OrderKey
from gridhedge.domain.values import Role, Side
from gridhedge.venue.bitget.classic import Classic
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.bitget.unified import Unified

L, S = Side.LONG, Side.SHORT
NOBODY = cast(Client, None)
CLASSIC = {
    "size": "100",
    "orderType": "limit",
    "force": "gtc",
    "stpMode": "none",
    "clientOid": "id",
    "price": "0.19500",
}
UNIFIED = {
    "category": "USDT-FUTURES", "symbol": "DOGEUSDT", "qty": "100", "orderType": "limit", "timeInForce": "gtc",
    "marginMode": "crossed", "stpMode": "none", "clientOid": "id", "price": "0.19500",
}  # fmt: skip


def placed(side: Side, closes: bool, **changed: Any) -> Place:
    role = Role.TAKE_PROFIT if closes else Role.GRID
    urgency = Urgency.EXIT if closes else Urgency.ENTRY
    made = Place("DOGEUSDT", "id", OrderKey(side, role, 1, 1, 1), D("0.19500"), D(100), closes, urgency, "")
    return made._replace(**changed)


@pytest.mark.parametrize(
    ("side", "closes", "classic", "unified"),
    [
        (L, False, ("buy", "open"), ("buy", "long")),
        (L, True, ("buy", "close"), ("sell", "long")),
        (S, False, ("sell", "open"), ("sell", "short")),
        (S, True, ("sell", "close"), ("buy", "short")),
    ],
)
def test_each_generation_has_its_own_idea_of_side(
    side: Side, closes: bool, classic: tuple[str, str], unified: tuple[str, str]
) -> None:
    """The position's direction in classic accounts, the transaction's in unified ones; closing is the reduce-only."""
    (item,) = Classic(NOBODY).place([placed(side, closes)]).body["orderList"]
    assert item == CLASSIC | dict(zip(("side", "tradeSide"), classic, strict=True))
    (item,) = Unified(NOBODY).place([placed(side, closes)]).body
    assert item == UNIFIED | dict(zip(("side", "posSide"), unified, strict=True))


def test_a_batch_of_a_classic_account_says_once_what_is_common() -> None:
    """Symbol, product, coin and margin mode: a wrong one is an error and switches nothing."""
    request = Classic(NOBODY).place([placed(L, False), placed(S, False)])
    assert request.path == "v2/mix/order/batch-place-order"
    common = {name: value for name, value in request.body.items() if name != "orderList"}
    assert common == {
        "symbol": "DOGEUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "marginMode": "crossed",
    }  # fmt: skip
    assert len(request.body["orderList"]) == 2


@pytest.mark.parametrize("account", [Classic(NOBODY), Unified(NOBODY)])
def test_a_close_at_market_has_no_price(account: Classic | Unified) -> None:
    """And takes what is there at once."""
    body = account.place([placed(L, True, market=True)]).body
    item = body[0] if isinstance(body, list) else body["orderList"][0]
    assert (item["orderType"], item.get("force", item.get("timeInForce")), "price" in item) == ("market", "ioc", False)


def test_a_stop_is_bound_to_the_whole_position() -> None:
    """By the mark price, at market, and without a size."""
    wanted = placed(L, True, trigger_price=D("0.18"))
    assert Classic(NOBODY).place_stop(wanted).body == {
        "symbol": "DOGEUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "planType": "pos_loss",
        "triggerPrice": "0.18", "triggerType": "mark_price", "holdSide": "long", "clientOid": "id",
    }  # fmt: skip
    assert Unified(NOBODY).place_stop(wanted).body == {
        "category": "USDT-FUTURES", "symbol": "DOGEUSDT", "clientOid": "id", "type": "tpsl", "tpslMode": "full",
        "posSide": "long", "stopLoss": "0.18", "slTriggerBy": "mark", "slOrderType": "market",
    }  # fmt: skip
