"""Makes ``paper_worlds`` importable for the tests of this folder (pytest runs with --import-mode=importlib)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
