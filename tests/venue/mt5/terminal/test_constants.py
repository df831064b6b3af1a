"""Constants are the package's."""

from __future__ import annotations

from typing import Any

from gridhedge.venue.mt5.terminal.constants import Constants


def test_every_constant_has_the_package_s_value(facts: Any) -> None:
    """223 of them, and no other."""
    ours = {name: value for name, value in vars(Constants).items() if name.isupper()}
    assert ours == facts["constants"]
