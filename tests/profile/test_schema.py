"""What belongs at a place of a profile, in words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from gridhedge.profile.schema import Slot, expected, listed, slot_of, step_into
from gridhedge.profile.settings import Profile


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (Annotated[int, Field(ge=1, le=200)], "a whole number 1–200"),
        (Annotated[Decimal, Field(gt=0, le=Decimal("1e9"))], "a number above 0, up to 1000000000"),
        (Annotated[Decimal, Field(ge=Decimal("0.01"), lt=100)], "a number from 0.01, below 100"),
        (Annotated[Decimal, Field(ge=0)] | None, "a number from 0"),
        (bool, "true or false"),
        (str, "text"),
        (Path, "a file name"),
        (datetime, "a time"),
        (Literal["a", "b", "c"], "a, b or c"),
        (tuple[int, ...], "a list (lines that begin with -)"),
        (dict[str, int], "a group of settings (lines of key: value)"),
        (Profile, "a group of settings (lines of key: value)"),
        (Annotated[str, Field(description="a colour")], "a colour"),
    ],
)
def test_what_is_expected_is_said_in_words(annotation: Any, words: str) -> None:
    """Kind and bounds of a value, as a remedy shows them."""
    assert expected(slot_of(annotation)) == words


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (("symbols", 0, "leverage"), "a whole number 1–200"),
        (("symbols", 3, "strategy", "symmetric", "take_profit_fee"), "auto or taker"),
        (("venue", "paper", "feeds", "DOGEUSDT", "synthetic", "volatility_percent"), "a number 0–10"),
        (("venue", "paper", "liquidity"), "a number above 0, up to 1000000000000"),
        (("risk",), "a group of settings (lines of key: value)"),
    ],
)
def test_every_location_leads_to_its_field(location: tuple[str | int, ...], words: str) -> None:
    """Through lists, groups, names that choose a schema, and optional values."""
    slot = Slot(Profile)
    for part in location:
        slot = step_into(slot, part)
    assert expected(slot) == words


def test_a_location_beside_the_schema_leads_to_anything() -> None:
    """Unknown keys have no field, and nothing under them has one."""
    slot = step_into(step_into(Slot(Profile), "colour"), 0)
    assert (slot.type, slot.keys) == (Any, ())


def test_choices_are_listed_as_people_do() -> None:
    """The last one after "or"."""
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("a", "a or b", "a, b or c")
