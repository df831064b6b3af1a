"""What a command line says in place of a profile: put into its tree before it is checked, so that one schema judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import Node

__all__ = ["COMMAND_LINE", "NOTHING_SAID", "Overrides"]

COMMAND_LINE = 0
"""The line of a value that no file has."""


class Overrides(NamedTuple):
    """``None`` leaves what the profile says."""

    symbol: str | None = None
    """In place of the symbol of a one-symbol profile."""
    leverage: str | None = None
    """Of every symbol."""

    def into(self, root: Node) -> Node:
        """The tree with these values. Raises UsageError where the profile has several symbols to choose from."""
        said = self._said()
        if not said or not isinstance(root.value, dict):
            return root
        entries = root.value.get("symbols")
        if entries is None or not isinstance(entries.value, list):
            return root  # wrong in itself, as the schema will say
        names = dict.fromkeys(filter(None, map(_symbol, entries.value)))
        if self.symbol is not None and len(names) > 1:
            raise UsageError(f"--symbol replaces the symbol of a one-symbol profile; this one has {', '.join(names)}")
        changed = [_with(entry, said) for entry in entries.value]
        return Node(root.line, {**root.value, "symbols": Node(entries.line, changed)})

    def place(self, path: Path, line: int, where: str) -> str:
        """Where a mistake stands: ``btc.yaml:7: symbols[0].leverage``, or ``--leverage 500``."""
        name = where.rpartition(".")[2]
        if line == COMMAND_LINE and name in self._said():
            return f"--{name} {self._said()[name]}"
        return f"{path}:{line}: {where}" if where else f"{path}:{line}"

    def told(self) -> str:
        """As it was written; empty if nothing was."""
        return " ".join(f"--{name} {value}" for name, value in self._said().items())

    def _said(self) -> dict[str, str]:
        return {name: value for name, value in self._asdict().items() if value is not None}


NOTHING_SAID = Overrides()


def _symbol(entry: Node) -> str | None:
    node = entry.value.get("symbol") if isinstance(entry.value, dict) else None
    return node.value if node is not None and isinstance(node.value, str) else None


def _with(entry: Node, said: Mapping[str, str]) -> Node:
    if not isinstance(entry.value, dict):
        return entry
    return Node(entry.line, entry.value | {name: Node(COMMAND_LINE, value) for name, value in said.items()})
