"""Asks for orders and positions: ordinary orders and conditional ones live in two services with two lists each."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.errors import Refused
from gridhedge.domain.values import Quantity, Side
from gridhedge.venue.binance import parse
from gridhedge.venue.binance.client import Client
from gridhedge.venue.binance.errors import NO_SUCH_ORDER
from gridhedge.venue.binance.fields import table
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Row, row

__all__ = ["Lookup", "positions"]


def positions(client: Client, symbols: Sequence[str]) -> list[Position]:
    """What is held on these symbols. Raises VenueError; Refused for a position in one-way mode."""
    listed = table(client.read("futures_position_information").body, "positions")
    found = [parse.position(item) for item in listed if item.get("symbol") in symbols]
    return [position for position in found if position is not None]


class Lookup:
    """``stops``: quantities of the orders that close a whole position, as they were wanted: Binance tells none."""

    def __init__(self, client: Client, stops: dict[str, Quantity]) -> None:
        self._client = client
        self._stops = stops

    def open_orders(self, symbol: str, held: Sequence[Position]) -> list[OrderRecord]:
        """All working orders of a symbol. Raises VenueError."""
        plain = table(self._client.read("futures_get_open_orders", symbol=symbol).body, "open orders")
        records = [parse.order(item) for item in plain if item.get("symbol") == symbol]
        triggered = {record.client_id for record in records}
        conditional = table(self._client.read("futures_get_open_algo_orders", symbol=symbol).body, "conditional orders")
        sizes = _sizes(held, symbol)
        records += [
            self._whole(parse.algo_order(item, sizes))
            for item in conditional
            if item.get("symbol") == symbol and item.get("clientAlgoId") not in triggered
        ]
        return [record for record in records if not record.state.is_final]

    def ordinary(self, method: str, symbol: str, client_id: str) -> OrderRecord | None:
        """An ordinary order by client id, None where this request does not find it. Raises VenueError."""
        item = self._asked_for(method, symbol=symbol, origClientOrderId=client_id)
        record = None if item is None else parse.order(item)
        return record if record is not None and (record.symbol, record.client_id) == (symbol, client_id) else None

    def conditional(self, symbol: str, client_id: str, is_final: bool) -> OrderRecord | None:
        """A conditional order by client id, if it has ended or has not, as asked. Raises VenueError."""
        item = self._asked_for("futures_get_algo_order", symbol=symbol, clientAlgoId=client_id)
        if item is None:
            return None
        record = self._whole(parse.algo_order(item, _sizes(positions(self._client, [symbol]), symbol)))
        is_it = (record.symbol, record.client_id, record.state.is_final) == (symbol, client_id, is_final)
        return record if is_it else None

    def _whole(self, record: OrderRecord) -> OrderRecord:
        wanted = self._stops.get(record.client_id)
        return record if wanted is None or record.state.is_final else record._replace(quantity=wanted)

    def _asked_for(self, method: str, **query: str) -> Row | None:
        try:
            return row(self._client.read(method, **query).body, "order")
        except Refused as error:
            failed = error.__cause__
            if isinstance(failed, Failed) and failed.code == NO_SUCH_ORDER:
                return None
            raise


def _sizes(held: Sequence[Position], symbol: str) -> dict[Side, Quantity]:
    return {position.side: position.quantity for position in held if position.symbol == symbol}
