"""Facts about the MetaTrader5 package."""

from __future__ import annotations

from typing import Any

import pytest

from tests.practice.mt5.package_facts import package_facts


@pytest.fixture
def facts() -> Any:
    return package_facts()
