"""The mirror's tumbler, by its old name: ``gridhedge mirror tumbler`` with the same arguments."""

from __future__ import annotations

import sys

from gridhedge.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["mirror", "tumbler", *sys.argv[1:]]))
