"""A name chooses the schema."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ValidationError

from gridhedge.profile.by_name import ByName


class Shape(BaseModel):
    """Any shape."""


class Circle(Shape):
    """A shape with one number."""

    kind: Literal["circle"]
    radius: int


class Box(Shape):
    """A shape with two numbers."""

    kind: Literal["box"]
    width: int
    height: int


MARK = ByName("shape", "kind", {"circle": Circle, "box": Box, "blob": None})


class Drawing(BaseModel):
    """Holds one shape."""

    shape: Annotated[Shape, MARK]


def test_the_name_picks_the_model() -> None:
    """And the model's own fields are checked and kept."""
    drawing = Drawing.model_validate({"shape": {"kind": "box", "width": "2", "height": "3"}})
    assert drawing.shape == Box(kind="box", width=2, height=3)
    assert drawing.model_dump() == {"shape": {"kind": "box", "width": 2, "height": 3}}


def test_names_without_a_model_are_known_but_not_available() -> None:
    """They are refused by the schema, and named apart for the sentence."""
    assert MARK.available == ("circle", "box")
    with pytest.raises(ValidationError, match="circle"):
        Drawing.model_validate({"shape": {"kind": "blob"}})


def test_the_name_is_part_of_the_location_of_an_error() -> None:
    """What walks a location must know that the file has no such level."""
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate({"shape": {"kind": "circle"}})
    assert [detail["loc"] for detail in caught.value.errors()] == [("shape", "circle", "radius")]
