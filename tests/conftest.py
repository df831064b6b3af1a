"""What all tests share: reproducible property tests, and reports that can travel between processes."""

from __future__ import annotations

from collections.abc import Generator
from decimal import localcontext

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, and no verdicts about speed. More examples: pytest --hypothesis-profile=thorough
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("exact", settings.get_profile("calm"), derandomize=True, max_examples=200, database=None)
settings.register_profile("thorough", settings.get_profile("calm"), max_examples=10_000)
settings.load_profile("exact")


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
