"""Recorded messages of the real Bitget, where the machine has them."""

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
    folder = Path(os.environ.get("GRIDHEDGE_RECORDED", beside)) / "bitget" / "bitget_net"
    if not folder.is_dir():
        pytest.skip(f"no recorded messages in {folder}; set GRIDHEDGE_RECORDED to run this test")
    return folder


@pytest.fixture(scope="session")
def recorded(recorded_folder: Path) -> Recorded:
    """The first message or answer of a recording, as a new object each time; the lines before it say what was asked."""

    def read(name: str) -> Any:
        text = (recorded_folder / f"{name}.txt").read_text()
        start = text.index("\n{\n") + 1
        return json.JSONDecoder().raw_decode(text[start:])[0]

    return read
