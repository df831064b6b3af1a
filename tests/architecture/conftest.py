"""The source tree, read and parsed once for all rules."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One module of the package."""

    path: str
    """From the root of the repository, with slashes."""
    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The folder under gridhedge; empty for the package's own modules."""
        parts = self.path.split("/")
        return parts[1] if len(parts) > 2 else ""


def parse(path: str, text: str) -> Source:
    """``text`` as the module at ``path`` would be."""
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return Source(path, name, text, ast.parse(text))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    files = sorted((ROOT / "gridhedge").rglob("*.py"))
    assert len(files) > 10
    return [parse(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


@pytest.fixture(scope="session")
def planted() -> type[Planted]:
    return Planted


class Planted:
    """Makes modules with a known fault, so that each rule is seen to fire."""

    parse = staticmethod(parse)
