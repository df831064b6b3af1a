"""Other people's doing, and the weather: what happens to account, market, line and clock between two ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderKey, Reject, client_id
from gridhedge.domain.values import SIDES, ZERO, Quantity, Role, Side
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.market import WildFeed
from gridhedge.simulate.network import Network, Stream
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = ["DEEDS", "Hands"]

_THIN_PARTS = 5
"""A thin market lets a fifth of an order execute per movement of the price."""
_FEE_STEP = Decimal("0.00000001")
"""Venues tell rates with so many digits at most; after many changes money would not fit into the 28 of a Decimal."""


class Hands:
    """Strikes once per step of the world."""

    def __init__(self, exchange: Exchange, feeds: dict[str, WildFeed], network: Network, tags: dict[str, str]) -> None:
        self._exchange = exchange
        self._feeds = feeds
        self._network = network
        self._tags = tags
        self._listed: dict[str, Instrument] = {}
        """The filters with which a symbol was listed, where they have been changed."""
        self.stream: Stream | None = None
        """Of the living process."""

    def act(self) -> None:
        """Throw for every fault of the step, and let those happen that strike."""
        for fault, dice in self._network.chaos.at("step"):
            deed = DEEDS.get(fault)
            if deed is not None:
                try:
                    deed(self, dice)
                except Refusal:
                    continue  # the exchange says no to a person as well

    def heal(self) -> None:
        """Give the market back what faults took from it, and let prices rest."""
        for symbol, feed in self._feeds.items():
            market = self._exchange.market(symbol)
            market.liquidity = market.left = None
            market.stale = True
            feed.calm()

    # ---- who and what ------------------------------------------------------------------------------------------------

    def _market(self, dice: Dice) -> Market:
        return dice.pick(tuple(self._exchange.markets.values()))

    def _orders(self) -> list[PaperOrder]:
        """Orders of the bot that work at the exchange."""
        marked = tuple(f"gh{tag}" for tag in self._tags.values())
        return [order for order in self._exchange.account.open.values() if order.client_id.startswith(marked)]

    def _amount(self, market: Market, most: Quantity, dice: Dice) -> Quantity:
        share = most * dice.pick((10, 50, 100)) / 100
        return max(market.instrument.floor_quantity(share), market.instrument.min_quantity)

    # ---- line and clock ----------------------------------------------------------------------------------------------

    def _drop(self, dice: Dice) -> None:
        if self.stream is not None:
            self.stream.drop("connection reset", dice.pick((200, 2000, 10000, 60000)))

    def _expire(self, dice: Dice) -> None:
        if self.stream is not None:
            self.stream.drop("session expired", dice.pick((5000, 20000)))

    def _silence(self, dice: Dice) -> None:
        if self.stream is not None:
            self.stream.fall_silent(dice.pick((3000, 20000, 40000)))

    def _maintain(self, dice: Dice) -> None:
        lasts = dice.pick((5000, 30000))
        self._network.begin("F-62", lasts)
        if self.stream is not None:
            self.stream.drop("maintenance", lasts)

    def _jump_clock(self, dice: Dice) -> None:
        self._network.turn_clock(dice.between(-1500, 1500))

    def _drift_clock(self, dice: Dice) -> None:
        self._network.turn_clock(dice.between(-40, 40))

    def _sleep(self, dice: Dice) -> None:
        """The machine sleeps: the world goes on, the connection does not."""
        lasts = dice.pick((60, 60, 600, 1800)) * 1000
        if self.stream is not None:
            self.stream.drop("slept", lasts)
        self._network.pass_time(self._network.paper.now() + lasts)

    # ---- market ------------------------------------------------------------------------------------------------------

    def _thin(self, dice: Dice) -> None:
        market = self._market(dice)
        resting = [order.remaining for queue in (market.buys, market.sells) for order in queue]
        if market.liquidity is not None or not resting:
            market.liquidity = market.left = None
        else:
            part = dice.pick(resting) / _THIN_PARTS
            amount = max(market.instrument.floor_quantity(part), market.instrument.min_quantity)
            market.liquidity = market.left = amount
        market.stale = True

    def _gap(self, dice: Dice) -> None:
        self._feeds[self._market(dice).symbol].gap(dice.pick((-60, -25, -10, 10, 25, 60)))

    def _whip(self, dice: Dice) -> None:
        """A spike to both directions within one millisecond."""
        market = self._market(dice)
        feed = self._feeds[market.symbol]
        width = feed.price * dice.pick((4, 10, 20)) / 1000
        ends = (market.instrument.floor_price(feed.price + width), market.instrument.floor_price(feed.price - width))
        feed.spike(*(ends if dice.chance(500) else ends[::-1]))

    def _meet_exit_and_entry(self, dice: Dice) -> None:
        """The price runs through a take-profit and through an entry of the same side in one millisecond."""
        market = self._market(dice)
        side = dice.pick(SIDES)
        mine = [order for order in self._orders() if order.symbol == market.symbol and order.side is side]
        near = [order for order in mine if abs(order.price - market.price) * 20 < market.price]
        if near:
            tick = market.instrument.tick_size
            prices = [order.price - tick if order.buys else order.price + tick for order in near]
            first, last = min(prices), max(prices)
            self._feeds[market.symbol].spike(*((first, last) if dice.chance(500) else (last, first)))

    def _fund(self, dice: Dice) -> None:
        self._exchange.matching.charge_funding(self._market(dice))

    def _halt(self, dice: Dice) -> None:
        lasts = dice.pick((3000, 20000))
        self._network.begin("F-61", lasts)
        for feed in self._feeds.values():
            feed.freeze(self._network.paper.now() + lasts)

    def _blind(self, dice: Dice) -> None:
        network = self._network
        network.is_blind = network.paper.now() + dice.pick((5000, 30000))

    # ---- account -----------------------------------------------------------------------------------------------------

    def _withdraw_order(self, dice: Dice) -> None:
        orders = self._orders()
        if orders:
            self._exchange.by_hand_cancel(dice.pick(orders).venue_id)

    def _withdraw_exit(self, dice: Dice) -> None:
        exits = [order for order in self._orders() if order.closing]
        if exits:
            order = dice.pick(exits)
            self._exchange.matching.withdraw(
                self._exchange.market(order.symbol), order, Reject.REDUCE_ONLY, "reduce-only, cancelled by the venue"
            )

    def _withdraw_all(self, dice: Dice) -> None:
        for order in self._orders():
            self._exchange.by_hand_cancel(order.venue_id)

    def _trade(self, dice: Dice) -> None:
        market, side = self._market(dice), dice.pick(SIDES)
        held = market.holding(side).quantity
        if dice.chance(500) and held > 0:
            self._exchange.by_hand_close(market.symbol, side, min(held, self._amount(market, held, dice)))
        else:
            least = market.instrument.least_quantity(market.price)
            self._exchange.by_hand_open(market.symbol, side, max(self._amount(market, held, dice), least))

    def _place_foreign(self, dice: Dice) -> None:
        """Orders of a person: an opening one near the price, or a closing one."""
        market, side = self._market(dice), dice.pick(SIDES)
        rules = market.instrument
        closing = dice.chance(300)
        away = (1 if (side is Side.LONG) is closing else -1) * dice.pick((2, 10, 50))
        price = rules.floor_price(market.price * (1000 + away) / 1000)
        least = rules.ceil_quantity(max(rules.least_quantity(price), rules.min_quantity))
        self._exchange.place(market.symbol, "", side, closing, price, least)

    def _transfer(self, dice: Dice) -> None:
        available = self._exchange.account.available()
        share = Decimal(dice.pick((-90, -30, 30, 100))) / 100
        amount = (available * share).quantize(Decimal("0.01"))
        if amount:
            self._exchange.deposit(amount)

    def _deleverage(self, dice: Dice) -> None:
        market, side = self._market(dice), dice.pick(SIDES)
        held = market.holding(side).quantity
        if held > ZERO:
            self._exchange.auto_deleverage(market.symbol, side, min(held, self._amount(market, held, dice)))

    def _liquidate(self, dice: Dice) -> None:
        self._exchange.matching.liquidate()

    def _change_leverage(self, dice: Dice) -> None:
        market = self._market(dice)
        self._exchange.set_leverage(market.symbol, dice.pick((10, 25, market.instrument.max_leverage)))

    def _change_fees(self, dice: Dice) -> None:
        market = self._market(dice)
        factor = Decimal(dice.pick((5, 8, 15))) / 10
        maker, taker = [(rate * factor).quantize(_FEE_STEP) for rate in market.fees]
        market.fees = Fees(maker, taker)
        self._exchange.set_leverage(market.symbol, market.leverage)

    def _change_rules(self, dice: Dice) -> None:
        """A finer tick, a larger minimum; the next time perhaps those of before, and orders are left off the tick."""
        market = self._market(dice)
        listed = self._listed.setdefault(market.symbol, market.instrument)
        tick, least = listed.tick_size / dice.pick((1, 10)), listed.min_notional * dice.pick((1, 2))
        market.follow(replace(market.instrument, tick_size=tick, min_notional=least))

    def _second_bot(self, dice: Dice) -> None:
        """Somebody starts the same profile on another machine: an order with our mark that nobody here intended."""
        market, side = self._market(dice), dice.pick(SIDES)
        now = self._network.paper.now()
        key = OrderKey(side, Role.OPENING, 0, now // 1000, 9)
        least = market.instrument.least_quantity(market.price)
        price = market.ask if side is Side.LONG else market.bid
        name = client_id(self._tags[market.symbol], key)
        self._network.strangers.add(name)
        self._exchange.place(market.symbol, name, side, False, price, least)


def _lasting(fault: str, *choices: int) -> Callable[[Hands, Dice], None]:
    """A fault of the line that lasts for one of these times (ms)."""

    def begin(hands: Hands, dice: Dice) -> None:
        hands._network.begin(fault, dice.pick(choices))

    return begin


DEEDS: dict[str, Callable[[Hands, Dice], None]] = {
    "F-21": _lasting("F-21", 500, 3000, 20000),
    "F-22": _lasting("F-22", 3000, 20000),
    "F-23": _lasting("F-23", 500, 3000, 20000),
    "F-25": Hands._jump_clock,
    "F-26": Hands._drift_clock,
    "F-27": Hands._sleep,
    "F-28": Hands._drop,
    "F-29": Hands._silence,
    "F-36": Hands._expire,
    "F-39": Hands._thin,
    "F-47": Hands._withdraw_exit,
    "F-48": Hands._gap,
    "F-49": Hands._whip,
    "F-50": Hands._meet_exit_and_entry,
    "F-51": Hands._withdraw_order,
    "F-52": Hands._trade,
    "F-53": Hands._place_foreign,
    "F-54": Hands._transfer,
    "F-55": Hands._deleverage,
    "F-56": Hands._liquidate,
    "F-57": Hands._change_leverage,
    "F-58": Hands._change_fees,
    "F-59": Hands._fund,
    "F-60": Hands._change_rules,
    "F-61": Hands._halt,
    "F-62": Hands._maintain,
    "F-63": _lasting("F-63", 3000, 20000),
    "F-64": _lasting("F-64", 3000, 20000),
    "F-65": Hands._withdraw_all,
    "F-66": Hands._blind,
    "F-78": Hands._second_bot,
}
"""Deeds of the step; F-68, F-69 and F-71 end the process and belong to the world."""
