"""A good profile, and what loading a broken one says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.profile.load import load_profile

GOOD = """\
account: "001"
venue:
  name: paper
  rules: bybit
  feeds:
    DOGEUSDT: {kind: synthetic, price: 0.19933}
dry_run: false
symbols:
  - symbol: DOGEUSDT
    leverage: 75
    strategy:
      kind: symmetric
      initial_position_size_usd: 1.0
      grid_step_percent: 1.0
risk:
  mm_rate_threshold: 90.0
  on_start: adopt
system:
  tick_interval: 1.0
"""


@pytest.fixture(scope="session")
def good() -> str:
    """The text of a profile with nothing wrong."""
    return GOOD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.yaml"


@pytest.fixture
def complaint(path: Path) -> Callable[[str | bytes], list[str]]:
    """Says what loading a text complains about, line by line, with the path taken off."""

    def complain(text: str | bytes) -> list[str]:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(UsageError) as caught:
            load_profile(path)
        assert caught.value.exit_code == 2
        lines = str(caught.value).splitlines()
        assert all(line.startswith(f"{path}:") for line in lines)
        return [line.removeprefix(f"{path}:") for line in lines]

    return complain
