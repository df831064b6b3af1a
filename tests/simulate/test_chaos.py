"""Faults strike by seed, and can be silenced one by one."""

from __future__ import annotations

from gridhedge.simulate.catalogue import FAULTS, MODELLED
from gridhedge.simulate.chaos import Chaos, Strike


def throws(chaos: Chaos, times: int = 400) -> tuple[Strike, ...]:
    for _ in range(times):
        for fault in MODELLED:
            chaos.throw(fault)
    return tuple(chaos.struck)


def test_a_seed_draws_its_own_mix() -> None:
    """About a third of the faults is at home in a world, and another third in the next."""
    mixes = [{strike.fault for strike in throws(Chaos(seed))} for seed in range(20)]
    assert all(10 <= len(mix) <= 45 for mix in mixes)
    assert set().union(*mixes) == set(MODELLED)


def test_the_same_seed_strikes_at_the_same_throws() -> None:
    """Twice the same, and not the same as another."""
    assert throws(Chaos(5)) == throws(Chaos(5)) != throws(Chaos(6))


def test_only_the_chosen_strikes_happen() -> None:
    """Silencing all but two leaves these two where they were."""
    chosen = frozenset(throws(Chaos(5))[10:12])
    assert len(chosen) == 2
    assert frozenset(throws(Chaos(5, chosen))) == chosen


def test_a_calm_world_has_no_faults() -> None:
    """The reference runs of the crash enumeration, and every world after its faults."""
    assert throws(Chaos(5, calm=True)) == ()
    chaos = Chaos(5)
    chaos.active = False
    assert throws(chaos) == ()


def test_faults_of_a_place_are_thrown_together() -> None:
    """Each strike comes with a dice of its own."""
    chaos = Chaos(5)
    struck = [fault for _ in range(500) for fault, dice in chaos.at("request") if dice.below(2) < 2]
    assert struck
    assert {FAULTS[fault].place for fault in struck} == {"request"}
