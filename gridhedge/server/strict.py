"""Reads JSON without guessing: no double keys, no NaN, numbers exactly, and only so deep."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["StrictRoute", "parse"]

_DEPTH = 8
_DIGITS = 40


def parse(body: bytes) -> Any:
    """The document. Numbers with a point are Decimals. Raises json.JSONDecodeError, as the standard parser does."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_number,
            parse_int=_whole,
            parse_constant=_refuse,
            object_pairs_hook=_pairs,
        )
    except json.JSONDecodeError:
        raise
    except UnicodeDecodeError:
        raise json.JSONDecodeError("not UTF-8", "", 0) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise json.JSONDecodeError(str(error), "", 0) from None
    if _depth(value) > _DEPTH:
        raise _too_deep()
    return value


def _too_deep() -> json.JSONDecodeError:
    return json.JSONDecodeError(f"nested more than {_DEPTH} deep", "", 0)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _DIGITS or (number and abs(number.adjusted()) > _DIGITS):
        raise ValueError("a number with more digits than money has")
    return number


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number with more digits than money has")
    return int(text)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


class _StrictRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


class StrictRoute(APIRoute):
    """A route whose body is read by ``parse``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return handle
