"""Journal events as canonical JSON, and status figures in the open form."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings

from gridhedge.domain.events import Event, Execution, OrderIntended, ReferenceFixed, StopRaised
from gridhedge.domain.order import OrderKey
from gridhedge.domain.values import Role, Side
from gridhedge.engine.status import AccountStatus, RecentEvent
from gridhedge.store.codec import decode, decode_open, encode, encode_open


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_comes_back_as_it_went(kind, values_of):
    """decode(encode(event)) == event, and encoding again gives the same text, for every member of Event."""

    @given(values_of(kind))
    def law(event):
        text = encode(event)
        assert decode(text) == event
        assert encode(decode(text)) == text
        assert text.isascii()
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))

    law()


def test_the_canonical_form_is_written_out():
    """Keys sorted, no blanks, decimals without exponent, enums by value, the order key as a list."""
    event = OrderIntended(
        "ghabcdef-LG01-t3r8t6-1",
        "DOGEUSDT",
        OrderKey(Side.LONG, Role.GRID, 1, 1760633994, 1),
        Decimal("0.19733"),
        Decimal("7.5E+2"),
        False,
        1760633994480,
    )
    assert encode(event) == (
        '{"at":1760633994480,"client_id":"ghabcdef-LG01-t3r8t6-1","key":["long","G",1,1760633994,1],'
        '"price":"0.19733","quantity":"750","reduce_only":false,"symbol":"DOGEUSDT","trigger_price":null,'
        '"type":"OrderIntended"}'
    )


def test_a_tuple_of_quantities_is_a_list_of_strings():
    """The reference table keeps every digit."""
    event = ReferenceFixed("DOGEUSDT", (Decimal(376), Decimal("752.0")), 5)
    assert encode(event) == '{"at":5,"quantities":["376","752.0"],"symbol":"DOGEUSDT","type":"ReferenceFixed"}'


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_number_that_is_not_finite_is_refused(number):
    """Neither written nor read."""
    event = ReferenceFixed("DOGEUSDT", (Decimal(number),), 5)
    with pytest.raises(ValueError, match="not a finite number"):
        encode(event)
    with pytest.raises(ValueError, match="not a finite number"):
        decode(f'{{"at":5,"quantities":["{number}"],"symbol":"X","type":"ReferenceFixed"}}')


def test_a_field_that_an_older_journal_lacks_takes_its_default():
    """Execution.kind came with a default: a journal without it can be read."""
    event = Execution("e", "X", "", "v", Side.LONG, True, Decimal(1), Decimal(2), Decimal(0), True, 9)
    assert decode(encode(event).replace('"kind":"trade",', "")) == event


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"Nonsense"}',
        '{"type":"StopLifted"}',
        '{"type":"StopLifted","at":"5"}',
        '{"type":"StopLifted","at":true}',
        '{"type":"StopLifted","at":5.0}',
        '{"type":"StopLifted","at":5,"more":1}',
        '{"type":"CycleOpened","symbol":"X","side":"up","cycle":1,"now_levels":1,"at":1}',
        '{"type":"ReferenceFixed","symbol":"X","quantities":[1],"at":1}',
        '{"type":"ReferenceFixed","symbol":"X","quantities":["x"],"at":1}',
        '{"type":"ReferenceFixed","symbol":"X","quantities":"12","at":1}',
    ],
)
def test_anything_else_is_a_value_error(text):
    """Unknown names, missing fields and wrong types never become an event."""
    with pytest.raises(ValueError):
        decode(text)


def test_the_open_form_comes_back_too(values_of):
    """decode_open(encode_open(value)) == value, nested tuples and times included."""

    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
    @given(values_of(AccountStatus))
    def law(status):
        assert decode_open(AccountStatus, encode_open(status)) == status

    law()


def test_the_open_form_writes_times_for_people():
    """Times are ISO 8601 in UTC, other integers stay numbers."""
    assert encode_open(RecentEvent(1760633994480, "info", "placed")) == (
        '{"at":"2025-10-16T16:59:54.480+00:00","level":"info","text":"placed"}'
    )


@pytest.mark.parametrize("text", ["{}", "null", "[]", "5", '{"at":5}', "{"])
def test_an_open_text_of_another_shape_is_a_value_error(text):
    """Missing fields and wrong types are named, not guessed."""
    with pytest.raises(ValueError):
        decode_open(RecentEvent, text)


def test_text_with_half_characters_survives():
    """A lone surrogate from a venue's text is written as an escape and comes back."""
    event = StopRaised("freeze", "X", "\ud800\x00", 1)
    assert decode(encode(event)) == event
