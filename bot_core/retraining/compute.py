"""Where pages run: in this process, in processes beside it, or on a Dask cluster. The bytes are the same wherever.

Stages are wired by files, so whoever runs a page stands in the repository's folder. Before its first page every process is compared with
the one that sends the work: the folder, the code in it, the libraries and the pinned floating-point environment, as it is in force
and not as it is promised. One that differs is refused: what it computed might differ too.

Several pages at once leave each its share of the machine's threads. In one process pages take turns, for Hydra and the plotting library
know one user per process.
"""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING

from joblib import Parallel, cpu_count, delayed, parallel_config

from bot_core.ai.threads import at_most
from bot_core.config.models import DaskCompute
from bot_core.errors import BotCoreError, ConfigError, RetrainingError
from bot_core.retraining.footing import Footing, require_same
from bot_core.retraining.reproducing import INTERRUPTED, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot_core.config.models import ComputeConfig

    Boundary = Callable[..., int]

_TURN = Lock()


@dataclass(frozen=True, slots=True)
class Call:
    """A page to run, `python -m MODULE ARGUMENTS`; `key` names it to whoever asked."""

    key: str
    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A page that has ended: wall clock in seconds, and why it stopped if it did."""

    key: str
    seconds: float
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Job:
    """What every call of a session is sent with.

    Args:
        boundary: runs a function and returns its exit code, whatever happens in it (`bot_core.cli.boundary.outcome`).
        footing: what the process that runs a page must be like; None: nothing is asked of it.
    """

    boundary: Boundary
    footing: Footing | None


@dataclass(frozen=True, slots=True)
class Team:
    """Workers for one session: `size` at once; `threads`: what this machine may use in all.

    With `beside`, pages run outside this process even one at a time, as on a cluster; but joblib runs here what a cluster of one
    worker would.
    """

    size: int
    threads: int
    beside: bool

    def run(self, calls: Sequence[Call], job: Job) -> Iterator[Done]:
        """Run pages, in any order; they come back as they end.

        Raises:
            RetrainingError: a worker was refused or has died.
        """
        if not calls:
            return
        if not self.beside and 1 in {self.size, len(calls)}:
            yield from (run_page(call, job, self.threads) for call in calls)
            return
        threads = 1 if self.beside else max(1, self.threads // min(self.size, len(calls)))
        pool = Parallel(n_jobs=self.size, batch_size=1, return_as="generator_unordered")
        try:
            yield from pool(delayed(run_page)(call, job, threads) for call in calls)
        except BrokenProcessPool as error:
            msg = f"a worker process: expected it to end its page, got: {' '.join(str(error).split())}"
            raise RetrainingError(msg, hint="it may have run out of memory: try fewer workers, --workers 1") from error


@contextmanager
def team(compute: ComputeConfig, models: int) -> Iterator[Team]:
    """Gather workers for some models.

    Raises:
        ConfigError: Dask is not installed, or no cluster answers at its address.
    """
    if isinstance(compute, DaskCompute):
        with _cluster(compute.address) as size:
            yield Team(size, 1, beside=True)
    else:
        threads = cpu_count() if compute.workers < 0 else max(1, compute.workers)
        yield Team(min(threads, models), threads, beside=False)


@contextmanager
def _cluster(address: str) -> Iterator[int]:
    """Make a Dask cluster joblib's backend; return how many pages it takes at once."""
    try:
        from distributed import Client  # noqa: PLC0415  # an extra, and slow to load
    except ModuleNotFoundError as error:
        msg = "compute: backend: dask: expected the package distributed, got none"
        raise ConfigError(msg, hint="pip install 'bot-core[dask]'") from error
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        msg = f"compute: address: expected a Dask scheduler at {address}, got: {' '.join(str(error).split())}"
        raise ConfigError(msg, hint="start the cluster, or name it with --address") from error
    with client, parallel_config(backend="dask"):
        workers = sum(client.ncores().values())
        if not workers:
            msg = f"compute: address: expected workers at {address}, got none"
            raise ConfigError(msg, hint=f"python -m pipelines.dask_worker {address} --nthreads 1")
        yield workers


def run_page(call: Call, job: Job, threads: int) -> Done:
    """Run one page here, with so many threads for its windows.

    Raises:
        RetrainingError: this process is not like the one that asks.
        KeyboardInterrupt: it was interrupted.
    """
    with _TURN, at_most(threads):
        if job.footing is not None:
            require_same(job.footing)
        failures: list[Failure] = []
        started = time.perf_counter()
        code = job.boundary(_attempt, call, failures)
        seconds = time.perf_counter() - started
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code and not failures:
        sentence = f"python -m {' '.join((call.module, *call.arguments))}: an unforeseen fault"
        failures.append(
            Failure(code="FAULT", message=sentence, hint="a fault of bot-core itself; the details are in logs/fault.log")
        )
    return Done(call.key, seconds, failures[0] if failures else None)


def _attempt(call: Call, failures: list[Failure]) -> int:
    try:
        import_module(call.module).main(*call.arguments)
    except BotCoreError as error:
        failures.append(Failure.of(error))
        return error.exit_code
    return 0
