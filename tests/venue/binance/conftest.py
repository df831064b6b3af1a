"""Recorded messages of the real Binance, where the machine has them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Recorded = Callable[[str], Any]


@pytest.fixture(scope="session")
def recorded_folder() -> Path:
    """GRIDHEDGE_RECORDED, or ``../shared/recorded`` beside the repository; tests on real messages need it."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "recorded"
    folder = Path(os.environ.get("GRIDHEDGE_RECORDED", beside)) / "binance" / "nautilus"
    if not folder.is_dir():
        pytest.skip(f"no recorded messages in {folder}; set GRIDHEDGE_RECORDED to run this test")
    return folder


@pytest.fixture(scope="session")
def recorded(recorded_folder: Path) -> Recorded:
    """A recorded message by its name, as a new object each time."""
    return lambda name: json.loads((recorded_folder / f"{name}.json").read_text())
