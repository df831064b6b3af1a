"""Settings whose schema is chosen by a name in them: venues by ``name``, strategies and feeds by ``kind``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

__all__ = ["ByName"]


@dataclass(frozen=True)
class ByName:
    """Marks a field: the text under ``key`` picks the model from ``table``. None stands for a name that is known, but
    not available in this version. Adding a model is one line in its table.
    """

    what: str
    """The word for it in sentences."""
    key: str
    table: Mapping[str, type[BaseModel] | None]

    @property
    def available(self) -> tuple[str, ...]:
        return tuple(name for name, model in self.table.items() if model is not None)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: handler.generate_schema(model) for name, model in self.table.items() if model is not None}
        return core_schema.tagged_union_schema(choices=dict(choices), discriminator=self.key)
