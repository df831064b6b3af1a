"""The search for the largest accepted quantity: bounded, on the grid, and right."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.squeeze import FORGOTTEN_MS, MAX_REQUESTS, Squeeze
from gridhedge.domain.values import ZERO

D = Decimal
STEP = D("0.001")


def searched(wanted: Decimal, limit: Decimal, least: str, first: Decimal | None = None) -> tuple[Decimal, int]:
    """What a venue that accepts up to ``limit`` ends up holding, and how many requests that took."""
    squeeze: Squeeze | None = Squeeze(wanted, ZERO, 0, 0).after_refusal(wanted, 0)
    asked = wanted
    for _ in range(100):
        assert squeeze is not None
        asked = squeeze.next_try(wanted, D(least), STEP, first)
        if asked == squeeze.accepted:
            break
        squeeze = squeeze.after_refusal(asked, 0) if asked > limit else squeeze.after_acceptance(asked, 0)
    assert squeeze is not None
    return squeeze.accepted, squeeze.requests


def test_the_largest_accepted_quantity_is_found_in_ten_requests() -> None:
    """10 wanted, 6.789 accepted: the refusal and nine halvings come within two thousandths of 10, and never above."""
    assert searched(D(10), D("6.789"), "0.3") == (D("6.770"), 10)


def test_a_good_first_guess_saves_requests() -> None:
    """Where 6.78 is what the balance allows, it is asked for first and improved from there."""
    found, requests = searched(D(10), D("6.789"), "0.3", D("6.78"))
    assert D("6.7") < found <= D("6.789")
    assert requests <= MAX_REQUESTS


def test_less_than_the_least_is_given_up() -> None:
    """30 % of 10 is 3: a venue that takes 2.999 takes nothing, one that takes 3.1 is found out."""
    assert searched(D(10), D("2.999"), "0.3")[0] == 0
    assert 3 <= searched(D(10), D("3.1"), "0.3")[0] <= D("3.1")


def test_an_old_refusal_says_nothing() -> None:
    """A minute later the search begins anew with what is refused then."""
    old = Squeeze(D(5), D(4), 10, 0)
    assert old.after_refusal(D(7), FORGOTTEN_MS + 1) == Squeeze(D(7), ZERO, 1, FORGOTTEN_MS + 1)


def test_the_search_ends_when_all_that_was_refused_is_accepted() -> None:
    """Nothing is known to be too large any more."""
    assert Squeeze(D(5), D(4), 3, 0).after_acceptance(D(5), 1) is None


@given(
    wanted=st.integers(1, 10**6).map(lambda steps: steps * STEP),
    share=st.integers(0, 1100),
    least=st.sampled_from(["0.3", "0.5"]),
    guess=st.none() | st.integers(0, 1000),
)
def test_no_venue_is_asked_more_than_ten_times(wanted: Decimal, share: int, least: str, guess: int | None) -> None:
    """Whatever it accepts: at most ten requests, a multiple of the step, never more than the venue takes, never less
    than the least unless it is nothing."""
    limit = wanted * share / 1000
    first = None if guess is None else wanted * guess / 1000
    found, requests = searched(wanted, limit, least, first)
    assert requests <= MAX_REQUESTS
    assert found % STEP == 0
    assert found <= limit
    assert found == 0 or found >= wanted * D(least) - STEP
