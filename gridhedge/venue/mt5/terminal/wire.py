"""Values of the MetaTrader5 module as lines of JSON, and back: structures by name, arrays by their columns."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from gridhedge.venue.mt5.terminal.structs import STRUCTS

__all__ = ["LONGEST_LINE", "decode", "encode", "line", "read_line"]

LONGEST_LINE = 64 * 1024 * 1024
"""A hundred thousand bars are some twelve megabytes."""


def encode(value: Any) -> Any:
    """A result or an argument of the module as plain JSON values."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, dict):
        return {"request": {str(name): encode(item) for name, item in value.items()}}
    if hasattr(value, "_asdict"):
        name = type(value).__name__
        return {"struct": name, "fields": [encode(getattr(value, field)) for field in STRUCTS[name]._fields]}
    if hasattr(value, "dtype"):
        return {"columns": [list(column) for column in value.dtype.descr], "rows": value.tolist()}
    return {"items": [encode(item) for item in value]}


def decode(value: Any) -> Any:
    """The value behind the JSON; raises ValueError, KeyError or TypeError for what is none of ours."""
    if not isinstance(value, dict):
        return value
    if "request" in value:
        return {name: decode(item) for name, item in value["request"].items()}
    if "struct" in value:
        return STRUCTS[value["struct"]](*(decode(field) for field in value["fields"]))
    if "columns" in value:
        import numpy as np

        columns = [(str(name), str(kind)) for name, kind in value["columns"]]
        return np.array([tuple(row) for row in value["rows"]], dtype=columns)
    return tuple(decode(item) for item in value["items"])


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def read_line(text: bytes) -> dict[str, Any]:
    """A whole line as a message; ValueError where it is cut off or no object."""
    if not text.endswith(b"\n"):
        raise ValueError("the line is not whole")
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message
