"""Many seeds make one report, whoever works them out."""

from __future__ import annotations

import subprocess
import sys

import psutil

from gridhedge.simulate.run import Totals, endings, run_seed
from tests.patience import until


def test_a_report_adds_up_its_seeds() -> None:
    """Steps, faults and markers of two seeds."""
    one, two = run_seed(1, 30), run_seed(2, 30)
    totals = Totals()
    totals.add(one)
    totals.add(two)
    report = totals.report()
    assert (report.seeds, report.steps, report.violations) == (2, one.steps + two.steps, ())
    assert sum(report.faults.values()) == len(one.struck) + len(two.struck)
    assert sum(report.markers.values()) == sum(one.markers.values()) + sum(two.markers.values())


def test_the_digest_depends_on_every_journal() -> None:
    """One seed more, or the other order, is another digest."""
    digests = set()
    for seeds in ((1,), (1, 2), (2, 1)):
        totals = Totals()
        for seed in seeds:
            totals.add(run_seed(seed, 30))
        digests.add(totals.report().digest)
    assert len(digests) == 3


def test_one_process_walks_the_seeds_in_their_order() -> None:
    """Lazily: what is asked for is worked out."""
    walk = endings(range(3, 1000), 20, 1)
    assert [next(walk).seed, next(walk).seed] == [3, 4]


def test_processes_of_a_pool_end_with_the_one_that_gives_them_work() -> None:
    """kill -9 of the command: none of its children stays behind."""
    command = [sys.executable, "-m", "gridhedge", "simulate", "--seeds", "1-100000", "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as lead:
        parent = psutil.Process(lead.pid)
        until(lambda: len(parent.children(recursive=True)) >= 2)
        children = parent.children(recursive=True)
        lead.kill()
    until(lambda: not any(child.is_running() for child in children))
