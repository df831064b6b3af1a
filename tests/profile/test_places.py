"""A value lands where it belongs, in the tree and in the text, and everything else stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.profile.document import Node, read_document
from gridhedge.profile.load import load_profile
from gridhedge.profile.places import Place, Value, put, rewritten

ROOT = Path(__file__).parents[2]
STEP: Place = ("symbols", 0, "strategy", "grid_step_percent")
TEXT = """\
# Mine.
account: "001"   # folder

venue: {name: bybit, demo_trading: true}
symbols:
  - symbol: DOGEUSDT
    leverage: 75 # much
    strategy: {kind: symmetric, initial_position_size_usd: 1.0}
"""


def read(text: str, tmp_path: Path) -> Node:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    return read_document(path).root


def test_a_value_is_replaced_where_it_stands() -> None:
    """Comments, blanks and the other lines stay."""
    assert rewritten(TEXT, ("symbols", 0, "leverage"), "20") == TEXT.replace("75 #", "20 #")


def test_a_field_that_is_missing_is_added_to_its_group() -> None:
    """At the end of a group in braces; after the first line of a group of lines, at its indentation."""
    inline = rewritten(TEXT, STEP, "0.8")
    assert inline == TEXT.replace("usd: 1.0}", "usd: 1.0, grid_step_percent: 0.8}")
    block = TEXT.replace(
        "{kind: symmetric, initial_position_size_usd: 1.0}",
        "\n      kind: symmetric     # both sides\n      initial_position_size_usd: 1.0",
    )
    added = rewritten(block, STEP, "0.8")
    assert added == block.replace("# both sides\n", "# both sides\n      grid_step_percent: 0.8\n")


def test_a_group_that_is_missing_is_added() -> None:
    """After the first line of the file that says something."""
    added = rewritten(TEXT, ("risk", "mm_rate_threshold"), "80")
    assert added == TEXT.replace("# folder\n", "# folder\nrisk: {mm_rate_threshold: 80}\n")


@pytest.mark.parametrize("empty", ["risk:\n", "risk: {}\n", "risk: ~\n"])
def test_an_empty_group_is_filled(empty: str, tmp_path: Path) -> None:
    """Whatever its emptiness looks like."""
    added = rewritten(TEXT + empty, ("risk", "mm_rate_threshold"), "80")
    assert added == TEXT + "risk: {mm_rate_threshold: 80}\n"


def test_a_list_in_lines_becomes_one_line() -> None:
    """The items are replaced together, and what follows them stays."""
    before = "a: 1\nratios:\n  - 0.1\n  - 0.2  # last\nb: 2\n"
    assert rewritten(before, ("ratios",), ("0.3", "0.4")) == "a: 1\nratios: [0.3, 0.4]  # last\nb: 2\n"
    assert rewritten("ratios: [1, 2] # x\n", ("ratios",), ("3",)) == "ratios: [3] # x\n"


@pytest.mark.parametrize("value", ["0.8", "-100", "true", "Europe/Berlin", "09:30", "a b", "yes: no", "#", "1H"])
def test_a_text_is_read_back_as_itself(value: str, tmp_path: Path) -> None:
    """Quoted where it would mean something else."""
    root = read(rewritten(TEXT, STEP, value), tmp_path)
    assert root.plain() == put(read(TEXT, tmp_path), STEP, value).plain()


SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("config", SHIPPED, ids=[file.stem for file in SHIPPED])
def test_every_shipped_profile_can_be_rewritten(config: Path, tmp_path: Path) -> None:
    """Text and tree agree on every place, and not one comment is lost."""
    profile = load_profile(config)
    text, root = config.read_text(), read_document(config).root
    for index, entry in enumerate(profile.symbols):
        fields = [name for name in type(entry.strategy).model_fields if name != "kind"]
        places: list[Place] = [("symbols", index, "strategy", name) for name in fields]
        for place in [*places, ("symbols", index, "leverage"), ("risk", "max_notional_per_side")]:
            value: Value = ("0.1", "0.2") if str(place[-1]) in ("entry_ratios", "level_distances_percent") else "7"
            text, root = rewritten(text, place, value), put(root, place, value)
    assert read(text, tmp_path).plain() == root.plain()
    assert text.count("#") == config.read_text().count("#")
