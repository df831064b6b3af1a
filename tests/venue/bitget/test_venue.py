"""How an account is set before trading begins, on both generations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from gridhedge.domain.errors import Refused
from gridhedge.venue.bitget.classic import Classic
from gridhedge.venue.bitget.client import Answer, Client
from gridhedge.venue.bitget.unified import Unified
from tests.contract.bench import SYMBOL, BitgetBench


@pytest.fixture(params=["v2", "v3"])
def bench(request: pytest.FixtureRequest) -> Iterator[BitgetBench]:
    made = BitgetBench(request.param)
    yield made
    made.close()


def test_a_leverage_that_is_in_force_is_not_set_again(bench: BitgetBench) -> None:
    """A bot that is started anew over its resting orders must not be refused for it; another leverage is."""
    assert bench.venue.prepare(SYMBOL, 10) == 10
    bench.practice.faults.add("refusal", on="account/set-leverage", code=45097, times=100)
    assert bench.venue.prepare(SYMBOL, 10) == 10
    with pytest.raises(Refused, match=r"45097: .*; the leverage can not be changed while orders rest"):
        bench.venue.prepare(SYMBOL, 20)


class Told:
    """A client that reads one answer, whatever it is asked."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def read(self, path: str, **query: Any) -> Answer:
        return Answer(self._data, 0)


@pytest.mark.parametrize(("said", "crossed"), [("crossed", True), ("cross", True), ("isolated", False)])
def test_crossed_margin_is_told_in_two_words(said: str, crossed: bool) -> None:
    """Requests say crossed; some answers say cross. The account is not set again for that."""
    classic = {"posMode": "hedge_mode", "marginMode": said, "crossedMarginLeverage": 10}
    own = {"category": "USDT-FUTURES", "symbol": SYMBOL, "marginMode": said, "leverage": "10"}
    unified = {"holdMode": "hedge_mode", "symbolConfigList": [own]}
    for account in (Classic(cast(Client, Told(classic))), Unified(cast(Client, Told(unified)))):
        found = account.settings(SYMBOL)
        assert (found.is_hedged, found.is_crossed, found.leverage) == (True, crossed, 10)
