"""The state file ``bot_state.json``: per symbol what each side holds, what rests, and what the strategy remembers.

For people and their tools. Trading rests on the ledger and the venue, so a lost or damaged state file costs nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis, Price, Quantity
from gridhedge.store.codec import plain_decimal
from gridhedge.store.files import atomic_write, disk_failure, keep_aside
from gridhedge.store.times import iso, millis

__all__ = ["CycleFacts", "PositionRow", "StateFile", "SymbolState", "read_state", "write_state"]

_LOOK_AGAIN_S = 0.5


class PositionRow(NamedTuple):
    """One level of a side: executed when ``executed`` is a time, resting when it is None."""

    quantity: Quantity
    entry_price: Price
    grid_level: int
    order_id: str
    created: Millis
    executed: Millis | None = None


class CycleFacts(NamedTuple):
    """The cycle that a side is in, and how many levels it (re-)opened with at once."""

    cycle: int
    now_levels: int


class SymbolState(NamedTuple):
    """All about one symbol; ``timestamp`` is the time of the last change (ms)."""

    symbol: str
    timestamp: Millis
    long_positions: tuple[PositionRow, ...] = ()
    short_positions: tuple[PositionRow, ...] = ()
    long_tp_order_id: str | None = None
    short_tp_order_id: str | None = None
    reference_quantities: tuple[Quantity, ...] = ()
    long_cycle: CycleFacts | None = None
    short_cycle: CycleFacts | None = None


def write_state(path: Path, states: Iterable[SymbolState]) -> None:
    """Replace the file atomically and durably. Raises DiskFailure."""
    text = _json({state.symbol: _symbol(state) for state in states}, "")
    atomic_write(path, (text + "\n").encode())


def read_state(path: Path) -> tuple[dict[str, SymbolState], str | None]:
    """States by symbol (empty without a file). A damaged file is kept aside, and the second value says so."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        raise disk_failure(path, error) from error
    try:
        content = json.loads(text, parse_float=Decimal)
        return {symbol: _read_symbol(symbol, fields) for symbol, fields in content.items()}, None
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        aside = keep_aside(path)
        return {}, f"{path}: damaged ({type(error).__name__}: {error}); kept as {aside.name}, rebuilt from the venue"


class StateFile:
    """Keeps the file up to date from a thread of its own: its fsyncs take longer than the answer to an execution.

    Of several states that come while one is being written only the newest is. The thread begins with the first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._newest: tuple[SymbolState, ...] | None = None
        self._is_busy = False
        self._failure: DiskFailure | None = None
        self._thread: threading.Thread | None = None

    def offer(self, states: Iterable[SymbolState]) -> None:
        """Have them written soon. Raises DiskFailure when an earlier write has failed."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            self._newest = tuple(states)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name=f"state {self._path}", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Return when everything that was offered is on disk. Raises DiskFailure."""
        with self._changed:
            while (self._newest is not None or self._is_busy) and self._thread is not None and self._thread.is_alive():
                self._changed.wait(_LOOK_AGAIN_S)
            if self._failure is not None:
                raise self._failure

    def close(self) -> None:
        """Flush, and end the thread. A later offer begins a new one. Raises DiskFailure."""
        try:
            self.flush()
        finally:
            with self._changed:
                self._thread = None
                self._changed.notify_all()

    def _write(self) -> None:
        while (states := self._next()) is not None:
            try:
                write_state(self._path, states)
            except DiskFailure as error:
                self._failure = error

    def _next(self) -> tuple[SymbolState, ...] | None:
        """Wait for what is to be written next; None when the thread's time is over."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            while self._newest is None and self._failure is None and self._thread is threading.current_thread():
                self._changed.wait()
            if self._failure is not None or self._thread is not threading.current_thread():
                return None
            states, self._newest, self._is_busy = self._newest, None, True
            return states


# ---- writing ---------------------------------------------------------------------------------------------------------


def _symbol(state: SymbolState) -> dict[str, Any]:
    return {
        "timestamp": iso(state.timestamp),
        "long_positions": [_position(row) for row in state.long_positions],
        "short_positions": [_position(row) for row in state.short_positions],
        "long_tp_order_id": state.long_tp_order_id,
        "short_tp_order_id": state.short_tp_order_id,
        "reference_quantities": list(state.reference_quantities),
        "long_cycle": state.long_cycle and state.long_cycle._asdict(),
        "short_cycle": state.short_cycle and state.short_cycle._asdict(),
    }


def _position(row: PositionRow) -> dict[str, Any]:
    fields: dict[str, Any] = row._asdict() | {"created": iso(row.created)}
    if row.executed is None:
        del fields["executed"]
    else:
        fields["executed"] = iso(row.executed)
    return fields


def _json(value: Any, margin: str) -> str:
    """Indented JSON in which a Decimal keeps its digits: the standard writer only knows floats."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    inner = margin + "  "
    if isinstance(value, Mapping) and value:
        pairs = [f"{inner}{json.dumps(name)}: {_json(field, inner)}" for name, field in value.items()]
        return "{\n" + ",\n".join(pairs) + f"\n{margin}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + _json(item, inner) for item in value) + f"\n{margin}]"
    return json.dumps(value)


# ---- reading ---------------------------------------------------------------------------------------------------------


def _read_symbol(symbol: str, fields: Mapping[str, Any]) -> SymbolState:
    return SymbolState(
        symbol,
        millis(fields["timestamp"]),
        _read_positions(fields["long_positions"]),
        _read_positions(fields["short_positions"]),
        _order_id(fields["long_tp_order_id"]),
        _order_id(fields["short_tp_order_id"]),
        tuple([_number(quantity) for quantity in fields.get("reference_quantities", ())]),
        _read_cycle(fields.get("long_cycle")),
        _read_cycle(fields.get("short_cycle")),
    )


def _read_positions(rows: Sequence[Mapping[str, Any]]) -> tuple[PositionRow, ...]:
    return tuple(
        [
            PositionRow(
                _number(row["quantity"]),
                _number(row["entry_price"]),
                _integer(row["grid_level"]),
                str(row["order_id"]),
                millis(row["created"]),
                millis(row["executed"]) if "executed" in row else None,
            )
            for row in rows
        ]
    )


def _read_cycle(fields: Mapping[str, Any] | None) -> CycleFacts | None:
    return None if fields is None else CycleFacts(_integer(fields["cycle"]), _integer(fields["now_levels"]))


def _order_id(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> Decimal:
    if type(value) not in (int, Decimal):
        raise TypeError(f"{value!r} is not a number")
    return Decimal(value)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value
