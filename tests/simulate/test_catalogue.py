"""Documents and code speak of the same faults and invariants."""

from __future__ import annotations

import re
from pathlib import Path

from gridhedge.simulate.catalogue import FAULTS, MODELLED
from gridhedge.simulate.hands import DEEDS
from gridhedge.simulate.line import FATES

ROOT = Path(__file__).parents[2]


def rows(name: str) -> list[list[str]]:
    lines = (ROOT / "docs" / name).read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [FI]-\d\d ", line)]


def test_every_fault_has_its_row() -> None:
    """What happens, what the bot does and what it says are written as they are in the catalogue."""
    expected = [[name, fault.title, fault.answer, fault.told] for name, fault in FAULTS.items()]
    assert sorted(rows("FAILURES.md")) == sorted(expected)


def test_the_catalogue_counts_from_1_to_84() -> None:
    """Without a gap; at least sixty of them are modelled."""
    assert list(FAULTS) == [f"F-{number:02d}" for number in range(1, 85)]
    assert len(MODELLED) >= 60


def test_every_fault_of_a_request_has_its_fate_and_every_fault_of_a_step_its_deed() -> None:
    """None is thrown for nothing."""
    batches = {"F-15", "F-19"}
    deaths = {"F-68", "F-69", "F-71"}
    assert {name for name in MODELLED if FAULTS[name].place == "request"} == set(FATES) | batches
    assert {name for name in MODELLED if FAULTS[name].place == "step"} == set(DEEDS) | deaths


def test_every_invariant_is_judged_and_tested_where_the_document_says() -> None:
    """The files exist and speak of it; I-19 was never given."""
    table = {cells[0]: cells for cells in rows("INVARIANTS.md")}
    assert set(table) == {f"I-{number:02d}" for number in range(1, 41)} - {"I-19"}
    for name, (_, _, _, judged, tested) in table.items():
        for file in judged.split(", "):
            assert (ROOT / file.strip("`")).is_file(), name
        for file in tested.split(", "):
            test = ROOT / file.strip("`")
            assert test.is_file(), name
            if test.parent.name in ("domain", "engine", "simulate", "simulation"):
                assert name in test.read_text("utf-8"), f"{file} does not speak of {name}"
