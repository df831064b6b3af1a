"""Structures are the package's."""

from __future__ import annotations

from typing import Any

from gridhedge.venue.mt5.terminal.structs import STRUCTS


def test_every_structure_has_the_package_s_fields_in_their_order(facts: Any) -> None:
    """Eleven structures, 300 fields."""
    ours = {name: list(struct._fields) for name, struct in STRUCTS.items()}
    assert ours == {name: struct["fields"] for name, struct in facts["struct_fields"].items()}
