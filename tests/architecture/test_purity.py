"""Decisions are pure, and nothing anywhere runs text as code or swallows what it does not know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

PURE_ROOMS = ("domain", "strategy", "engine")
IMPURE_MODULES = {
    "time", "random", "uuid", "secrets", "os", "io", "socket", "ssl", "urllib", "http", "requests", "subprocess",
    "tempfile", "shutil", "pathlib", "sqlite3",
}  # fmt: skip
"""Clock, dice, files and network are handed in."""
IMPURE_CALLS = {"open", "print", "input", "float", "exec", "eval"}
CLOCKS = {"now", "utcnow", "today"}

DANGEROUS_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
DANGEROUS_YAML = {"load", "load_all", "full_load", "unsafe_load", "full_load_all", "unsafe_load_all"}

MAY_CATCH_EVERYTHING = {
    "gridhedge/cli/run_command.py": "one account's own bug must not take the others down",
    "gridhedge/cli/main.py": "the last door: an error becomes a sentence and an exit code",
    "gridhedge/dashboard/plain.py": "output that fails must not stop the bot",
    "gridhedge/dashboard/screen.py": "a broken screen must not stop the bot",
    "gridhedge/profile/watch.py": "whatever a strange file does to the reader must not end the watch",
    "gridhedge/server/session.py": "one user's own bug must not take the others down",
}
"""Module and reason. Everywhere else an ``except`` names what it expects."""


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def imported_packages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module.split(".")[0]


def impurities(source: Any) -> list[str]:
    """Clock, dice, files, network, output and floats in a room that decides."""
    if source.room not in PURE_ROOMS:
        return []
    found = [(line, f"import {name}") for line, name in imported_packages(source.tree) if name in IMPURE_MODULES]
    for call in calls(source.tree):
        if isinstance(call.func, ast.Name) and call.func.id in IMPURE_CALLS:
            found.append((call.lineno, f"{call.func.id}()"))
        if isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS and "date" in ast.unparse(call.func.value):
            found.append((call.lineno, f"{ast.unparse(call.func)}()"))
    return [f"{source.path}:{line}: {what} in a pure room" for line, what in found]


def dangers(source: Any) -> list[str]:
    """Text that runs as code, and shells."""
    found = [(line, f"import {name}") for line, name in imported_packages(source.tree) if name in DANGEROUS_MODULES]
    for call in calls(source.tree):
        name = ast.unparse(call.func)
        if name in ("eval", "exec", "os.system", "os.popen"):
            found.append((call.lineno, name))
        if name.startswith("yaml.") and name.removeprefix("yaml.") in DANGEROUS_YAML:
            found.append((call.lineno, name))
        if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords):
            found.append((call.lineno, "shell=True"))
    return [f"{source.path}:{line}: {what} is not used here" for line, what in found]


def blanket_excepts(source: Any) -> list[int]:
    """Lines of bare ``except``, ``except Exception`` and ``except BaseException`` that keep the error to themselves.

    A handler that tidies up and ends with a bare ``raise`` swallows nothing.
    """
    handlers = (node for node in ast.walk(source.tree) if isinstance(node, ast.ExceptHandler))
    keeping = (node for node in handlers if not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None))
    return [
        handler.lineno
        for handler in keeping
        if handler.type is None
        or any(
            isinstance(part, ast.Name) and part.id in ("Exception", "BaseException") for part in ast.walk(handler.type)
        )
    ]


def test_decisions_touch_no_clock_dice_file_network_or_float(sources: list[Any]) -> None:
    """domain, strategy and engine get everything handed in, so that replay and live can not differ."""
    assert [text for source in sources for text in impurities(source)] == []


def test_nothing_runs_text_as_code(sources: list[Any]) -> None:
    """No pickle, eval, exec, shell=True or unsafe YAML loading in the whole package."""
    assert [text for source in sources for text in dangers(source)] == []


def test_only_listed_modules_catch_everything(sources: list[Any]) -> None:
    """An unexpected error must be seen, except at doors that are listed with their reason while they need it."""
    catching = {source.path for source in sources if blanket_excepts(source)}
    assert catching == set(MAY_CATCH_EVERYTHING)


def test_the_rules_see_what_they_forbid(planted: Any) -> None:
    """Each rule fires on a module that breaks it."""
    text = "import time\nfrom random import choice\nx = float('1')\nprint(x)\ny = datetime.datetime.now()\nopen('f')"
    assert len(impurities(planted.parse("gridhedge/domain/x.py", text))) == 6
    assert impurities(planted.parse("gridhedge/store/x.py", text)) == []
    text = "import pickle\neval('1')\nyaml.load(f)\nsubprocess.run('ls', shell=True)\nyaml.safe_load(f)"
    assert len(dangers(planted.parse("gridhedge/store/x.py", text))) == 4
    text = "try:\n    pass\nexcept (ValueError, Exception):\n    pass\ntry:\n    pass\nexcept:\n    pass"
    assert blanket_excepts(planted.parse("gridhedge/store/x.py", text)) == [3, 7]
    text = "try:\n    pass\nexcept BaseException:\n    close()\n    raise"
    assert blanket_excepts(planted.parse("gridhedge/store/x.py", text)) == []
