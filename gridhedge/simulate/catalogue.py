"""The fault catalogue: what can go wrong outside the bot, where it strikes, and what the bot is expected to do."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

__all__ = ["FAULTS", "MODELLED", "Answer", "Fault", "Place"]

Place: TypeAlias = Literal["request", "read", "fact", "step", "start", "kill", "write", "death", "elsewhere"]
"""Where the dice is thrown: per request, per read, per fact on the stream, per step of the world, per start of the
process, per place to be killed at, per sync of the journal, at a death of the process; ``elsewhere``: not part of the
paper venue."""

Answer: TypeAlias = Literal["retry-read", "ask", "defer", "adopt", "re-plan", "freeze", "emergency", "fatal"]
"""What the bot does about it."""


class Fault(NamedTuple):
    """``rate`` is the chance per throw, in thousandths, in a world in which the fault is at home."""

    title: str
    place: Place
    rate: int
    answer: Answer
    told: str
    """What the operator is told; for ``elsewhere`` where the fault is tested instead."""


FAULTS: dict[str, Fault] = {
    # ---- requests and reads over the network
    "F-01": Fault("timeout before the server saw the request", "request", 40, "ask", "timeout: asking by client id"),
    "F-02": Fault("timeout after the server accepted", "request", 40, "ask", "timeout: asking by client id"),
    "F-03": Fault("connection refused or reset before sending", "request", 40, "defer", "not sent; again in a second"),
    "F-04": Fault("connection reset in the middle of the body", "request", 30, "ask", "reset: asking by client id"),
    "F-05": Fault("HTTP 500, 502 or 504, not executed", "request", 30, "ask", "server error: asking by client id"),
    "F-06": Fault("HTTP 500, 502 or 504, executed", "request", 30, "ask", "server error: asking by client id"),
    "F-07": Fault("HTTP 503: unknown, unavailable or throttled", "request", 30, "ask", "venue busy, waiting"),
    "F-08": Fault("HTTP 429 with or without a time to wait", "request", 20, "defer", "rate limited until then"),
    "F-09": Fault("HTTP 418 or 403: banned for a while", "request", 5, "defer", "rate limited until then"),
    "F-10": Fault("truncated, HTML or empty answer", "request", 30, "ask", "unreadable answer: asking by client id"),
    "F-11": Fault("success status with a business error", "request", 30, "re-plan", "refused, with the venue's words"),
    "F-12": Fault("success without an order id", "request", 20, "ask", "unreadable answer: asking by client id"),
    "F-13": Fault("late acceptance inside the receive window", "request", 50, "ask", "timeout: asking by client id"),
    "F-14": Fault("sent twice: duplicate client id", "request", 30, "ask", "duplicate id: asking by client id"),
    "F-15": Fault("two requests overtake each other", "request", 60, "re-plan", "nothing: outcomes carry their own id"),
    "F-16": Fault("stale read: the newest orders are not listed", "read", 80, "ask", "order not listed, asking again"),
    "F-17": Fault("history lags", "read", 80, "ask", "waiting for the executions of an ended order"),
    "F-18": Fault("pages shift while reading: entries twice", "read", 80, "retry-read", "nothing: entries count once"),
    "F-19": Fault("partial success of a batch", "request", 40, "re-plan", "refused, with the venue's words"),
    "F-20": Fault("slow answer: seconds pass", "request", 40, "defer", "nothing, unless prices got too old"),
    "F-21": Fault("name not resolved for a while", "step", 6, "defer", "not sent; synchronisation failed, again"),
    "F-22": Fault("TLS or certificate failure for a while", "step", 4, "defer", "not sent; synchronisation failed"),
    "F-23": Fault("captive portal answers with HTML for a while", "step", 4, "ask", "unreadable answer: asking"),
    "F-24": Fault("local clock off by up to a second", "start", 300, "defer", "nothing: the fence has a margin"),
    "F-25": Fault("local clock jumps within its correction", "step", 10, "defer", "nothing: time never runs back"),
    "F-26": Fault("server clock drifts", "step", 30, "defer", "nothing: the fence has a margin"),
    "F-27": Fault("laptop sleeps", "step", 4, "re-plan", "stream is down, filling the gap"),
    # ---- streams
    "F-28": Fault("stream drops", "step", 15, "re-plan", "stream is down; filling the gap before anything is sent"),
    "F-29": Fault("silent stream: connected, no data", "step", 8, "defer", "the last price is too old"),
    "F-30": Fault("message twice", "fact", 100, "adopt", "nothing: facts count once"),
    "F-31": Fault("messages overtake each other", "fact", 100, "adopt", "nothing: facts count in any order"),
    "F-32": Fault("message late by up to a minute", "fact", 60, "adopt", "mended by synchronisation"),
    "F-33": Fault("message lost", "fact", 50, "adopt", "mended by synchronisation"),
    "F-34": Fault("snapshot older than what was seen before", "read", 60, "ask", "nothing until it is confirmed"),
    "F-35": Fault("malformed frame", "fact", 20, "re-plan", "stream is down: unreadable frame"),
    "F-36": Fault("listen key or session expires", "step", 5, "re-plan", "stream is down: session expired"),
    "F-37": Fault("subscription silently refused", "start", 100, "adopt", "mended by synchronisation"),
    "F-38": Fault("fill told before the acknowledgement", "request", 100, "adopt", "nothing: facts count in any order"),
    # ---- orders
    "F-39": Fault("thin market: partial fills", "step", 15, "re-plan", "nothing: levels fill in parts"),
    "F-40": Fault("fill while the cancel is on its way", "request", 80, "ask", "order unknown to the venue: asking"),
    "F-41": Fault("fill while the amend is on its way", "request", 80, "ask", "order unknown to the venue: asking"),
    "F-42": Fault("partial fill while the amend is on its way", "request", 50, "re-plan", "refused: out of bounds"),
    "F-43": Fault("post-only order would take", "elsewhere", 0, "re-plan", "the bot sends no post-only orders"),
    "F-44": Fault("order rejected by a filter", "request", 30, "re-plan", "refused: price or quantity out of bounds"),
    "F-45": Fault("margin said to be insufficient", "request", 40, "re-plan", "CRITICAL: level refused for margin"),
    "F-46": Fault("accepted, then cancelled by the venue", "request", 30, "re-plan", "order cancelled by the venue"),
    "F-47": Fault("reduce-only order cancelled by the venue", "step", 15, "re-plan", "take-profit is placed anew"),
    "F-48": Fault("gap through several levels", "step", 20, "re-plan", "nothing: one plan for all that executed"),
    "F-49": Fault("both sides fill in one tick", "step", 20, "re-plan", "nothing: one plan for all that executed"),
    "F-50": Fault("take-profit fills while an entry fills", "step", 15, "re-plan", "a late entry counts as residue"),
    # ---- account and market
    "F-51": Fault("user cancels our order", "step", 12, "re-plan", "order cancelled; placed anew"),
    "F-52": Fault("user closes or increases the position", "step", 8, "adopt", "the venue holds less than the book"),
    "F-53": Fault("user places a foreign order", "step", 8, "adopt", "order is not the bot's and is left alone"),
    "F-54": Fault("deposit or withdrawal", "step", 10, "re-plan", "nothing: the budget follows"),
    "F-55": Fault("auto-deleveraging", "step", 6, "adopt", "the venue holds less than the book"),
    "F-56": Fault("liquidation", "step", 1, "emergency", "the venue liquidated; emergency stop"),
    "F-57": Fault("leverage changed by hand", "step", 4, "re-plan", "the venue's terms have changed: leverage"),
    "F-58": Fault("fee tier changed", "step", 4, "re-plan", "the venue's terms have changed: fees"),
    "F-59": Fault("funding charged", "step", 15, "re-plan", "nothing: take-profits include it"),
    "F-60": Fault("tick or minimum changed", "step", 4, "re-plan", "the venue's terms have changed: tick size"),
    "F-61": Fault("symbol halted", "step", 4, "defer", "refused, waiting"),
    "F-62": Fault("maintenance", "step", 4, "defer", "stream is down; synchronisation failed, trying again"),
    "F-63": Fault("key expired or permission revoked", "step", 3, "defer", "refused: permission"),
    "F-64": Fault("account restricted to reduce-only", "step", 4, "defer", "refused: permission"),
    "F-65": Fault("dead-man's switch fired", "step", 4, "re-plan", "orders cancelled; placed anew"),
    "F-66": Fault("price feed frozen", "step", 6, "defer", "the last price is too old"),
    # ---- process and disk
    "F-67": Fault("killed at a write, a request or a read", "kill", 4, "adopt", "recovered at the next start"),
    "F-68": Fault("stopped and started again", "step", 8, "adopt", "orders as on_stop says"),
    "F-69": Fault("unexpected error in the strategy", "step", 3, "fatal", "unexpected error, traceback in the log"),
    "F-70": Fault("hang in a call", "request", 10, "defer", "the last price is too old"),
    "F-71": Fault("out of memory: killed anywhere", "step", 4, "adopt", "recovered at the next start"),
    "F-72": Fault("disk full", "write", 2, "fatal", "nothing is sent any more; orders stay"),
    "F-73": Fault("failed fsync after a partial write", "write", 2, "fatal", "nothing is sent any more; orders stay"),
    "F-74": Fault("torn write at a death", "death", 500, "adopt", "recovered at the next start"),
    "F-75": Fault("bit flip in the journal", "death", 60, "adopt", "journal kept aside, begun anew from the venue"),
    "F-76": Fault("journal deleted or restored from a backup", "death", 80, "adopt", "missing facts read again"),
    "F-77": Fault("read-only disk at the start", "start", 60, "fatal", "can not be written"),
    "F-78": Fault("a second bot trades the account", "step", 1, "freeze", "not ours but has our mark: a second bot?"),
    "F-79": Fault("profile edited between two runs", "start", 150, "re-plan", "nothing: the table stays until flat"),
    "F-80": Fault("older journal version", "elsewhere", 0, "adopt", "tests/store/test_codec.py"),
    "F-81": Fault("terminal closed, broken pipe", "elsewhere", 0, "defer", "tests/cli/test_errors.py"),
    "F-82": Fault(
        "MT5 terminal closed",
        "elsewhere",
        0,
        "defer",
        "nothing is sent until it is back; then the gap is filled from its history",
    ),
    "F-83": Fault(
        "MT5 market closed or requote",
        "elsewhere",
        0,
        "re-plan",
        "requotes are asked again with a fresh price; a closed market is told once, and asked after 1, 2, 4 … 16 min",
    ),
    "F-84": Fault(
        "MT5 comment altered by the broker",
        "elsewhere",
        0,
        "ask",
        "the magic number carries the same meaning: the order is recognised by it",
    ),
}

MODELLED = tuple(name for name, fault in FAULTS.items() if fault.place != "elsewhere")
"""The faults that the simulation injects."""
