"""A terminal over a broker of its own."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from tests.practice.mt5.brokers import broker, terminal
from tests.practice.mt5.package_facts import package_facts


@pytest.fixture
def house() -> Broker:
    return broker()


@pytest.fixture
def mt5(house: Broker) -> SimulatedTerminal:
    return terminal(house)


@pytest.fixture
def facts() -> Any:
    return package_facts()
