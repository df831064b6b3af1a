"""The decision center: the book of positions to hedge, behind a small web service."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.types import Lifespan

from gridhedge.domain.errors import UsageError
from gridhedge.mirror.book import Book, Conflict, NotKnown
from gridhedge.mirror.messages import Position, Status, iso
from gridhedge.store.secret import Secret

__all__ = ["application", "check_token"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_Ticket = Annotated[int, Field(gt=0, lt=2**63)]
_Amount = Annotated[Decimal, Field(gt=0, lt=Decimal("1e12"), max_digits=24)]
_Lots = Annotated[Decimal, Field(ge=0, lt=Decimal("1e12"), max_digits=24)]
_Text = Annotated[str, Field(max_length=300)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPosition(_Message):
    account: _Ticket
    ticket: _Ticket
    symbol: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._#+&-]+$")]
    side: Literal["buy", "sell"]
    volume: _Amount
    price: _Amount
    opened_at: AwareDatetime
    contract_size: _Lots = Decimal(0)

    def position(self) -> Position:
        """As the book keeps it: times in UTC."""
        at = round(self.opened_at.timestamp() * 1000)
        return Position(
            self.account, self.ticket, self.symbol, self.side, self.volume, self.price, iso(at), self.contract_size
        )


class ClosedPosition(_Message):
    account: _Ticket
    ticket: _Ticket


class ChangedPosition(ClosedPosition):
    volume: _Amount


class HedgedPosition(_Message):
    id: _Ticket
    hedge_account: _Ticket
    hedge_ticket: _Ticket
    volume: _Amount
    price: _Lots = Decimal(0)


class ChangedHedge(_Message):
    id: _Ticket
    volume: _Amount


class Reason(_Message):
    id: _Ticket
    reason: _Text


class Seen(_Message):
    kind: Annotated[str, Field(pattern=r"^(client|broker|tumbler)$")]
    account: _Ticket
    waiting: Annotated[int, Field(ge=0)] = 0
    lag_ms: Annotated[int, Field(ge=0)] | None = None
    text: _Text = ""


def check_token(host: str, token: Secret | None) -> None:
    """Raises UsageError where others than this machine could reach a center without a token."""
    if host not in _LOOPBACK and token is None:
        raise UsageError(
            f"the center would listen on {host}, where others can reach it: set GRIDHEDGE_MIRROR_TOKEN (the same for "
            "every program of the mirror), or listen on 127.0.0.1"
        )


def application(file: Path, token: Secret | None) -> FastAPI:
    """The web service over the book in ``file``. All requests are served by one thread, so that the book has one."""

    @asynccontextmanager
    async def life(app: FastAPI) -> Any:
        app.state.book = Book(file, _now)
        yield
        app.state.book.close()

    lifespan: Lifespan[FastAPI] = life
    guards = [] if token is None else [Depends(_guard(token))]
    quiet: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    app = FastAPI(title="gridhedge mirror", lifespan=lifespan, dependencies=guards, **quiet)
    app.add_exception_handler(NotKnown, _answer(404))
    app.add_exception_handler(Conflict, _answer(409))
    _client_routes(app)
    _hedge_routes(app)
    _reading_routes(app)
    return app


def _now() -> int:
    return time.time_ns() // 1_000_000


def _guard(token: Secret) -> Callable[..., Awaitable[None]]:
    async def check(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token.reveal()}".encode()):
            raise HTTPException(401, "the token is missing or wrong: set GRIDHEDGE_MIRROR_TOKEN as at the center")

    return check


def _answer(status: int) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, status)

    return answer


def _changed(changed: bool) -> dict[str, bool]:
    return {"changed": changed}


def _client_routes(app: FastAPI) -> None:
    def book() -> Book:
        found: Book = app.state.book
        return found

    @app.post("/new_position/")
    async def new_position(message: NewPosition, response: Response) -> dict[str, bool]:
        """201 when it is new, 200 when it is known, 409 when it is known with other facts."""
        changed = book().add(message.position())
        response.status_code = 201 if changed else 200
        return _changed(changed)

    @app.post("/changed_position/")
    async def changed_position(message: ChangedPosition) -> dict[str, bool]:
        return _changed(book().change(message.account, message.ticket, message.volume))

    @app.post("/closed_position/")
    async def closed_position(message: ClosedPosition) -> dict[str, bool]:
        return _changed(book().close_position(message.account, message.ticket))

    @app.post("/seen/")
    async def seen(message: Seen) -> dict[str, bool]:
        book().see(message.kind, message.account, message.model_dump_json(exclude={"kind", "account"}))
        return _changed(True)


def _hedge_routes(app: FastAPI) -> None:
    def book() -> Book:
        found: Book = app.state.book
        return found

    @app.post("/hedged_position/")
    async def hedged_position(message: HedgedPosition) -> dict[str, bool]:
        return _changed(
            book().hedge(message.id, message.hedge_account, message.hedge_ticket, message.volume, message.price)
        )

    @app.post("/changed_hedge/")
    async def changed_hedge(message: ChangedHedge) -> dict[str, bool]:
        return _changed(book().change_hedge(message.id, message.volume))

    @app.post("/closed_hedge/")
    async def closed_hedge(message: Reason) -> dict[str, bool]:
        return _changed(book().close_hedge(message.id, message.reason))

    @app.post("/refused_position/")
    async def refused_position(message: Reason) -> dict[str, bool]:
        return _changed(book().refuse(message.id, message.reason))


def _reading_routes(app: FastAPI) -> None:
    def book() -> Book:
        found: Book = app.state.book
        return found

    @app.get("/all_positions/")
    async def all_positions(
        status: Status | Literal["all"] = "pending", account: Annotated[int | None, Query(gt=0)] = None
    ) -> list[dict[str, Any]]:
        """Positions that need hedging, oldest first; with ``status=all`` every one."""
        return [row.listed() for row in book().rows(status, account)]

    @app.get("/hedges/")
    async def hedges() -> list[dict[str, Any]]:
        """Everything that the hedge broker must look after, with all that is known of it."""
        return [row.whole() for row in book().rows("live")]

    @app.get("/status/")
    async def status() -> dict[str, Any]:
        """Programs, counts by account and status, and the last happenings."""
        now = _now()
        programs = [
            {"kind": kind, "account": account, "age_seconds": (now - at) / 1000, **json.loads(told)}
            for kind, account, at, told in book().programs()
        ]
        return {"programs": programs, "positions": book().counts(), "history": book().history(20)}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"ok": True, "pending": len(book().rows())}
