"""What goes wrong, where and how often."""

from __future__ import annotations

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.practice.faults import KINDS, Faults


def test_a_fault_strikes_as_often_as_it_was_asked_to() -> None:
    """Twice, after the first occasion has passed unharmed, on matching paths only."""
    faults = Faults()
    faults.add("timeout_after", on="/v5/order/create", times=2, skip=1)
    paths = ["/v5/order/create", "/v5/order/cancel", "/v5/order/create", "/v5/order/create-batch", "/v5/order/create"]
    assert [bool(faults.strike(("timeout_after",), path)) for path in paths] == [False, False, True, True, False]
    assert faults.struck["timeout_after"] == 2


def test_a_fault_without_a_number_strikes_until_it_is_cleared() -> None:
    """One kind may be cleared alone."""
    faults = Faults()
    faults.add("lose", times=None)
    faults.add("duplicate", times=None)
    assert all(faults.strike(("lose",), "order") for _ in range(50))
    faults.clear("lose")
    assert faults.strike(("lose",), "order") is None
    assert faults.strike(("duplicate",), "order") is not None
    faults.clear()
    assert faults.described()["active"] == []


def test_what_lasts_ends_by_itself() -> None:
    """Silence of no length is over at once; a standing fault stays."""
    faults = Faults()
    faults.add("silence", seconds=0.0)
    faults.add("clock", seconds=-30)
    assert faults.active("silence", "public") is None
    assert faults.active("clock") is not None


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("earthquake", {}, "no fault is called 'earthquake': there are timeout_before, "),
        ("lose", {"color": 1}, "fault lose: no field is called 'color'"),
        ("lose", {"until": 1.0}, "fault lose: no field is called 'until'"),
        ("lose", {"times": 0}, "fault lose: times is a positive number, not 0"),
        ("lose", {"times": True}, "fault lose: times is int | None, not True"),
        ("slow_answer", {"seconds": "1"}, "fault slow_answer: seconds is float, not '1'"),
    ],
)
def test_a_wrong_fault_is_refused_with_a_sentence(kind: str, given: dict[str, object], text: str) -> None:
    """Nothing is switched on by a typing error."""
    faults = Faults()
    with pytest.raises(UsageError) as refused:
        faults.add(kind, **given)
    assert str(refused.value).startswith(text)
    assert faults.described()["active"] == []


def test_every_kind_can_be_switched_on_and_shown() -> None:
    """The table of kinds is the table of what there is."""
    faults = Faults()
    for kind in KINDS:
        faults.add(kind)
    assert [rule["kind"] for rule in faults.described()["active"]] == list(KINDS)


def test_a_fault_may_be_written_on_a_command_line() -> None:
    """Numbers, words and flags arrive as what they are."""
    faults = Faults()
    faults.add_text("no_hedge_mode")
    assert faults.add_text("clock,seconds=-30").seconds == -30.0
    fault = faults.add_text("refusal,on=order/create,code=110007,text=ab not enough,times=3,executed=true")
    assert (fault.on, fault.code, fault.text, fault.times, fault.executed) == (
        "order/create", 110007, "ab not enough", 3, True,
    )  # fmt: skip
    assert faults.active("no_hedge_mode") is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no fault is called ''"),
        ("clock,30", "fault clock,30: write KIND,NAME=VALUE with names of on, times, "),
        ("clock,until=3", "fault clock: no field is called 'until'"),
        ("clock,seconds=soon", "fault clock,seconds=soon: 'soon' is not a number"),
        ("lose,times=1.5", "fault lose,times=1.5: '1.5' is not a number"),
    ],
)
def test_a_fault_that_is_written_wrongly_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    """It names what is wrong with it."""
    with pytest.raises(UsageError) as refused:
        Faults().add_text(text)
    assert str(refused.value).startswith(sentence)
