"""How a broker writes the names of symbols, and how plain names are found again."""

from __future__ import annotations

from gridhedge.domain.errors import UsageError

__all__ = ["SymbolNames"]


class SymbolNames:
    """``style``: a prefix (``m``), a suffix with its leading dot (``.r``), or ``*`` as the place of the plain name
    (``#*``, ``*-pro``). Empty or ``-``: plain names. Raises UsageError for two stars."""

    def __init__(self, style: str) -> None:
        if style.count("*") > 1:
            raise UsageError(f"symbol names {style!r}: write * once, where the plain name stands")
        if style in ("", "-"):
            style = "*"
        elif "*" not in style:
            style = f"*{style}" if style.startswith(".") else f"{style}*"
        self._before, self._after = style.split("*")

    def of(self, plain: str) -> str:
        """The broker's name of a plain one."""
        return f"{self._before}{plain}{self._after}"

    def plain(self, name: str) -> str | None:
        """The plain name; None for a symbol that is not written in this style."""
        if len(name) <= len(self._before) + len(self._after):
            return None
        if not (name.startswith(self._before) and name.endswith(self._after)):
            return None
        return name[len(self._before) : len(name) - len(self._after)]
