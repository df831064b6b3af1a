"""What all tests share: reproducible property tests, and reports that can travel between processes."""

from __future__ import annotations

from collections.abc import Generator
from decimal import localcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_HERE = Path(__file__).parent

# The same examples on every machine, and no verdicts about speed. More examples: pytest --hypothesis-profile=thorough
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("exact", settings.get_profile("calm"), derandomize=True, max_examples=200, database=None)
settings.register_profile("thorough", settings.get_profile("calm"), max_examples=10_000)
settings.load_profile("exact")


_LONG = ("crash", "scripts", "simulation")
"""Rooms whose tests take longest: begun last, one of them would keep everybody waiting."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.relative_to(_HERE).parts[0] not in _LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """A library that changes how this thread rounds (ccxt does) changes it for one test, not for those that follow."""
    with localcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hostile text that a test logs (half characters) may not stop the parallel run that carries its report."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode("utf-8")) for name, text in report.sections
    ]
    return report
