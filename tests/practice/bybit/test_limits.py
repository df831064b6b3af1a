"""A rolling second per account and endpoint."""

from __future__ import annotations

from gridhedge.practice.bybit.limits import Budget, Limits


def test_the_eleventh_request_of_a_second_waits_for_the_first_to_pass() -> None:
    """Ten fit; the answer says when the next one does; then it fits."""
    limits = Limits()
    left = [limits.spend("a", "/create", 10, 1, 1000 + number).left for number in range(10)]
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert limits.spend("a", "/create", 10, 1, 1500) == Budget(10, 0, 0, 2000)
    assert limits.spend("a", "/create", 10, 1, 2000).allowed == 1


def test_endpoints_and_accounts_have_budgets_of_their_own() -> None:
    """Nothing is shared."""
    limits = Limits()
    assert limits.spend("a", "/create", 10, 10, 1000).allowed == 10
    assert limits.spend("a", "/cancel", 10, 10, 1000).allowed == 10
    assert limits.spend("b", "/create", 10, 10, 1000).allowed == 10


def test_a_batch_gets_what_is_left() -> None:
    """Orders count singly: six, then four of the next six."""
    limits = Limits()
    assert limits.spend("a", "/create-batch", 10, 6, 1000).allowed == 6
    assert limits.spend("a", "/create-batch", 10, 6, 1001) == Budget(10, 0, 4, 2000)


def test_the_headers_say_limit_rest_and_reset() -> None:
    """As the venue spells them."""
    assert Budget(10, 9, 1, 1234).headers() == {
        "X-Bapi-Limit": "10",
        "X-Bapi-Limit-Status": "9",
        "X-Bapi-Limit-Reset-Timestamp": "1234",
    }
