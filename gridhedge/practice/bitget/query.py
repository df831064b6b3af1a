"""Parameters of requests: reading them strictly, and cutting lists by time window, limit and id."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from gridhedge.domain.values import Millis
from gridhedge.practice.bitget.answers import Answer, bad_parameter

__all__ = ["DAY", "Params", "choice", "from_body", "from_query", "number", "page", "required", "whole", "within"]

Params: TypeAlias = dict[str, Any]
Item = TypeVar("Item")

DAY: Millis = 86_400_000
_DECIMAL = re.compile(r"\d{1,20}(\.\d{1,20})?\Z", re.ASCII)
_LONGEST = 90 * DAY


def from_query(raw: bytes) -> Params:
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def from_body(raw: bytes) -> Params:
    """The JSON object of a POST; a bare list is found under ``list``."""
    try:
        body = json.loads(raw or b"{}", parse_float=str, parse_int=str)
    except ValueError as error:
        raise bad_parameter("the body is not JSON") from error
    if isinstance(body, list):
        return {"list": body}
    if not isinstance(body, dict):
        raise bad_parameter("the body is not a JSON object")
    return {name: value for name, value in body.items() if value is not None}


def required(params: Params, name: str) -> str:
    """A text that must be there."""
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise Answer("40019", f"Parameter {name} cannot be empty")
    return value


def choice(params: Params, name: str, choices: tuple[str, ...], default: str = "") -> str:
    """One of several words, in any case."""
    value = str(params.get(name) or default).lower()
    if value not in choices:
        raise bad_parameter(f"{name} {value!r} is not one of {', '.join(choices)}")
    return value


def number(params: Params, name: str) -> Decimal:
    """A decimal that must be there, without sign and exponent."""
    value = params.get(name)
    if not isinstance(value, str) or not _DECIMAL.match(value):
        raise bad_parameter(f"{name} {value!r} is not a decimal number")
    return Decimal(value)


def whole(params: Params, name: str, default: int) -> int:
    """A whole number, or the default where it is missing or empty."""
    value = params.get(name, "")
    if value == "":
        return default
    if not isinstance(value, str) or not value.isdecimal() or len(value) > 19:
        raise bad_parameter(f"{name} {value!r} is not a whole number")
    return int(value)


def within(params: Params, now: Millis, longest: Millis = _LONGEST) -> tuple[Millis, Millis]:
    """First and last moment asked for; without an end whatever happens while this is answered belongs to it."""
    start, end = whole(params, "startTime", -1), whole(params, "endTime", now + DAY)
    start = end - _LONGEST if start < 0 else start
    if end < start:
        raise bad_parameter("startTime lies after endTime")
    if "endTime" in params and end - start > longest:
        raise bad_parameter(f"the time range is longer than {longest // DAY} days")
    return start, end


def page(items: Iterable[Item], place: Callable[[Item], int], params: Params, after: str) -> tuple[list[Item], str]:
    """One page of items that come newest first, and the cursor of the next: the id of the last that was seen."""
    limit = max(1, min(100, whole(params, "limit", 100)))
    before = whole(params, after, 0)
    found: list[Item] = []
    for item in items:
        if not before or place(item) < before:
            found.append(item)
            if len(found) == limit:
                break
    return found, str(place(found[-1])) if found else ""
