"""What is wrong with a request, in sentences: place, mistake, remedy. Never the value, which may be a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gridhedge.profile.sentences import nearest
from gridhedge.server.registration import USER_ID_MEANS, Registration

__all__ = ["is_unreadable", "sentences"]

_BOUNDS = {
    "greater_than": ("gt", "is not above"),
    "greater_than_equal": ("ge", "is below"),
    "less_than": ("lt", "is not below"),
    "less_than_equal": ("le", "is above"),
}


def is_unreadable(problems: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the body was no JSON at all."""
    return any(problem["type"] == "json_invalid" for problem in problems)


def sentences(problems: Iterable[Mapping[str, Any]]) -> str:
    """What FastAPI found wrong with a request (``RequestValidationError.errors()``), for whoever has sent it."""
    return "; ".join(map(_sentence, problems))


def _sentence(problem: Mapping[str, Any]) -> str:
    kind, (part, *location) = problem["type"], problem["loc"]
    if kind == "json_invalid":
        why = str(problem["ctx"]["error"]).removesuffix(" at")
        return f"the body is not proper JSON ({why}); correct it and sign it anew"
    if part == "path":
        return f"userId: is not possible; give {USER_ID_MEANS}"
    if not location:
        text = str(problem["msg"])
        broken = text.removeprefix("Value error, ")
        return broken if broken != text else "a registration is a JSON object; /openapi.json describes it"
    return f"{'.'.join(map(str, location))}: {_mistake(problem, location)}"


def _mistake(problem: Mapping[str, Any], location: Sequence[str | int]) -> str:
    kind = problem["type"]
    siblings = _fields(location[:-1])
    means = _means(siblings.get(str(location[-1])))
    if kind == "extra_forbidden":
        close = nearest(str(location[-1]), siblings)
        return f"is not a known key;{f' did you mean {close}?' if close else ''} correct or remove it"
    if kind == "missing":
        return f"is missing; give {means}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {problem['ctx'][name]}; give {means}"
    return f"is not possible; give {means}"


def _fields(location: Sequence[str | int]) -> dict[str, FieldInfo]:
    """The fields of the registration's part at this place, under the request's names."""
    model: Any = Registration
    for part in location:
        model = _fields_of(model)[str(part)].annotation
    return _fields_of(model)


def _fields_of(model: Any) -> dict[str, FieldInfo]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _means(field: FieldInfo | None) -> str:
    return (field.description if field else None) or "what /openapi.json says"
