"""The same seed writes the same journal: again, in another process, and whatever the hash seed is (I-38)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from gridhedge.simulate.run import Totals, run_seed

SEEDS = range(20)


def digest() -> str:
    totals = Totals()
    for seed in SEEDS:
        totals.add(run_seed(seed, 60))
    return totals.report().digest


def in_another_process(hash_seed: str, jobs: str) -> str:
    options = ["--seeds", f"{SEEDS[0]}-{SEEDS[-1]}", "--steps", "60", "--jobs", jobs, "--json"]
    made = subprocess.run(
        [sys.executable, "-m", "gridhedge", "simulate", *options],
        check=True, capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    return str(json.loads(made.stdout)["hash"])


def test_journals_are_the_same_in_every_process() -> None:
    """Twenty seeds: here twice, and in processes with two different hash seeds, one of them with two workers."""
    expected = digest()
    assert digest() == expected
    assert in_another_process("1", "1") == expected
    assert in_another_process("4711", "2") == expected
