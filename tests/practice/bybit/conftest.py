"""Where recorded messages of the real venue are found."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded messages: GRIDHEDGE_RECORDED, or ``../shared/recorded`` beside the repository."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "recorded"
    folder = Path(os.environ.get("GRIDHEDGE_RECORDED", beside))
    if not (folder / "bybit").is_dir():
        pytest.skip(f"no recorded messages in {folder}; set GRIDHEDGE_RECORDED to run this test")
    return folder
