"""Which values of which fields a search tries: a YAML file beside a profile, read with the same care.

One line per field, by the path it has in the profile: ``symbols.strategy.grid_step_percent: {from: 0.4, to: 2.0,
step: 0.1}`` or ``{choices: [1.5, 2, 3]}``. A path means every entry of ``symbols``, or those of one symbol where it
names one (``symbols.DOGEUSDT.leverage``). Values stay texts until the profile's own schema judges them, so that a
decimal of the space is exactly that decimal in the profile.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeAlias

from pydantic import ValidationError

from gridhedge.domain.errors import UsageError
from gridhedge.profile.document import Node, Problem, read_document
from gridhedge.profile.places import Place, Value, put
from gridhedge.profile.sentences import nearest, problems_of, shown
from gridhedge.profile.settings import RULE, Profile, RiskSettings, SymbolSettings

__all__ = ["Axis", "Point", "Space", "read_space"]

Point: TypeAlias = tuple[int, ...]
"""One combination: for each axis the number of its value, from 0."""

MOST_VALUES = 10_000
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_RANGE = ("from", "to", "step")
_EXAMPLE = "{from: 0.4, to: 2.0, step: 0.1} or {choices: [1.5, 2, 3]}"
_WITHOUT_EFFECT = ("on_start", "on_disconnect", "on_stop")
"""Of ``risk``: a replay neither finds orders, nor loses its venue, nor is stopped."""


class Axis(NamedTuple):
    """One field, or the same field of several symbols, and its values."""

    name: str
    """As the space file writes it."""
    places: tuple[Place, ...]
    values: tuple[Value, ...]
    is_ordered: bool
    """Numbers that grow: neighbours are alike."""


class Space(NamedTuple):
    """The combinations of all axes over one profile."""

    axes: tuple[Axis, ...]
    root: Node
    """The profile as it was read."""
    folder: Path
    """Data files that the profile names are seen from there."""

    @property
    def size(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    def values(self, point: Point) -> dict[str, Value]:
        """The combination, by the names of its fields."""
        return {axis.name: axis.values[number] for axis, number in zip(self.axes, point, strict=True)}

    def changes(self, point: Point) -> Iterator[tuple[Place, Value]]:
        """The combination, place by place."""
        for axis, number in zip(self.axes, point, strict=True):
            yield from ((place, axis.values[number]) for place in axis.places)

    def profile(self, point: Point) -> Profile:
        """The profile with this combination. Raises UsageError with the sentences by which its own rules refuse it."""
        root = self.root
        for place, value in self.changes(point):
            root = put(root, place, value)
        try:
            return Profile.model_validate(root.plain(), context={"folder": self.folder})
        except ValidationError as error:
            said = (f"{problem.where}: {problem.text}" for problem in problems_of(error, root, Profile))
            raise UsageError("; ".join(dict.fromkeys(said))) from None


def read_space(path: Path, profile: Path) -> Space:
    """The space in ``path`` over a profile that has been read without complaint.

    Raises UsageError with one line ``file:line: field: what is wrong; what to do`` for each mistake.
    """
    document = read_document(path, "--space")
    if not isinstance(document.root.value, dict) or not document.root.value:
        raise UsageError(f"{path}: names no field; give lines such as symbols.strategy.grid_step_percent: {_EXAMPLE}")
    root = read_document(profile).root
    reader = _Reader(root, Profile.model_validate(root.plain(), context={"folder": profile.parent}), profile.parent)
    axes = [reader.axis(name, node) for name, node in document.root.value.items()]
    problems = [*document.problems, *reader.problems]
    if problems:
        ordered = sorted(set(problems))
        raise UsageError("\n".join(f"{path}:{line}: {where}: {text}" for line, where, text in ordered))
    return Space(tuple(axis for axis in axes if axis is not None), root, profile.parent)


class _Wrong(Exception):
    """One mistake; ``part`` is where below the field."""

    def __init__(self, text: str, line: int = 0, part: str = "") -> None:
        super().__init__(text)
        self.line = line
        self.part = part


class _Reader:
    """Reads axis by axis, and collects what is wrong."""

    def __init__(self, root: Node, profile: Profile, folder: Path) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._profile = profile
        self._folder = folder
        self._taken: dict[Place, str] = {}

    def axis(self, name: str, node: Node) -> Axis | None:
        """One line of the file; None where it is wrong."""
        try:
            places = tuple(_places(name, self._profile))
            self._take(name, places)
            values = _values(node)
            axis = Axis(name, places, tuple(values), _is_growing(list(values)))
            self._judge(axis, values)
        except _Wrong as wrong:
            where = f"{name}.{wrong.part}" if wrong.part else name
            self.problems.append(Problem(wrong.line or node.line, where, str(wrong)))
            return None
        return axis

    def _take(self, name: str, places: tuple[Place, ...]) -> None:
        for place in places:
            if place in self._taken:
                raise _Wrong(f"{self._taken[place]} tries this field already; remove one of them")
            self._taken[place] = name

    def _judge(self, axis: Axis, values: Mapping[Value, int]) -> None:
        """Every value must be possible by itself; whether it goes with the others, each combination shows.

        Of a range two neighbours and the last: bounds and whole numbers need no more.
        """
        judged = list(values.items())
        if len(set(values.values())) == 1:
            judged = [*judged[:2], judged[-1]]
        for value, line in judged:
            root = self._root
            for place in axis.places:
                root = put(root, place, value)
            try:
                Profile.model_validate(root.plain(), context={"folder": self._folder})
            except ValidationError as error:
                if all(detail["type"] == RULE for detail in error.errors(include_url=False)):
                    continue
                raise _Wrong(next(problems_of(error, root, Profile)).text, line) from None


# ---- fields ----------------------------------------------------------------------------------------------------------


def _places(name: str, profile: Profile) -> Iterator[Place]:
    group, *rest = name.split(".")
    if group == "risk" and len(rest) == 1:
        yield "risk", _known(rest[0], tuple(RiskSettings.model_fields), "risk", _WITHOUT_EFFECT)
    elif group == "symbols" and rest:
        yield from _in_symbols(rest, profile)
    elif group in ("risk", "symbols"):
        raise _Wrong(
            f"write the whole path of a field in one line, such as symbols.strategy.grid_step_percent: {_EXAMPLE}"
        )
    elif group in Profile.model_fields:
        raise _Wrong("is the profile's alone to say; fields of symbols and risk can be searched")
    else:
        close = nearest(group, ("symbols", "risk"))
        raise _Wrong(
            f"is not a known field;{f' did you mean {close}?' if close else ''} paths begin with symbols or risk"
        )


def _in_symbols(rest: Sequence[str], profile: Profile) -> Iterator[Place]:
    chosen = list(enumerate(profile.symbols))
    if rest[0] in profile.traded:
        chosen = [(index, entry) for index, entry in chosen if entry.symbol == rest[0]]
        rest = rest[1:]
    match rest:
        case ["symbol", *_] | ["strategy", "kind"]:
            raise _Wrong("is the profile's alone to say; leverage and the strategy's other fields can be searched")
        case ["leverage"]:
            yield from (("symbols", index, "leverage") for index, _ in chosen)
        case ["strategy", field]:
            yield from (("symbols", index, "strategy", _of_strategy(field, entry)) for index, entry in chosen)
        case ["strategy"] | []:
            raise _Wrong("is a group of settings; name the field in it, such as symbols.strategy.take_profit_percent")
        case _:
            wrong = rest[0] if rest[0] not in ("strategy", "leverage") else rest[1]
            symbols = [symbol.lower() for symbol in profile.traded]
            close = nearest(wrong, ("leverage", "strategy")) or (nearest(wrong, symbols) or "").upper()
            hint = f" did you mean {close}?" if close else ""
            names = ", ".join(profile.traded)
            raise _Wrong(f"'{wrong}' is not known there;{hint} give leverage, strategy or a symbol ({names})")


def _of_strategy(field: str, entry: SymbolSettings) -> str:
    kind = str(type(entry.strategy).model_fields["kind"].default)
    known = tuple(name for name in type(entry.strategy).model_fields if name != "kind")
    return _known(field, known, f"strategy {kind}, which {entry.symbol} trades")


def _known(field: str, known: Sequence[str], owner: str, idle: Sequence[str] = ()) -> str:
    if field in idle:
        raise _Wrong("changes nothing in a replay; remove it")
    if field not in known:
        close = nearest(field, known)
        hint = f"did you mean {close}?" if close else f"known there: {', '.join(known)}"
        raise _Wrong(f"is not a field of {owner}; {hint}")
    return field


# ---- values ----------------------------------------------------------------------------------------------------------


def _values(node: Node) -> dict[Value, int]:
    """The values and the lines where they stand."""
    keys = node.value if isinstance(node.value, dict) else {}
    if not keys:
        raise _Wrong(f"{shown(node.plain())} does not say what to try; give {_EXAMPLE}")
    for key, child in keys.items():
        if key not in (*_RANGE, "choices"):
            close = nearest(key, (*_RANGE, "choices"))
            hint = f"did you mean {close}?" if close else f"give {_EXAMPLE}"
            raise _Wrong(f"is not known here; {hint}", child.line, key)
    if "choices" in keys:
        if len(keys) > 1:
            raise _Wrong("choices stand alone; remove from, to and step, or the choices")
        return _choices(keys["choices"])
    for key in _RANGE:
        if key not in keys:
            raise _Wrong(f"is missing; give {_EXAMPLE}", 0, key)
    return dict.fromkeys(_range(keys), node.line)


def _range(keys: Mapping[str, Node]) -> list[str]:
    """Every step counted as a whole number of the smallest digit: nothing is rounded on the way."""
    first, last, step = (_number(keys[key], key) for key in _RANGE)
    if first > last:
        raise _Wrong(f"{first} is above to {last}; swap them", keys["from"].line, "from")
    if step <= 0:
        raise _Wrong(f"{step} is not above 0; choose the distance from value to value", keys["step"].line, "step")
    count, rest = divmod(last - first, step)
    if rest:
        text = f"{step} does not lead from {first} to {last}: the last value is {last - rest:f}"
        raise _Wrong(f"{text}; choose a step that divides {last - first:f}, or end there", keys["step"].line, "step")
    if count >= MOST_VALUES:
        raise _Wrong(f"makes {count + 1:f} values; {MOST_VALUES} are the most", keys["step"].line, "step")
    return [f"{first + number * step:f}" for number in range(int(count) + 1)]


def _number(node: Node, key: str) -> Decimal:
    if not isinstance(node.value, str) or not _NUMBER.fullmatch(node.value):
        raise _Wrong(f"{shown(node.plain())} is not a number; write one such as 0.4", node.line, key)
    return Decimal(node.value)


def _choices(node: Node) -> dict[Value, int]:
    if not isinstance(node.value, list) or not node.value:
        raise _Wrong("give a list of at least one value, such as [1.5, 2, 3]", node.line, "choices")
    found: dict[Value, int] = {}
    meanings: set[Value | Decimal] = set()
    for item in node.value:
        value = _choice(item)
        meaning = _meaning(value)
        if meaning in meanings:
            raise _Wrong(f"{shown(item.plain())} stands there twice; remove one", item.line, "choices")
        meanings.add(meaning)
        found[value] = item.line
    if len(found) > MOST_VALUES:
        raise _Wrong(f"has {len(found)} values; {MOST_VALUES} are the most", node.line, "choices")
    return found


def _choice(item: Node) -> Value:
    plain = item.plain()
    if isinstance(plain, str):
        return plain
    if isinstance(plain, list) and plain and all(isinstance(part, str) for part in plain):
        return tuple(str(part) for part in plain)
    raise _Wrong(f"{shown(plain)} can not be tried; give a number, true or false, a word", item.line, "choices")


def _meaning(value: Value) -> Value | Decimal:
    """``1.5`` and ``1.50`` are one value."""
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _is_growing(values: Sequence[Value]) -> bool:
    numbers = [_meaning(value) for value in values]
    decimals = [number for number in numbers if isinstance(number, Decimal)]
    return len(decimals) == len(numbers) and decimals == sorted(decimals)
