"""Small worlds for the uneven grid: a real session on the embedded exchange, one or two directions of one symbol."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.instrument import Instrument, Tier
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import Role, Side
from gridhedge.profile.settings import Profile
from gridhedge.venue.paper.feed import ScriptedFeed
from tests.engine.worlds import START, World

D = Decimal
L, S = Side.LONG, Side.SHORT
BTC = "BTCUSDC"
RULES = Instrument(
    symbol=BTC,
    base="BTC",
    quote="USDC",
    tick_size=D("0.01"),
    lot_step=D("0.001"),
    min_quantity=D("0.001"),
    max_quantity=D(1000),
    max_market_quantity=D(120),
    min_notional=D(50),
    max_leverage=125,
    tiers=(Tier(D(10**9), D("0.01"), D(0), 125),),
)


def trim_profile(*directions: str, leverage: int = 20, risk: dict[str, Any] | None = None, **strategy: Any) -> Profile:
    """One symbol; an entry for each direction (long, unless told otherwise), all with these settings."""
    entries = [
        {"symbol": BTC, "leverage": leverage, "strategy": {"kind": "trim", "direction": direction, **strategy}}
        for direction in directions or ("long",)
    ]
    return Profile.model_validate(
        {
            "account": "001",
            "venue": {"name": "paper", "rules": "binance", "feeds": {BTC: {"kind": "synthetic", "price": D(90000)}}},
            "symbols": entries,
            "risk": risk or {},
        }
    )


class GridWorld(World):
    """A bot with trim on one symbol. The market begins at ``price``, and the first grid is built a minute later."""

    def __init__(self, settings: Profile, price: str, wallet: str = "100000", **options: Any) -> None:
        feed = ScriptedFeed([(START, D(price))])
        super().__init__(settings, wallet=wallet, feed=feed, **({"rules": RULES} | options))

    def built(self) -> GridWorld:
        """Started, and one minute later: the grid rests."""
        self.start()
        self.tick(61)
        return self

    def by_hand(self, side: Side, quantity: str, price: str) -> None:
        """The user buys (or sells short) at exactly this price."""
        assert isinstance(self.feed, ScriptedFeed)
        last = D(price) - RULES.tick_size if side is L else D(price)
        self.feed.add(self.exchange.now() + 1, last)
        while self.exchange.market(BTC).price != last:
            self.exchange.advance(self.exchange.now() + 1)
        self.exchange.by_hand_open(BTC, side, D(quantity))
        self.tick()

    def side(self, side: Side = L) -> SideBook:
        return self.book.of(side)

    def resting(self, side: Side = L) -> dict[int, tuple[Decimal, Decimal]]:
        """Quantity and price of the entries at the exchange, by level."""
        ours = {order.client_id: level for level, order in self.book.of(side).entries.items()}
        live = [order for order in self.exchange.account.open.values() if order.client_id in ours]
        return {ours[order.client_id]: (order.remaining, order.price) for order in live}

    def exits(self, side: Side = L) -> dict[Role, tuple[Decimal, Decimal]]:
        """Quantity and price (of a stop: its trigger) of the exits at the exchange."""
        ours = {order.client_id: role for role, order in self.book.of(side).exits.items()}
        found = {}
        for order in self.exchange.account.open.values():
            if order.client_id in ours:
                price = order.price if order.trigger_price is None else order.trigger_price
                found[ours[order.client_id]] = (order.remaining, price)
        return found
