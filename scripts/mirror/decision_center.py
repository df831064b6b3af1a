"""The decision center, by its old name: ``gridhedge mirror center`` with the same arguments."""

from __future__ import annotations

import sys

from gridhedge.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["mirror", "center", *sys.argv[1:]]))
