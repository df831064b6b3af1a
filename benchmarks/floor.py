"""Compiles ``floor.c`` with the system's C compiler and runs it on candles."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gridhedge.replay.candles import Candles

_SOURCE = Path(__file__).with_name("floor.c")
_DOUBLES = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")


def compiled_floor() -> Callable[[Candles], int] | None:
    """A function from candles to the number of fills of a ladder of ten levels (step and profit 1 %, doubling); None
    without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="gridhedge-floor-")) / "floor.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-std=c99", "-o", target, _SOURCE], check=True)
    run = ctypes.CDLL(str(target)).run
    run.restype = ctypes.c_int64
    run.argtypes = [ctypes.c_int64, *[_DOUBLES] * 4, *[ctypes.c_double] * 3, ctypes.c_int]
    shutil.rmtree(target.parent)  # it stays loaded
    return lambda candles: int(
        run(len(candles), candles.open, candles.high, candles.low, candles.close, 0.01, 0.01, 2.0, 10)
    )
