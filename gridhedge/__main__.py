"""``python -m gridhedge`` is the same as ``gridhedge``."""

from __future__ import annotations

import sys

from gridhedge.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
