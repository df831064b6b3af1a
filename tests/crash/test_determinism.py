"""The same seed gives the same bytes: ledger and state of two runs are identical, whatever their speed and process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


def run(folder: Path, ticks: int, hash_seed: str) -> dict[str, str]:
    """Run the demo; returns the digests of what must not differ."""
    options = ["--profile", str(ROOT / "configs" / "demo.yaml"), "--data-dir", str(folder), "--ticks", str(ticks)]
    subprocess.run(
        [sys.executable, "-m", "gridhedge", "run", *options, "--speed", "0", "--no-dashboard"],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )
    names = ("ledger.sqlite3", "bot_state.json", "trades_history.csv")
    return {name: hashlib.sha256((folder / "demo" / name).read_bytes()).hexdigest() for name in names}


def test_two_runs_with_the_same_seed_write_the_same_bytes(tmp_path: Path) -> None:
    """300 ticks twice, with different hash seeds."""
    first = run(tmp_path / "a", 300, "1")
    assert first == run(tmp_path / "b", 300, "77")
