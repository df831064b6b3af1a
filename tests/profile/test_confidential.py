"""Keys of exchanges are recognised by name and by look."""

from __future__ import annotations

import pytest

from gridhedge.profile.confidential import find_confidential, names_confidential
from gridhedge.profile.document import Node

KEYS = ["aB3dE6gH9jK2mN5pQ8", "x1" * 18, "Zz9" * 21 + "Q", "bg_" + "0a1b2c3d" * 4]
"""Made up, in the shapes of Bybit's, Binance's and Bitget's."""
HARMLESS = [
    "1000000BABYDOGEUSDT",
    "2026-01-01T00:00:00Z",
    "../data/dogeusdt_2025_1m.parquet",
    "cancel_entries",
    "123456789012345678901234",
    "emergencyactionfreeze",
    "0.12345678901234567890",
]


@pytest.mark.parametrize("value", KEYS)
def test_a_value_that_looks_like_a_key_is_found_where_it_stands(value: str) -> None:
    """In groups and lists, with its line and path, and without itself."""
    root = Node(1, {"a": Node(2, [Node(3, "x"), Node(4, value)])})
    (problem,) = find_confidential(root)
    assert (problem.line, problem.where) == (4, "a[1]")
    assert value not in problem.text


@pytest.mark.parametrize("value", HARMLESS)
def test_symbols_times_files_words_and_numbers_are_no_keys(value: str) -> None:
    """A false alarm would refuse a good profile."""
    assert list(find_confidential(Node(1, {"a": Node(1, value)}))) == []


@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "BYBIT_API_SECRET", "secret", "passphrase", "pass_phrase", "password", "token"]
)
def test_a_field_with_the_name_of_a_secret_is_found_whatever_it_holds(name: str) -> None:
    """Also when it is still empty: it will not stay so."""
    (problem,) = find_confidential(Node(1, {"venue": Node(1, {name: Node(2, None)})}))
    assert (problem.line, problem.where) == (2, f"venue.{name}")


def test_a_key_used_as_a_name_hides_its_place() -> None:
    """The path would repeat it."""
    (problem,) = find_confidential(Node(1, {"venue": Node(1, {KEYS[0]: Node(2, "1")})}))
    assert (problem.line, problem.where) == (2, "venue")
    assert names_confidential(f"venue.{KEYS[0]}.x[1]")
    assert not names_confidential("venue.feeds.1000000BABYDOGEUSDT.price")
