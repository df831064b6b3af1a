"""Where recorded requests of unmodified clients are found."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded messages: GRIDHEDGE_RECORDED, or ``../shared/recorded`` beside the repository."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "recorded"
    folder = Path(os.environ.get("GRIDHEDGE_RECORDED", beside)) / "binance"
    if not folder.is_dir():
        pytest.skip(f"no recorded messages in {folder}; set GRIDHEDGE_RECORDED to run this test")
    return folder
