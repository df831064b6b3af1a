"""Requests and answers as they travel, whatever the venue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Reply", "Request"]


class Reply(NamedTuple):
    """An answer, and how it travels: after ``wait`` seconds, whole or cut; ``silent``: not at all."""

    status: int
    body: bytes
    headers: dict[str, str]
    wait: float = 0.0
    silent: bool = False
    cut: bool = False


class Request(NamedTuple):
    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes
