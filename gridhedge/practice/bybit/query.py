"""Parameters of requests: reading them strictly, and cutting lists by time window, limit and cursor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl, quote

from gridhedge.domain.values import Millis
from gridhedge.practice.bybit.answers import Answer, bad_parameter

__all__ = ["DAY", "Params", "from_body", "from_query", "number", "page", "required", "time_window", "whole"]

Params: TypeAlias = dict[str, Any]
Item = TypeVar("Item")

DAY: Millis = 86_400_000
_DECIMAL = re.compile(r"\d{1,20}(\.\d{1,20})?\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}\Z", re.ASCII)


def from_query(raw: bytes) -> Params:
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def from_body(raw: bytes) -> Params:
    """The JSON object of a POST. Numbers that are not whole stay text, digit by digit."""
    try:
        body = json.loads(raw, parse_float=str)
    except ValueError as error:
        raise bad_parameter("the body is not JSON") from error
    if not isinstance(body, dict):
        raise bad_parameter("the body is not a JSON object")
    return {name: value for name, value in body.items() if value is not None}


def required(params: Params, name: str) -> str:
    """A text that must be there."""
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise bad_parameter(f"{name} is missing or not a string")
    return value


def number(params: Params, name: str) -> Decimal:
    """A decimal that must be there, without sign and exponent."""
    value = params.get(name)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _DECIMAL.match(text):
        raise bad_parameter(f"{name} {value!r} is not a decimal number")
    return Decimal(text)


def whole(params: Params, name: str, default: int) -> int:
    """A whole number, or the default where it is missing or empty."""
    value = params.get(name, "")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value == "":
        return default
    if not isinstance(value, str) or not _WHOLE.match(value):
        raise bad_parameter(f"{name} {value!r} is not a whole number")
    return int(value)


def time_window(params: Params, now: Millis, default: Millis, longest: Millis = 7 * DAY) -> tuple[Millis, Millis]:
    """First and last moment asked for. A first one alone reaches ``default`` far, a last one alone ``longest`` back;
    neither: ``default`` up to now."""
    start, end = whole(params, "startTime", -1), whole(params, "endTime", -1)
    if start >= 0 and end >= 0:
        if end < start:
            raise Answer(10001, "The start time cannot be later than the end time.")
        if end - start > longest:
            raise Answer(10001, f"The time range between startTime and endTime cannot exceed {longest // DAY} days.")
        return start, end
    if start >= 0:
        return start, start + default
    if end >= 0:
        return end - longest, end
    return now - default, now + DAY  # whatever happens while this is answered belongs to it


def page(
    items: Iterable[Item], place: Callable[[Item], int], params: Params, default: int, most: int
) -> tuple[list[Item], str]:
    """One page of items that come newest first, and the cursor of the next (empty only where the page is).

    ``place`` falls from item to item. A cursor names the last place seen; it is handed out percent-encoded.
    """
    limit = whole(params, "limit", default)
    if limit < 1:
        raise bad_parameter(f"limit {limit} is not between 1 and {most}")
    limit = min(limit, most)
    before = _before(params)
    found: list[Item] = []
    for item in items:
        if before is None or place(item) < before:
            found.append(item)
            if len(found) == limit:
                break
    if not found:
        return [], ""
    return found, quote(f"{place(found[0])}:0,{place(found[-1])}:0", safe="")


def _before(params: Params) -> int | None:
    cursor = params.get("cursor", "")
    if cursor == "":
        return None
    match = re.fullmatch(r"\d{1,15}:\d{1,15},(\d{1,15}):\d{1,15}", str(cursor), re.ASCII)
    if match is None:
        raise bad_parameter("cursor is not one that was handed out")
    return int(match[1])
