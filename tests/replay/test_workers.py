"""Trials in other processes: the same outcomes, and one sentence where a process is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridhedge.domain.errors import GridhedgeError, UsageError, VenueError
from gridhedge.replay.trial import Outcome, Task, run_task
from gridhedge.replay.workers import Workers, cluster_workers, local_workers
from tests.replay.searching import field


def tasks(folder: Path) -> list[Task]:
    found = field(folder)
    window = found.windows["search"]
    return [Task(found.ground, *window, found.space.profile((step, 0)), {}, None) for step in range(4)]


def in_order(told: Iterator[tuple[int, Outcome]]) -> list[Outcome]:
    return [outcome for _, outcome in sorted(told, key=lambda numbered: numbered[0])]


def test_processes_tell_what_this_one_would(tmp_path: Path) -> None:
    """Each task once, with its number; nothing is printed."""
    wanted = [run_task(task) for task in tasks(tmp_path)]
    with local_workers(1) as alone:
        assert in_order(alone.run(tasks(tmp_path))) == wanted
    with local_workers(2) as two:
        assert in_order(two.run(tasks(tmp_path))) == wanted
        assert in_order(two.run(tasks(tmp_path)[2:])) == wanted[2:]


def test_a_worker_that_dies_is_one_sentence(tmp_path: Path) -> None:
    """Killed, as the system does it when memory is short: no hang, and what to do."""
    with local_workers(2) as workers:
        outcomes = workers.run(tasks(tmp_path) * 20)
        next(outcomes)
        for pid in children(b"spawn_main"):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(
            GridhedgeError, match=r"a worker .* was lost in the middle of a replay.*the same command goes on"
        ):
            list(outcomes)


def children(program: bytes) -> list[int]:
    """Processes that this one has started, by a word of their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status, command = (folder / "status").read_text(), (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended
            if f"PPid:\t{os.getpid()}\n" in status and program in command:
                found.append(int(folder.name))
    return found


def test_ctrl_c_tells_what_is_being_replayed_and_no_more(tmp_path: Path) -> None:
    """Tasks that nobody has begun are dropped, a running one is told, then the interruption goes on."""

    class Held(Executor):
        """Finishes the first task, works on the second, and has not begun the third."""

        def submit(self, *call: object, **more: object) -> Future[Outcome]:
            future: Future[Outcome] = Future()
            made.append(future)
            if len(made) < 3:
                future.set_running_or_notify_cancel()
            if len(made) == 1:
                future.set_result(Outcome(None, "first"))
            return future

    made: list[Future[Outcome]] = []
    outcomes = Workers(Held()).run(tasks(tmp_path)[:3])
    assert next(outcomes) == (0, Outcome(None, "first"))
    made[1].set_result(Outcome(None, "second"))
    assert outcomes.throw(KeyboardInterrupt) == (1, Outcome(None, "second"))
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    assert made[2].cancelled()


def test_a_worker_that_reads_other_candles_ends_the_search(tmp_path: Path) -> None:
    """Its own sentence arrives."""
    found = tasks(tmp_path)
    file = found[0].ground.source.files[0]
    file.write_text(file.read_text().replace("1000", "1001"))
    with local_workers(2) as workers:
        with pytest.raises(UsageError, match="reads another file of this name"):
            list(workers.run(found))


# ---- Dask ------------------------------------------------------------------------------------------------------------


@contextmanager
def cluster(folder: Path, *hands: str) -> Iterator[str]:
    """A scheduler and as many workers, programs of their own."""
    where = folder / "scheduler.json"
    local = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(where))
    programs = [("dask_scheduler", *local, "--port", "0")]
    programs += [("dask_worker", *local, "--nthreads", "1", "--no-nanny", "--name", hand) for hand in hands]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", *options],
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )
            for name, *options in programs
        ]
        try:
            yield address(where, processes[0])
        finally:
            for process in reversed(processes):
                process.kill()  # asked to end, a worker would look for its scheduler for minutes
                process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a cluster with one worker."""
    with cluster(tmp_path_factory.mktemp("dask"), "one") as found:
        yield found


def address(where: Path, head: subprocess.Popen[bytes]) -> str:
    import json
    import time

    while not where.exists():
        assert head.poll() is None, (where.parent / "log").read_text()
        time.sleep(0.05)
    found: str = json.loads(where.read_text())["address"]
    return found


def test_a_cluster_tells_what_this_process_would(scheduler: str, tmp_path: Path) -> None:
    """Over TCP, through the same door as processes of this machine."""
    with cluster_workers(scheduler) as workers:
        assert in_order(workers.run(tasks(tmp_path))) == [run_task(task) for task in tasks(tmp_path)]


def test_a_sentence_of_a_cluster_s_worker_arrives(scheduler: str, tmp_path: Path) -> None:
    """Other candles on its disk end the search there, too."""
    found = tasks(tmp_path)
    ground = found[0].ground._replace(digests=("0" * 64,))
    with cluster_workers(scheduler) as workers:
        with pytest.raises(UsageError, match="reads another file of this name"):
            list(workers.run([task._replace(ground=ground) for task in found]))


def test_a_cluster_without_workers_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that nobody will ever begin neither hang nor keep the program from ending."""
    monkeypatch.setattr("gridhedge.replay.workers._SILENT_SECONDS", 0.1)
    with cluster(tmp_path) as empty:
        with pytest.raises(GridhedgeError, match=r"the cluster has no workers; start some \(dask worker\)"):
            with cluster_workers(empty) as workers:
                list(workers.run(tasks(tmp_path)))


def test_a_scheduler_that_is_killed_is_one_sentence(tmp_path: Path) -> None:
    """What it was to tell is lost; the study keeps what it has told."""
    with cluster(tmp_path, "one") as found:
        with cluster_workers(found) as workers:
            outcomes = workers.run(tasks(tmp_path) * 50)
            next(outcomes)
            (head,) = set(children(b"dask_scheduler")) & set(children(str(tmp_path).encode()))
            os.kill(head, signal.SIGKILL)
            with pytest.raises(GridhedgeError, match=r"a worker \(or the scheduler\) was lost"):
                list(outcomes)


def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens on port 1."""
    monkeypatch.setattr("gridhedge.replay.workers._CONNECT_SECONDS", 1)
    with pytest.raises(VenueError, match=r"--scheduler tcp://127\.0\.0\.1:1: no Dask scheduler answers"):
        with cluster_workers("tcp://127.0.0.1:1"):
            pass


def test_a_missing_library_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not installed."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"^--scheduler needs Dask: pip install 'gridhedge\[cluster\]'$"):
        with cluster_workers("tcp://127.0.0.1:1"):
            pass
