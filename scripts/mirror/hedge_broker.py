"""The mirror's hedge broker, by its old name: ``gridhedge mirror broker`` with the same arguments."""

from __future__ import annotations

import sys

from gridhedge.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["mirror", "broker", *sys.argv[1:]]))
