"""Who works trials out: this process, processes of this machine, or a Dask cluster, behind one way to ask."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from typing import TypeAlias

from gridhedge.domain.errors import GridhedgeError, UsageError, VenueError
from gridhedge.replay.trial import Outcome, Task, run_task
from gridhedge.store.offspring import end_with_parent

Numbered: TypeAlias = tuple[int, Outcome]

_CONNECT_SECONDS = 10
_SILENT_SECONDS = 5
"""After so long without an outcome it is asked whether anybody is working."""
_SILENCES = 3


class Workers:
    """Works out tasks on an executor, or one after the other in this process where there is none."""

    def __init__(
        self,
        executor: Executor | None = None,
        lost: tuple[type[Exception], ...] = (BrokenExecutor,),
        someone: Callable[[], bool] = lambda: True,
    ) -> None:
        self._executor = executor
        self._lost = lost
        """What its futures raise when whoever worked on them is gone."""
        self._someone = someone
        """Whether there is anybody to work at all: an executor without workers waits for ever."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Numbered]:
        """The outcomes as they finish, with the numbers of their tasks.

        After Ctrl-C what is being replayed is still told, then KeyboardInterrupt goes on. Raises GridhedgeError where
        a worker died, UsageError where one reads other candles.
        """
        if self._executor is None:
            yield from ((number, run_task(task)) for number, task in enumerate(tasks))
            return
        try:
            yield from self._spread(self._executor, tasks)
        except self._lost as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise GridhedgeError(
                f"a worker (or the scheduler) was lost in the middle of a replay ({reason}), most often for want of "
                f"memory: give it more, or use fewer; the same command goes on"
            ) from error

    def _spread(self, executor: Executor, tasks: Sequence[Task]) -> Iterator[Numbered]:
        with _ctrl_c_is_ours():
            numbers = {executor.submit(run_task, task): number for number, task in enumerate(tasks)}
        waiting = set(numbers)
        is_interrupted = False
        try:
            while waiting:
                try:
                    done = self._done(waiting)
                    for future in done:
                        waiting.discard(future)
                        yield numbers[future], future.result()
                except KeyboardInterrupt:
                    if is_interrupted:
                        raise
                    is_interrupted = True
                    waiting = {future for future in waiting if not future.cancel()}
        finally:
            for future in waiting:
                future.cancel()
        if is_interrupted:
            raise KeyboardInterrupt

    def _done(self, waiting: set[Future[Outcome]]) -> set[Future[Outcome]]:
        """Those that have finished, at least one. Raises GridhedgeError where nobody works for a while."""
        silences = 0
        while True:
            done, _ = wait(waiting, _SILENT_SECONDS, FIRST_COMPLETED)
            if done:
                return done
            silences = 0 if self._someone() else silences + 1
            if silences == _SILENCES:
                raise GridhedgeError("the cluster has no workers; start some (dask worker); the same command goes on")


@contextmanager
def local_workers(jobs: int) -> Iterator[Workers]:
    """``jobs`` processes of this machine; one job is this process itself."""
    if jobs == 1:
        yield Workers()
        return
    # Not forked: this process may have threads, and NumPy's do not survive that.
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=processes, initializer=_begin) as pool:
        yield Workers(pool)


@contextmanager
def cluster_workers(scheduler: str) -> Iterator[Workers]:
    """The workers of a Dask cluster, whose scheduler listens at ``tcp://…``; they read the files under the same paths.

    Raises UsageError where ``distributed`` is not installed, VenueError where no scheduler answers.
    """
    try:
        from distributed import Client
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'gridhedge[cluster]'") from None
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise VenueError(
            f"--scheduler {scheduler}: no Dask scheduler answers ({reason}); start one: dask scheduler"
        ) from error
    with client:
        executor = client.get_executor(pure=False)
        lost = (BrokenExecutor, KilledWorker, CommClosedError, CancelledError)
        try:
            yield Workers(executor, lost, lambda: bool(client.scheduler_info()["workers"]))
        finally:
            executor.shutdown(wait=False)  # else it waits for what nobody works on any more


def _begin() -> None:
    """A process of the pool: Ctrl-C is its parent's to answer, and the end of the parent is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Processes that start in here never see Ctrl-C, not even before they can say so; ours waits for the end of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
