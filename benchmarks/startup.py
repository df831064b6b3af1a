"""How long a user waits for the first word: whole processes, interpreter included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stopwatch import duration, show, timed

ROUNDS = 9
PROFILE = Path(__file__).with_name("year.yaml")
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "gridhedge --help": ["-m", "gridhedge", "--help"],
    "gridhedge plan": ["-m", "gridhedge", "plan", "--profile", str(PROFILE), "--price", "100000"],
}


def main() -> None:
    rows = []
    nothing = None
    for name, arguments in COMMANDS.items():
        timing = timed(lambda arguments=arguments: _run(arguments), ROUNDS)
        nothing = nothing or timing.median
        rows.append(
            (name, duration(timing.median), duration(timing.median - nothing), f"{timing.median / nothing:.1f}")
        )
    show(f"Start-up, {ROUNDS} rounds", ("command", "median", "more than nothing", "times nothing"), rows)


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
