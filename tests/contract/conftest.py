"""Every venue that has an adapter and a practice exchange is put on the bench in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.bench import BENCHES, Bench, Desk


@pytest.fixture(params=list(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A new practice exchange and its adapter, not connected yet."""
    bench = BENCHES[request.param]()
    yield bench
    bench.close()


@pytest.fixture
def desk(bench: Bench) -> Desk:
    """Connected, at leverage 10."""
    desk = Desk(bench)
    desk.connect()
    return desk
