"""The API: what each path does. Everything that trades is in the fleet; everything that refuses is in the gate."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI, Path
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gridhedge.domain.errors import GridhedgeError
from gridhedge.domain.wire import Json
from gridhedge.server.answers import Done, Failed, done, failed
from gridhedge.server.document import picture, row
from gridhedge.server.fleet import Fleet, Member
from gridhedge.server.gate import ADMIN, USERS, Gate
from gridhedge.server.page import add_page
from gridhedge.server.problems import is_unreadable, sentences
from gridhedge.server.profiles import available_exchanges, available_strategies, pairs, settings_schema
from gridhedge.server.refusals import ApiError, failure_of, sentence_of
from gridhedge.server.registration import USER_ID, Registration
from gridhedge.server.resources import Resources
from gridhedge.server.signatures import AdminKey, Signatures
from gridhedge.server.strict import StrictRoute

__all__ = ["Doors", "build_app"]

UserId = Annotated[str, Path(pattern=USER_ID, description="The id given at registration.")]
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failed, "description": text}
    for status, text in {
        400: "The request could not be understood.",
        401: "Signature or administrator's key are missing or wrong.",
        403: "Not from here, or not on this server.",
        404: "There is no such user or path.",
        405: "The path does not know this method.",
        408: "The body came too slowly.",
        409: "It does not fit to what is there.",
        413: "The body is too large.",
        415: "The body is not JSON.",
        421: "The server has another name.",
        431: "The headers are too large.",
        422: "A value is not possible, or the exchange refused.",
        500: "A bug; the log tells more.",
        502: "The exchange could not be reached.",
        503: "Try again later.",
        507: "The disk refused a write.",
    }.items()
}

_UNSERVED = {
    404: ("NOT_FOUND", "there is nothing at this path; /openapi.json lists what there is"),
    405: ("METHOD_NOT_ALLOWED", "this path does not take this method; the Allow header names what it takes"),
}
_THREADS = 250
"""More than there may be connections."""


class Doors(NamedTuple):
    """Who is let in, and under which names."""

    hosts: frozenset[str]
    signatures: Signatures
    admin: AdminKey


def build_app(
    fleet: Fleet, doors: Doors, resources: Resources, log: logging.Logger, *, version: str, live: bool
) -> Gate:
    """The whole application: the gate, and behind it the API. Sessions are resumed when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # A start may wait for its exchange: many of them at once must not keep a status or /health waiting.
        current_default_thread_limiter().total_tokens = _THREADS
        await run_in_threadpool(fleet.resume)
        yield
        await run_in_threadpool(fleet.close)

    app = FastAPI(
        title="gridhedge",
        version=version,
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = StrictRoute
    app.include_router(_public(fleet, resources, version, live))
    app.include_router(_users(fleet))
    app.include_router(_administration(fleet, resources))
    add_page(app)
    _add_refusals(app, log)
    return Gate(app, doors.hosts, doors.signatures, doors.admin)


def _router(**options: Any) -> APIRouter:
    return APIRouter(route_class=StrictRoute, responses=_REFUSALS, **options)


def _public(fleet: Fleet, resources: Resources, version: str, live: bool) -> APIRouter:
    router = _router(tags=["public"])

    @router.get("/health", response_model=Done)
    def health() -> Response:
        """Whether the server is up, and how many sessions are at work."""
        members = fleet.members()
        running = sum(member.session.state == "running" for member in members)
        sessions = {"total": len(members), "running": running}
        data: dict[str, Json] = {
            "status": "healthy",
            "version": version,
            "uptime": resources.uptime_seconds,
            "sessions": sessions,
        }
        return done("the server is up", data)

    @router.get("/info", response_model=Done)
    def info() -> Response:
        """What this bot is and can do, with the schema of its settings."""
        data: dict[str, Json] = {
            "id": "gridhedge",
            "name": "gridhedge: hedged grids on perpetual futures",
            "version": version,
            "strategies": list(available_strategies()),
            "exchanges": [{"name": name, "pairs": pairs(name)} for name in available_exchanges()],
            "capabilities": {"demo": True, "real": live, "multiUser": True, "webhooks": True},
            "settingsSchema": settings_schema(),
        }
        return done("about this bot", data)

    return router


def _users(fleet: Fleet) -> APIRouter:
    router = _router(prefix=USERS, tags=["users"])

    @router.post("", response_model=Done, status_code=201)
    def register(registration: Registration) -> Response:
        """Register a user. Keys are encrypted before they are kept, and never shown again."""
        member = fleet.register(registration)
        return done(f"user {member.user.id} is registered", _state(member), 201)

    @router.post("/{user_id}/start", response_model=Done)
    def start(user_id: UserId) -> Response:
        """Start trading; answers after the first tick."""
        member = fleet.start(user_id)
        return done(f"the session of user {user_id} is {member.session.state}", _state(member))

    @router.post("/{user_id}/stop", response_model=Done)
    def stop(user_id: UserId) -> Response:
        """Stop trading; orders stay as the settings say."""
        member = fleet.stop(user_id)
        return done(f"the session of user {user_id} is {member.session.state}", _state(member))

    @router.get("/{user_id}/status", response_model=Done)
    def status(user_id: UserId) -> Response:
        """The status document, with the session's state."""
        member = fleet.member(user_id)
        return done(f"status of user {user_id}", {**_state(member), **fleet.document(user_id)})

    @router.delete("/{user_id}", response_model=Done)
    def forget(user_id: UserId) -> Response:
        """Stop, and forget the user, keys included."""
        fleet.forget(user_id)
        return done(f"user {user_id} is forgotten", {"userId": user_id})

    return router


def _administration(fleet: Fleet, resources: Resources) -> APIRouter:
    router = _router(prefix=ADMIN, tags=["administration"])

    @router.get("/sessions", response_model=Done)
    def sessions() -> Response:
        """All sessions, a line each."""
        return done("all sessions", {"sessions": [_row(member) for member in fleet.members()]})

    @router.get("/sessions/{user_id}", response_model=Done)
    def session(user_id: UserId) -> Response:
        """One session with its ladders, equity and last events."""
        member = fleet.member(user_id)
        return done(
            f"session of user {user_id}",
            {**_row(member), **picture(member.session.status, tuple(member.session.equity))},
        )

    @router.get("/resources", response_model=Done)
    def usage() -> Response:
        """Processor, memory, threads, uptime."""
        return done("what the server uses", resources.document())

    @router.post("/close-positions/{user_id}", response_model=Done)
    def close_positions(user_id: UserId) -> Response:
        """Emergency: stop the session, cancel all its orders, close all its positions at market."""
        fleet.close_positions(user_id)
        return done(f"user {user_id} is flat and has no orders", _state(fleet.member(user_id)))

    return router


def _state(member: Member) -> dict[str, Any]:
    session = member.session
    wishes = member.user.wishes
    return {
        "userId": member.user.id,
        "userBotId": wishes["userBotId"],
        "status": session.state,
        "error": sentence_of(session.failure) or None,
    }


def _row(member: Member) -> dict[str, Any]:
    session, user = member.session, member.user
    error = sentence_of(session.failure)
    return row(user.wishes, session.state, error, user.registered, session.status, session.seconds_since_tick)


def _add_refusals(app: FastAPI, log: logging.Logger) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        refusal = failure_of(error)
        return failed(refusal.status, refusal.code, str(refusal))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = error.errors()
        return failed(400 if is_unreadable(problems) else 422, "INVALID_REQUEST", sentences(problems))

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, text = _UNSERVED.get(error.status_code, ("REFUSED", str(error.detail)))
        answer = failed(error.status_code, code, text)
        answer.headers.update(error.headers or {})
        return answer

    async def broken(request: Request, error: Exception) -> Response:
        log.critical("a request failed: %s %s", request.method, request.url.path, exc_info=error)
        return await refused(request, error)

    app.add_exception_handler(ApiError, refused)
    app.add_exception_handler(GridhedgeError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, unknown)
    app.add_exception_handler(Exception, broken)
