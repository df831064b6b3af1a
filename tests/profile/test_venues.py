"""Venues of profiles: which are real money, and what the embedded exchange is told."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import ValidationError

from gridhedge.profile.venues import VENUES, BybitSettings, PaperSettings, RealVenueSettings, VenueSettings

PAPER = {"name": "paper", "rules": "bybit", "feeds": {"DOGEUSDT": {"kind": "synthetic", "price": "0.19933"}}}


class Somewhere(RealVenueSettings):
    """A venue with a real and a demo side."""

    name: Literal["somewhere"] = "somewhere"


def test_a_venue_that_says_nothing_is_taken_for_real_money() -> None:
    """Forgetting to say it must not be the way to trade."""
    assert VenueSettings().real_money


def test_a_real_venue_must_say_whether_it_is_its_demo_side() -> None:
    """Neither side is a default."""
    with pytest.raises(ValidationError, match="demo_trading"):
        Somewhere.model_validate({})
    assert Somewhere(demo_trading=False).real_money
    assert not Somewhere(demo_trading=True).real_money


def test_paper_is_never_real_money() -> None:
    """It needs no word about demo or live."""
    assert not PaperSettings.model_validate(PAPER).real_money


@pytest.mark.parametrize(
    ("start", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T00:00:00.001+01:00", 1_767_222_000_001),
    ],
)
def test_the_start_is_exact_to_the_millisecond(start: str, milliseconds: int) -> None:
    """Zones are honoured, and no float is involved."""
    assert PaperSettings.model_validate({**PAPER, "start": start}).start_ms == milliseconds


def test_the_venues_of_the_plan_are_known_by_name() -> None:
    """So that a profile for one of them is answered with what is missing instead of "unknown"."""
    assert set(VENUES) == {"paper", "bybit", "binance", "bitget", "mt5"}


@pytest.mark.parametrize(
    ("endpoint", "possible"),
    [
        ("http://127.0.0.1:8701", True),
        ("http://localhost:8701", True),
        ("https://api.bytick.com", True),
        ("http://192.168.1.5:8701", False),
        ("https://api.bytick.com/v5", False),
        ("127.0.0.1:8701", False),
        ("http://127.0.0.1:8701@evil.example", False),
    ],
)
def test_an_endpoint_is_this_machine_or_encrypted(endpoint: str, possible: bool) -> None:
    """Signed requests do not cross a network in the clear."""
    told = {"name": "bybit", "demo_trading": True, "endpoint": endpoint}
    if possible:
        assert BybitSettings.model_validate(told).endpoint == endpoint
    else:
        with pytest.raises(ValidationError, match="endpoint"):
            BybitSettings.model_validate(told)
