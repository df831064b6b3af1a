"""The table in docs/BYBIT.md: each line of the checklist names tests, and every test that it names exists."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
EXCUSES = ("open: ", "by hand: ")


def lines(root: Path) -> list[tuple[str, str]]:
    """Line and proof of each row of the table, headings left out."""
    text = (root / "docs" / "BYBIT.md").read_text(encoding="utf-8").partition("| line | shown by |")[2]
    rows = [row.strip("|").split(" | ") for row in text.splitlines() if row.startswith("| ") and "---" not in row]
    return [(line.strip(), proof.strip()) for line, proof in rows if not line.strip().startswith("**")]


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_line_is_shown_by_a_test_or_says_why_not(root: Path) -> None:
    """A line without a test is open, or is verified by hand, and says so."""
    table = lines(root)
    assert len(table) > 40
    assert [line for line, proof in table if not TEST.search(proof) and not proof.startswith(EXCUSES)] == []


def test_every_named_test_exists(root: Path) -> None:
    """A test that is renamed takes its name in the table along."""
    named = [match for _, proof in lines(root) for match in TEST.findall(proof)]
    missing = [f"{file}::{name}" for file, name in named if name not in functions(root / file)]
    assert missing == []


def test_no_line_of_the_description_is_left_out(root: Path) -> None:
    """As many lines as the description's own checklist has, where this machine has the description."""
    beside = root.parent / "shared" / "seeds" / "grid-trader-bybit.ru.md"
    seed = Path(os.environ.get("GRIDHEDGE_SEED_BYBIT", beside))
    if not seed.is_file():
        pytest.skip(f"no description in {seed}; set GRIDHEDGE_SEED_BYBIT to run this test")
    checklist = [line for line in seed.read_text(encoding="utf-8").splitlines() if line.startswith("- [ ] ")]
    assert len(lines(root)) == len(checklist)
