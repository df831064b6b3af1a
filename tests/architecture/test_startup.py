"""``gridhedge --help`` is instant: it loads no heavy library and no command."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "numpy", "pyarrow", "plotly", "pydantic", "yaml", "dotenv", "rich", "pybit", "binance", "ccxt", "MetaTrader5",
    "starlette", "uvicorn", "websockets", "fastapi", "cryptography", "talib", "optuna",
    "distributed",
)  # fmt: skip


def loaded_after(statement: str) -> list[str]:
    """Names of all modules in a fresh interpreter after ``statement``."""
    code = f"import json, sys\n{statement}\njson.dump(sorted(sys.modules), sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(done.stderr)
    return loaded


def heavy(loaded: list[str]) -> set[str]:
    return {name.split(".")[0] for name in loaded} & set(HEAVY)


def test_help_loads_no_heavy_library() -> None:
    """Neither importing the command nor printing its help costs more than click."""
    assert heavy(loaded_after("import gridhedge.cli.main")) == set()
    assert heavy(loaded_after("from gridhedge.cli.main import main\nassert main(['--help']) == 0")) == set()


def test_help_loads_no_command() -> None:
    """A command's module is imported when the command is used."""
    loaded = loaded_after("from gridhedge.cli.main import main\nmain(['--help'])")
    assert [name for name in loaded if name.endswith("_command")] == []


def test_the_probe_sees_a_heavy_library() -> None:
    """The probe tells when something heavy is loaded."""
    assert "pydantic" in heavy(loaded_after("import gridhedge.profile.load"))
