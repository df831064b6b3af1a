"""A client of the mirror, by its old name: ``gridhedge mirror client`` with the same arguments."""

from __future__ import annotations

import sys

from gridhedge.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["mirror", "client", *sys.argv[1:]]))
