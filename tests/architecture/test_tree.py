"""The tree of files: tests mirror sources, and nothing names the place where it was written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

WITHOUT_TWIN = {"architecture", "contract", "simulation", "crash", "scripts"}
"""Folders of tests that speak about the whole instead of one module."""
NOT_OURS = {".git", ".venv", "__pycache__", "build", "dist", "htmlcov", ".hypothesis"}
DEVELOPER_FOLDER = re.compile(r"(?<![\w.}/])/(?:home|Users|root|work)/\w")
"""An absolute path into somebody's machine."""


def files(root: Path) -> Iterator[Path]:
    """Every file that could be committed."""
    for folder, names, leaves in os.walk(root):
        kept = (name for name in names if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info")))
        names[:] = [name for name in kept if Path(folder, name) != root / "data"]
        yield from (Path(folder, leaf) for leaf in leaves if not leaf.startswith(".coverage"))


def without_twin(tests: list[str], exists: set[str]) -> list[str]:
    """Test files (``x/test_y.py``, seen from tests/) whose module gridhedge/x/y does not exist."""
    found = []
    for test in tests:
        folder, _, name = test.rpartition("/")
        module = "/".join(filter(None, ["gridhedge", folder, name.removeprefix("test_").removesuffix(".py")]))
        if test.split("/")[0] not in WITHOUT_TWIN and not exists & {f"{module}.py", f"{module}/__init__.py"}:
            found.append(test)
    return found


def test_every_test_file_has_a_source_twin(root: Path) -> None:
    """tests/store/test_ledger.py speaks about gridhedge/store/ledger.py, and about nothing else."""
    tests = [file.relative_to(root / "tests").as_posix() for file in (root / "tests").rglob("test_*.py")]
    exists = {file.relative_to(root).as_posix() for file in (root / "gridhedge").rglob("*.py")}
    assert len(tests) > 10
    assert without_twin(tests, exists) == []


def test_nothing_names_a_folder_of_the_machine_it_was_written_on(root: Path) -> None:
    """Absolute paths into a home or work folder work for one person only."""
    naming = []
    for file in files(root):
        text = file.read_bytes().decode("utf-8", errors="ignore")
        naming.extend(f"{file.relative_to(root)}: {match[0]}" for match in DEVELOPER_FOLDER.finditer(text))
    assert naming == []


def test_the_rules_see_what_they_forbid() -> None:
    """Each rule fires on what breaks it."""
    exists = {"gridhedge/store/ledger.py", "gridhedge/store/__init__.py"}
    tests = ["store/test_ledger.py", "store/test_nothing.py", "architecture/test_tree.py", "test_store.py"]
    assert without_twin(tests, exists) == ["store/test_nothing.py"]
    assert DEVELOPER_FOLDER.search("see " + "/home" + "/anna/notes") is not None
    assert DEVELOPER_FOLDER.search("https://example.org/home/page") is None
