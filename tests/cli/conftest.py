"""What the tests of the command line share: a data folder, and real candles where the machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of recorded data: GRIDHEDGE_DATA, or ``../shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("GRIDHEDGE_DATA", beside))
    if not (folder / "candles").is_dir():
        pytest.skip(f"no recorded market data in {folder}; set GRIDHEDGE_DATA to run this test")
    return folder
