"""Parameters of requests: from the query and from the body of every verb, read strictly."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from gridhedge.domain.values import Millis
from gridhedge.practice.binance.answers import Answer, bad_parameter, missing

__all__ = [
    "DAY",
    "Params",
    "choice",
    "is_true",
    "limited",
    "merged",
    "number",
    "objects",
    "required",
    "time_window",
    "whole",
]

Params: TypeAlias = dict[str, str]

DAY: Millis = 86_400_000
_DECIMAL = re.compile(r"\d{1,20}(\.\d{1,20})?\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,19}\Z", re.ASCII)


def merged(query: bytes, body: bytes) -> Params:
    """All parameters; those of the query win. Empty ones are absent."""
    found: Params = {}
    for raw in (body, query):
        text = raw.decode("utf-8", "replace")
        found.update((name, value) for name, value in parse_qsl(text, keep_blank_values=True) if value)
    return found


def required(params: Params, name: str) -> str:
    if name not in params:
        raise missing(name)
    return params[name]


def number(params: Params, name: str) -> Decimal:
    """A decimal that must be there, without sign and exponent."""
    value = required(params, name)
    if not _DECIMAL.match(value):
        raise Answer(
            -1100,
            f"Illegal characters found in parameter '{name}'.",
        )
    return Decimal(value)


def whole(params: Params, name: str, default: int) -> int:
    """A whole number, or the default where it is missing."""
    value = params.get(name)
    if value is None:
        return default
    if not _WHOLE.match(value):
        raise bad_parameter(name)
    return int(value)


def choice(params: Params, name: str, choices: tuple[str, ...], default: str = "") -> str:
    """One of the words; the default where it is missing, if there is one."""
    value = params.get(name, default)
    if not value:
        raise missing(name)
    if value not in choices:
        raise bad_parameter(name)
    return value


def is_true(params: Params, name: str) -> bool:
    """A flag, in whichever case it is written."""
    return choice({name: params.get(name, "false").lower()}, name, ("true", "false")) == "true"


def limited(params: Params, default: int, most: int) -> int:
    """How many rows are wanted, cut to the most there can be."""
    limit = whole(params, "limit", default)
    if limit < 1:
        raise bad_parameter("limit")
    return min(limit, most)


def time_window(params: Params, now: Millis, default: Millis = 7 * DAY) -> tuple[Millis, Millis]:
    """First and last moment asked for, at most ``default`` apart; neither: up to now."""
    start, end = whole(params, "startTime", -1), whole(params, "endTime", -1)
    if start >= 0 and end >= 0:
        if end < start:
            raise Answer(-1023, "Start time is greater than end time.")
        if end - start > default:
            raise Answer(-4166, f"Search window is restricted to recent {default // DAY} days only.")
        return start, end
    if start >= 0:
        return start, start + default
    if end >= 0:
        return end - default, end
    return now - default, now + DAY  # whatever happens while this is answered belongs to it


def objects(params: Params, name: str, most: int) -> list[Any]:
    """A JSON list, under its name in whichever case it is written."""
    value = next((value for key, value in params.items() if key.lower() == name.lower()), None)
    if value is None:
        raise missing(name)
    try:
        found = json.loads(value, parse_float=str, parse_int=str)
    except ValueError as error:
        raise bad_parameter(name) from error
    if not isinstance(found, list) or not found:
        raise bad_parameter(name)
    if len(found) > most:
        raise Answer(-4082, "Invalid number of batch place orders.")
    return found
