"""What an order means, written into the two fields that a terminal gives an order: magic number and comment.

The comment carries the client order id, for people. Brokers rewrite comments, so the magic number (64 bits) carries the
same: 14 bits of the account's tag, then side, role, level, cycle and revision. Some cut the number to 31 or 32 bits:
there the comment decides, if the rest agrees. Small numbers, which other programs use, have no tag and are nobody's of
ours.
"""

from __future__ import annotations

from gridhedge.domain.order import OrderKey, account_tag, client_id, parse_client_id
from gridhedge.domain.values import Role, Side

__all__ = ["Identity"]

_TAG, _LEVEL, _CYCLE, _REVISION = 14, 6, 32, 6
_ROLES = (Role.OPENING, Role.GRID, Role.TAKE_PROFIT, Role.BREAK_EVEN, Role.STOP_LOSS, Role.CLOSE)
_ROLE = 3
_MARK_AT = 1 + _ROLE + _LEVEL + _CYCLE + _REVISION


class Identity:
    """The marks of one account's orders on one symbol."""

    def __init__(self, account: str, symbol: str) -> None:
        self.tag = account_tag(account, symbol)
        self._mark = int(self.tag, 36) % ((1 << _TAG) - 1) + 1

    def magic(self, key: OrderKey) -> int:
        """The magic number of a meaning: a pure function, below 2^62."""
        number = self._mark
        for value, bits in (
            (int(key.side is Side.SHORT), 1),
            (_ROLES.index(key.role), _ROLE),
            (min(key.level, (1 << _LEVEL) - 1), _LEVEL),
            (key.cycle & ((1 << _CYCLE) - 1), _CYCLE),
            (min(key.revision, (1 << _REVISION) - 1), _REVISION),
        ):
            number = number << bits | value
        return number

    def key(self, magic: int, comment: str) -> OrderKey | None:
        """The meaning of an order: by its comment, or, where that was rewritten, by its number. None: not ours."""
        told = parse_client_id(self.tag, comment)
        if magic >> _MARK_AT != self._mark:
            return told if told is not None and self._is_cut(magic, told) else None
        parts = []
        for bits in (_REVISION, _CYCLE, _LEVEL, _ROLE):
            magic, part = magic >> bits, magic & ((1 << bits) - 1)
            parts.append(part)
        revision, cycle, level, role = parts
        if role >= len(_ROLES):
            return None
        return told or OrderKey(Side.SHORT if magic & 1 else Side.LONG, _ROLES[role], level, cycle, revision)

    def client_id(self, magic: int, comment: str) -> str:
        """The client order id of an order; empty where it is not ours."""
        key = self.key(magic, comment)
        return "" if key is None else client_id(self.tag, key)

    def is_ours(self, magic: int, comment: str) -> bool:
        return self.key(magic, comment) is not None

    def _is_cut(self, magic: int, key: OrderKey) -> bool:
        """Whether a number is what some brokers leave of ours: its lower 31 or 32 bits."""
        return (self.magic(key) - magic) % (1 << 31) == 0

    def take_profit(self, side: Side, cycle: int) -> str:
        """The id of a take-profit that nobody remembers: the first of its cycle."""
        return client_id(self.tag, OrderKey(side, Role.TAKE_PROFIT, 0, cycle, 0))
