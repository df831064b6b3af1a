"""The whole bot over the wire: real adapter, real client library, a practice exchange full of faults, and kill -9.

A handful of seeds by default; ``GRIDHEDGE_WIRE_SEEDS=100 pytest tests/simulation/test_wire.py`` for many by hand.
"""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.events import Execution, Funding, Seen
from gridhedge.venue.bybit.venue import BybitVenue
from tests.simulation.roads import BINANCE, BYBIT, Road
from tests.simulation.wire import Mortal, Wire

MANY = os.environ.get("GRIDHEDGE_WIRE_SEEDS")
WORLDS = [
    pytest.param(road, seed, id=f"{road.name}-{seed}")
    for road, few in ((BYBIT, 5), (BINANCE, 2))
    for seed in range(int(MANY or few))
]
FAULTY_S = 2.5


@pytest.mark.parametrize(("road", "seed"), WORLDS)
def test_every_book_agrees_once_the_faults_have_stopped(road: Road, seed: int) -> None:
    """Nothing unknown, working = wanted, the ledger's executions are the exchange's exactly once, to the last digit."""
    ending = Wire(seed, road).run(FAULTY_S)
    assert ending.violation is None, "\n".join([str(ending.violation), *ending.trace[-80:]])
    assert ending.executions > 0
    assert sum(ending.struck.values()) > 2


class Forgetful(Mortal, BybitVenue):
    """An adapter that misses every third execution on the stream, and finds none of them in the history."""

    def history(self, symbol: str, since: int) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        orders, _ = super().history(symbol, since)
        return orders, []

    def _tell(self, seen: Seen) -> None:
        if not (isinstance(seen, Execution) and int(seen.execution_id[-4:], 16) % 3 == 2):
            super()._tell(seen)


class Generous(Mortal, BybitVenue):
    """An adapter that reads every fee a unit of the sixth digit too small."""

    def _tell(self, seen: Seen) -> None:
        super()._tell(seen._replace(fee=seen.fee - Decimal("0.000001")) if isinstance(seen, Execution) else seen)


@pytest.mark.parametrize("adapter", [Forgetful, Generous])
def test_a_bug_planted_in_the_adapter_is_found_out(adapter: type[Mortal]) -> None:
    """A lost execution, a wrong digit: the world must not end well."""
    ending = Wire(2, BYBIT, adapter, patience=4.0).run(1.0)
    assert ending.violation is not None
    assert ending.violation.invariant in ("I-22", "I-24")
