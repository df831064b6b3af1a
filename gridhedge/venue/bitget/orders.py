"""Sends changes of orders: batched, within the request budget, with an outcome for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.bitget.client import Client
from gridhedge.venue.bitget.generation import BATCH_SIZE, Generation, Request, is_stop
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.parse import Leg
from gridhedge.venue.bitget.stops import Stop, Stops
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Malformed, row, word

__all__ = ["Orders"]

_LONGEST_WAIT_MS = 1_200
"""A call waits for the budget's next second once; what does not fit then is told as rate limited."""
_NO_AMENDS = "Bitget replaces an amended order by one with another id, later; cancel it and place it anew"

Kind = TypeVar("Kind", Place, Cancel)


class Orders:
    """The batch endpoints; a single order is a batch of one. Stops have endpoints of their own, one by one."""

    def __init__(
        self, client: Client, clock: ServerClock, generation: Generation, known: KnownOrders, stops: Stops
    ) -> None:
        self._client = client
        self._clock = clock
        self._generation = generation
        self._known = known
        self._stops = stops

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Cancels, then places, each in the order given and as many at once as one request takes.

        After a request that failed as a whole nothing more is sent: the engine decides anew.
        """
        sending = _Sending(self._client, self._clock)
        outcomes: dict[int, Outcome] = {}
        for changed, request, read in self._requests(changes):
            found = sending.send(request, [changes[index].client_id for index in changed], read)
            outcomes.update(zip(changed, found, strict=True))
        for index, change in enumerate(changes):
            if isinstance(change, Amend):
                outcomes[index] = Rejected(Reject.OTHER, _NO_AMENDS)
            self._learn(change, outcomes[index])
        return [outcomes[index] for index in range(len(changes))]

    def _requests(self, changes: Sequence[Change]) -> Iterator[tuple[list[int], Request, _Read]]:
        """Which changes go together, as what, and how their answer is read."""
        speaks = self._generation
        cancels = [(index, change) for index, change in enumerate(changes) if isinstance(change, Cancel)]
        places = [(index, change) for index, change in enumerate(changes) if isinstance(change, Place)]
        for batch in _batches([entry for entry in cancels if not is_stop(entry[1].client_id)]):
            yield [index for index, _ in batch], speaks.cancel([cancel for _, cancel in batch]), self._of_batch
        for index, cancel in cancels:
            if is_stop(cancel.client_id):
                yield [index], speaks.cancel_stop(cancel), self._of_stop(cancel.client_id, cancel.venue_id)
        for placed in _batches([entry for entry in places if entry[1].trigger_price is None]):
            yield [index for index, _ in placed], speaks.place([place for _, place in placed]), self._of_batch
        for index, place in places:
            if place.trigger_price is not None:
                # Before it is sent: what is pushed about it may come before the answer.
                wanted = place.symbol, place.key.side, place.trigger_price, place.quantity
                self._stops.learn(Stop(place.client_id, *wanted))
                yield [index], speaks.place_stop(place), self._of_stop(place.client_id, "")

    def _of_batch(self, data: object) -> Mapping[str, Outcome]:
        return self._generation.outcomes(data, self._clock.now())

    def _of_stop(self, client_id: str, venue_id: str) -> _Read:
        """One order's ids, or the two lists of a batch, or nothing at all: that it was taken is all that is said."""

        def read(data: object) -> Mapping[str, Outcome]:
            if data is None:
                return {client_id: Accepted(venue_id)}
            holder = row(data, "data")
            if "successList" in holder:
                found = self._generation.outcomes(data, self._clock.now())
                return {client_id: next(iter(found.values()))} if len(found) == 1 else found
            return {client_id: Accepted(word(holder, "orderId"))}

        return read

    def _learn(self, change: Change, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected | NotSent) and isinstance(change, Place) and change.trigger_price is not None:
            self._stops.forget(change.client_id)
        if isinstance(change, Place) and isinstance(outcome, Accepted) and change.trigger_price is None:
            self._known.put(outcome.venue_id, Leg(change.key.side, change.reduce_only, change.client_id))


_Read = Callable[[object], Mapping[str, Outcome]]
"""From the data of an answer to outcomes by client id. Raises Malformed."""


class _Sending:
    """One call of ``send``: how long it may still wait, and whether it has been stopped."""

    def __init__(self, client: Client, clock: ServerClock) -> None:
        self._client, self._clock = client, clock
        self._patience: Millis = _LONGEST_WAIT_MS
        self._stopped: Outcome | None = None

    def send(self, request: Request, names: Sequence[str], read: _Read) -> list[Outcome]:
        if self._stopped is None:
            self._stopped = self._await_budget(request.path)
        if self._stopped is not None:
            return [self._stopped] * len(names)
        try:
            found = read(self._client.write(request.path, request.body).data)
        except Failed as failed:
            if isinstance(failed.outcome, Rejected) and len(names) == 1:
                # What was refused was this order, not the request.
                if failed.outcome.reason is Reject.RATE_LIMITED:
                    self._stopped = failed.outcome
                return [failed.outcome]
            self._stopped = _after(failed.outcome)
            return [failed.outcome] * len(names)
        except Malformed as error:
            self._stopped = NotSent("not sent: the request before it failed")
            return [Unknown(f"Bitget: {error}")] * len(names)
        return [found.get(name, Unknown("Bitget: the answer does not name this order")) for name in names]

    def _await_budget(self, path: str) -> Outcome | None:
        wait = self._client.limits.wait_ms(path)
        if wait > self._patience:
            until = self._clock.now() + wait
            return Rejected(Reject.RATE_LIMITED, "the order budget of this second is used up", until)
        if wait:
            self._client.pause(wait / 1000)
            self._patience -= wait
        return None


def _after(failed: Outcome) -> Outcome:
    """What becomes of the changes behind a request that failed."""
    if isinstance(failed, Rejected) and failed.reason is Reject.RATE_LIMITED:
        return failed
    return NotSent("not sent: the request before it failed")


def _batches(changes: list[tuple[int, Kind]]) -> list[list[tuple[int, Kind]]]:
    """Neighbours of one symbol together, as many as one request takes."""
    found: list[list[tuple[int, Kind]]] = []
    for entry in changes:
        last = found[-1] if found else None
        if last is not None and len(last) < BATCH_SIZE and last[0][1].symbol == entry[1].symbol:
            last.append(entry)
        else:
            found.append([entry])
    return found
