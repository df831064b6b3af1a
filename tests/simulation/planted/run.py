"""The simulator with a mistake planted into the engine, as a user would see it.

    python -m tests.simulation.planted.run "the reserve is spent" simulate --seeds 1-2000 --jobs 2

Without arguments: the mistakes by name.
"""

from __future__ import annotations

import shlex
import sys

import pytest

from gridhedge.cli.main import main
from tests.simulation.planted.bugs import BUGS


def plant(names: list[str]) -> None:
    """Plant what the command line names, here and in every worker process, which runs this module again."""
    if names and names[0] in BUGS:
        BUGS[names[0]].plant(pytest.MonkeyPatch())


plant(sys.argv[1:])

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in BUGS:
        sys.exit("\n".join(["Which mistake?", *BUGS]))
    sys.exit(main(sys.argv[2:], f"python -m tests.simulation.planted.run {shlex.quote(sys.argv[1])}"))
