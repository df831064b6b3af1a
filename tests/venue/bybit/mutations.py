"""Broken messages: mutations of good ones, and the numbers that may come out of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from decimal import Decimal as D
from decimal import InvalidOperation
from typing import Any

__all__ = ["MUTATIONS", "decimals_in", "mutated", "texts"]

MUTATIONS = 500
STRANGE: list[Any] = [
    "", "NaN", "Infinity", "-Infinity", "-1", "0", "1e9", "1_0", "１", " 1", "9" * 50, "\x00", "\x1b[2J", "null", "Buy",
    "Sell", "New", "Filled", "Trade", "Funding", "linear", "BTCUSDT", None, True, False, 0, -1, 1, 1.5, 10**30, [], {},
    [None], {"a": 1}, "2" * 13,
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


def mutated(message: dict[str, Any], dice: random.Random) -> Any:
    """One or two things in it lost, replaced, swapped or repeated; sometimes the whole is something else."""
    if dice.random() < 0.02:
        return copy.deepcopy(dice.choice(STRANGE))
    changed: Any = copy.deepcopy(message)
    for _ in range(dice.choice((1, 1, 2))):
        path = dice.choice(list(places(changed)))
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        way = dice.randrange(5)
        if way == 0:
            del holder[path[-1]]
        elif way == 1:
            holder[path[-1]] = copy.deepcopy(dice.choice(list(holder.values() if isinstance(holder, dict) else holder)))
        elif way == 2 and isinstance(holder[path[-1]], str):
            holder[path[-1]] = broken(holder[path[-1]], dice)
        else:
            holder[path[-1]] = copy.deepcopy(dice.choice(STRANGE))
        if not isinstance(changed, dict) or not changed:
            return changed
    return changed


def broken(text: str, dice: random.Random) -> str:
    """Cut, doubled, or with a character too many."""
    at = dice.randint(0, len(text))
    return dice.choice((text[:at], text + text, f"{text[:at]}{dice.choice('-.,e x+0')}{text[at:]}"))


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def decimals_in(message: Any) -> set[D]:
    """Every number that stands in a message as a plain text."""
    found = {D(0)}
    for text in texts(message):
        try:
            if text.isascii() and not set(text) - set("0123456789.-"):
                found.add(D(text))
        except InvalidOperation:
            continue
    return found
