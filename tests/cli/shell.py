"""The command line as a user types it: inside this process, or in a process of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple

from gridhedge.cli.main import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "configs" / "demo.yaml"

_PROFILE = """\
account: "{account}"
venue:
  name: paper
  rules: bybit
  balance: 1000
  seed: 64
  feeds:
    DOGEUSDT: {{kind: synthetic, price: 0.19933, step_seconds: 0.5, volatility_percent: 0.10}}
symbols:
  - symbol: DOGEUSDT
    leverage: 75
    strategy: {{kind: symmetric, initial_position_size_usd: 1.0}}
risk: {{mm_rate_threshold: {threshold}, on_stop: {on_stop}}}
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


def gridhedge(*arguments: str | Path) -> Done:
    """Run one command line in this process, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def run(profile: Path, data: Path, ticks: int, *more: str | Path) -> Done:
    """``gridhedge run`` for so many ticks, as fast as it goes."""
    return gridhedge("run", "--profile", profile, "--data-dir", data, "--ticks", str(ticks), "--speed", "0", *more)


def started(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.Popen[str]:
    """The command line in a process of its own, its output to be read."""
    command = [sys.executable, "-m", "gridhedge", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


def write_profile(path: Path, account: str = "001", threshold: str = "90", on_stop: str = "keep") -> Path:
    """The demo's market under another account's name."""
    return replace_text(path, _PROFILE.format(account=account, threshold=threshold, on_stop=on_stop))


def replace_text(path: Path, text: str) -> Path:
    """Write a file as editors do: whoever watches it never finds half of it."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    return new.replace(path)


_BYBIT = """\
account: "{account}"
venue: {{name: bybit, demo_trading: true, endpoint: "{endpoint}"}}
symbols:
  - symbol: {symbol}
    leverage: 75
    strategy: {{kind: symmetric, initial_position_size_usd: 1.0}}
"""


def bybit_profile(path: Path, endpoint: str, account: str = "001", symbol: str = "DOGEUSDT") -> Path:
    """configs/doge.yaml, pointed at a practice exchange."""
    path.write_text(_BYBIT.format(account=account, endpoint=endpoint, symbol=symbol), encoding="utf-8")
    return path


def modes(folder: Path) -> dict[str, int]:
    """Permission bits of everything in a folder, by path. Files that come and go meanwhile are left out."""
    found: dict[str, int] = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            found[str(path.relative_to(folder))] = path.stat().st_mode & 0o777
    return found
