"""What DVC says and keeps: which stages are stale, whose work is in its cache already, and what is recorded in `dvc.lock`.

The one module that knows DVC from inside. It asks each stage what `dvc repro` asks it, in the same order, and does what `dvc repro` does
around the command: remove the old outputs, look in the run cache, hash, cache. What differs is when `dvc.lock` is written: once, at the
end or at an interruption. Work that was lost from the lock by a kill is still in the run cache, and is restored next time.
"""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dvc.exceptions import DvcException
from dvc.lock import make_lock
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.rwlock import RWLOCK_FILE, RWLOCK_LOCK
from dvc.stage.cache import RunCacheNotFoundError

from bot_core.errors import ConfigError, RetrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dvc.stage import Stage

_COMMAND = ["python", "-m"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of one model: what `dvc.yaml` runs for it, as `python -m MODULE ARGUMENTS`.

    `model` is empty for the stage of all, and the table's name for a stage that makes a table of events.
    """

    stage: Stage
    name: str
    model: str
    module: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Ledger:
    """The pipeline of a repository, while it is locked."""

    repo: Repo
    order: list[Stage] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)

    def waves(self, models: Sequence[str]) -> list[list[Step]]:
        """Plan as `dvc repro` would: the stages of these models and what they need, by stage; no wave needs a later one.

        Raises:
            ConfigError: a stage whose command is not a page, `python -m MODULE ARGUMENTS`.
        """
        wanted = [stage for stage in self.repo.index.stages if stage.name.partition("@")[2] in models]
        graph = get_active_graph(self.repo.index.graph)
        needed = set(plan_repro(graph, wanted))  # of fewer stages than half of all, DVC's order is chance
        self.order = [stage for stage in plan_repro(graph) if stage in needed]
        waves: dict[str, list[Step]] = {}
        for stage in self.order:
            step = _step(stage)
            waves.setdefault(step.name, []).append(step)
        return list(waves.values())

    def prepare(self, step: Step) -> Literal["current", "restored", "stale"]:
        """Ask whether a stage is up to date; if not, clear its outputs and take them from the run cache where it has them.

        Raises:
            RetrainingError: DVC cannot say, or a file it reads is missing.
        """
        with _in_words(step.stage.name):
            if not step.stage.changed():
                return "current"
            step.stage.remove_outs(ignore_remove=False, force=False)
            if not self._restored(step.stage):
                return "stale"
        self.record(step)
        return "restored"

    def record(self, step: Step) -> None:
        """Hash what a stage read and wrote, and put its outputs and the run into the cache.

        Raises:
            RetrainingError: a file that the stage reads or writes is missing, or the cache cannot be written.
        """
        with _in_words(step.stage.name):
            step.stage.save()
            step.stage.commit()
        self.recorded.add(step.stage.name)

    def _restored(self, stage: Stage) -> bool:
        try:
            self.repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            stage.save_deps()
            return False
        return True

    def write(self) -> None:
        """Write what was recorded into the `dvc.lock` of each pipeline, in the order in which `dvc repro` would have."""
        stages = [stage for stage in self.order if stage.name in self.recorded]
        for path in dict.fromkeys(stage.path for stage in stages):
            own = [stage for stage in stages if stage.path == path]
            own[0].dvcfile.dump_stages(own, update_pipeline=False)


@contextmanager
def opened(root: Path) -> Iterator[Ledger]:
    """Lock a repository's pipeline; what was recorded is written at the end, whatever ended it.

    Raises:
        RetrainingError: no DVC repository, another process holds it, or a pipeline that DVC cannot read.
    """
    with _in_words("dvc.yaml"):
        repo = Repo(str(root))
        with lock_repo(repo), repo.scm_context(quiet=True):
            _forget_torn_claims(repo)
            ledger = Ledger(repo)
            try:
                yield ledger
            finally:
                ledger.write()


def _forget_torn_claims(repo: Repo) -> None:
    """Remove DVC's list of who reads and writes what if a process was killed while it wrote the list; DVC would refuse ever after."""
    claims = Path(repo.tmp_dir) / RWLOCK_FILE
    with make_lock(str(claims.with_name(RWLOCK_LOCK)), tmp_dir=repo.tmp_dir):
        try:
            json.loads(claims.read_bytes() if claims.exists() else b"{}")
        except ValueError:
            claims.unlink()


@contextmanager
def _in_words(where: str) -> Iterator[None]:
    try:
        yield
    except DvcException as error:
        msg = f"{where}: expected DVC to go on, got: {' '.join(str(error).split())}"
        raise RetrainingError(msg, hint="dvc status") from error


def _step(stage: Stage) -> Step:
    words = shlex.split(stage.cmd)
    name, _, model = stage.name.partition("@")
    if words[:2] != _COMMAND or len(words) < len(_COMMAND) + 1:
        msg = f"dvc.yaml: {stage.name}: cmd: expected python -m MODULE ARGUMENTS, got {stage.cmd}"
        raise ConfigError(msg, hint="dvc repro runs any command; in one process only pages can be run")
    return Step(stage, name, model, words[2], tuple(words[3:]))
