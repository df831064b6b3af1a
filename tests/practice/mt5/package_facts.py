"""What the wheel of the MetaTrader5 package holds: constants, functions and structures, as they were read out of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def package_facts() -> Any:
    """``GRIDHEDGE_FACTS``, or ``../shared/facts`` beside the repository; skips where they are missing."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "facts"
    file = Path(os.environ.get("GRIDHEDGE_FACTS", beside)) / "mt5_constants.json"
    if not file.exists():
        pytest.skip(f"no facts about the MetaTrader5 package: {file.name} is missing; set GRIDHEDGE_FACTS")
    return json.loads(file.read_text())
