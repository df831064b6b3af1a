"""Imports follow the table of the architecture: arrows point one way."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

WORLDS = ("domain", "strategy", "profile", "engine", "store", "venue.paper")
ADAPTER = ("domain", "profile", "engine.ports")

MAY_IMPORT = {
    "domain": (),
    "strategy": ("domain",),
    "profile": ("domain", "strategy.settings"),
    "engine": ("domain", "strategy", "profile"),
    "store": (*ADAPTER, "engine.status"),  # it writes status.json
    "venue": (*ADAPTER, "venue.bell", "venue.clock", "venue.failed", "venue.fields", "venue.keeper", "venue.prices"),
    "notify": (*ADAPTER, "engine.status"),  # a status is news
    "replay": WORLDS,
    "simulate": WORLDS,
    "practice": (*WORLDS, "venue.mt5.terminal"),  # the simulated terminal has the real one's names
    "report": WORLDS,
    "dashboard": WORLDS,
    "server": WORLDS,
    "mirror": (*WORLDS, "venue.mt5.terminal"),  # its programs drive a terminal, not a venue
}
"""Per room, the rooms and modules it may import beside its own; ``cli`` may import everything."""

FOREIGN = {"domain": (), "strategy": ("pydantic",), "engine": ()}
"""Packages from outside the standard library that a pure room may import."""

NUMERIC = {
    "gridhedge/strategy/indicators.py": ("numpy", "talib"),
    "gridhedge/strategy/signals.py": ("numpy",),
}
"""The pure modules that compute with floats; they load these when the first candle is looked at."""

NO_ROOM = {"__version__"}
"""What the package itself says, to every room."""

CLIENTS = {"pybit", "binance", "ccxt", "MetaTrader5"}


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported; ``from a import b`` counts as ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            yield from ((node.lineno, f"{dots}{node.module}.{alias.name}") for alias in node.names)


def own_room(source: Any) -> str:
    """Adapters are rooms of their own: ``venue.paper`` may not see ``venue.bybit``."""
    parts = source.name.split(".")
    return ".".join(parts[1:3]) if source.room == "venue" else source.room


def against_the_arrows(source: Any) -> list[str]:
    if source.room in ("", "cli"):
        return []
    allowed = (own_room(source), *MAY_IMPORT[source.room])
    found = []
    for line, name in imports(source.tree):
        if name.startswith("."):
            found.append(f"{source.path}:{line}: relative import; name the module in full")
        inner = name.removeprefix("gridhedge.")
        if inner not in (name, *NO_ROOM) and not any(inner == room or inner.startswith(f"{room}.") for room in allowed):
            found.append(f"{source.path}:{line}: {source.room} may not import {name}")
    return found


def foreign_packages(source: Any) -> list[str]:
    if source.room not in FOREIGN:
        return []
    own = NUMERIC.get(source.path, ())
    allowed = {"gridhedge", *sys.stdlib_module_names, *FOREIGN[source.room], *own}
    return [
        f"{source.path}:{line}: {source.room} may not import {name}"
        for line, name in imports(source.tree)
        if name.split(".")[0] not in allowed
    ]


def clients_outside_their_adapter(source: Any) -> list[str]:
    if source.room == "venue" and source.path.endswith("/client.py"):
        return []
    return [
        f"{source.path}:{line}: {name} belongs into its adapter's client"
        for line, name in imports(source.tree)
        if name.split(".")[0] in CLIENTS
    ]


def test_every_room_is_in_the_table(sources: list[Any]) -> None:
    """A new folder needs a decision who may import whom."""
    rooms = {source.room for source in sources} - {"", "cli"}
    assert rooms <= set(MAY_IMPORT)


def test_no_import_goes_against_the_arrows(sources: list[Any]) -> None:
    """domain <- strategy <- engine <- store, venue <- cli, with the exceptions of the table."""
    assert [text for source in sources for text in against_the_arrows(source)] == []


def test_the_decisions_need_nothing_but_the_standard_library(sources: list[Any]) -> None:
    """domain, strategy and engine run wherever Python runs; settings use pydantic, indicators TA-Lib."""
    assert [text for source in sources for text in foreign_packages(source)] == []


def test_client_libraries_stay_inside_their_adapter(sources: list[Any]) -> None:
    """pybit, binance, ccxt and MetaTrader5 appear in venue/*/client only."""
    assert [text for source in sources for text in clients_outside_their_adapter(source)] == []


def test_the_rules_see_a_wrong_import(planted: Any) -> None:
    """Each rule fires on a module that breaks it."""
    strategy = planted.parse("gridhedge/strategy/x.py", "from gridhedge.engine import ports\nimport numpy, pybit")
    paper = planted.parse("gridhedge/venue/paper/x.py", "import gridhedge.venue.bybit.client\nfrom . import y")
    store = planted.parse("gridhedge/store/x.py", "from gridhedge.engine.session import Session")
    assert against_the_arrows(strategy) == ["gridhedge/strategy/x.py:1: strategy may not import gridhedge.engine.ports"]
    assert len(foreign_packages(strategy)) == 2
    assert len(clients_outside_their_adapter(strategy)) == 1
    assert len(against_the_arrows(paper)) == 2
    assert len(against_the_arrows(store)) == 1
