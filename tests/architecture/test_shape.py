"""Small by measurement: files, functions, names and public docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
NO_NOUN = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
"""Module names that say that a noun was not found."""
SHORT = 5
"""Functions of up to this many lines may be read instead of described."""


def functions(tree: ast.AST, owner: ast.ClassDef | None = None) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    """All functions with the class that owns them, those inside other functions left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, owner
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, node)
        else:
            yield from functions(node, owner)


def length(function: Function, text: str) -> int:
    """Lines of a function from ``def`` on, without blank ones and the docstring."""
    assert function.end_lineno is not None
    lines = text.splitlines()[function.lineno - 1 : function.end_lineno]
    docstring = ast.get_docstring(function, clean=False)
    return sum(bool(line.strip()) for line in lines) - (docstring.count("\n") + 1 if docstring else 0)


def is_public(function: Function, owner: ast.ClassDef | None) -> bool:
    return not function.name.startswith("_") and not (owner and owner.name.startswith("_"))


def is_protocol(owner: ast.ClassDef | None) -> bool:
    return owner is not None and any("Protocol" in ast.unparse(base) for base in owner.bases)


def is_foreign(owner: ast.ClassDef | None) -> bool:
    """Whether a class extends one of another package, such as logging.Handler or click.Group."""
    return owner is not None and any(isinstance(base, ast.Attribute) for base in owner.bases)


def described_elsewhere(sources: list[Any]) -> set[str]:
    """Names of methods that a Protocol declares: their meaning is said there, once."""
    return {function.name for source in sources for function, owner in functions(source.tree) if is_protocol(owner)}


def undescribed(source: Any, known: set[str]) -> list[str]:
    """Public functions without a docstring.

    A docstring may be missing where the meaning is at hand: properties, members of a Protocol and their
    implementations, members of classes that extend another package's class, and functions of up to five lines.
    """
    found = []
    for function, owner in functions(source.tree):
        decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
        excused = (
            not is_public(function, owner)
            or is_protocol(owner)
            or is_foreign(owner)
            or (owner is not None and function.name in known)
            or bool(decorators & {"property", "overload"})
            or length(function, source.text) <= SHORT
        )
        if not excused and ast.get_docstring(function) is None:
            found.append(f"{source.path}:{function.lineno}: {function.name} needs a docstring")
    return found


def unreturned(source: Any) -> list[str]:
    """Functions that do not say what they return."""
    return [
        f"{source.path}:{function.lineno}: {function.name} does not say what it returns"
        for function, _ in functions(source.tree)
        if function.returns is None
    ]


def long_functions(source: Any) -> list[str]:
    return [
        f"{source.path}:{function.lineno}: {function.name} has {length(function, source.text)} lines"
        for function, _ in functions(source.tree)
        if length(function, source.text) > MAX_FUNCTION_LINES
    ]


def test_no_file_is_longer_than_400_lines(sources: list[Any]) -> None:
    """A longer file holds two ideas."""
    long = [source.path for source in sources if len(source.text.splitlines()) > MAX_FILE_LINES]
    assert long == []


def test_no_function_is_longer_than_70_lines(sources: list[Any]) -> None:
    """Blank lines and the docstring are not counted."""
    assert [text for source in sources for text in long_functions(source)] == []


def test_the_median_function_has_at_most_ten_lines(sources: list[Any]) -> None:
    """Most of the code is read at a glance."""
    lengths = sorted(length(function, source.text) for source in sources for function, _ in functions(source.tree))
    assert lengths[len(lengths) // 2] <= 10


def test_module_names_are_nouns_of_the_trade(sources: list[Any]) -> None:
    """utils, helpers, common, manager and base say nothing."""
    parts = {part for source in sources for part in source.name.split(".")}
    assert parts & NO_NOUN == set()


def test_every_module_begins_with_its_purpose(sources: list[Any]) -> None:
    """A module that holds anything says in its first line what."""
    assert [source.path for source in sources if source.tree.body and ast.get_docstring(source.tree) is None] == []


def test_public_functions_are_described(sources: list[Any]) -> None:
    """Meaning, units and errors stand at the function, unless they are at hand (see ``undescribed``)."""
    known = described_elsewhere(sources)
    assert [text for source in sources for text in undescribed(source, known)] == []


def test_every_function_says_what_it_returns(sources: list[Any]) -> None:
    """Types everywhere."""
    assert [text for source in sources for text in unreturned(source)] == []


def test_the_rules_see_what_they_forbid(planted: Any) -> None:
    """Each rule fires on a module that breaks it, and only on that."""
    body = "\n".join(f"    x{number} = {number}" for number in range(71))
    long = planted.parse("gridhedge/store/x.py", f"def wide():\n{body}\n")
    assert long_functions(long) == ["gridhedge/store/x.py:1: wide has 72 lines"]
    assert undescribed(long, set()) == ["gridhedge/store/x.py:1: wide needs a docstring"]
    assert undescribed(long, {"wide"}) != []
    assert len(unreturned(long)) == 1
    method = planted.parse(
        "gridhedge/store/x.py", f"class Door:\n    def wide(self):\n{body.replace('    x', '        x')}"
    )
    assert undescribed(method, {"wide"}) == []
    assert len(undescribed(method, set())) == 1
