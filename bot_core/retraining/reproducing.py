"""Bring some models up to date in one process, as `dvc repro` would: the same skips, the same bytes, the same `dvc.lock`.

`dvc repro` starts a process for every stage of every model, and writes the whole `dvc.lock` after each. Here all stages of all models
run in one process that has loaded its libraries once (or in a few of them), and the lock is written once. It is a process of its own,
for it must stand in the folder it works on, run the code that lies there, and have the pinned environment before numpy loads; this
module starts it, and reads what it says, a line per stage. A model that stops does not stop the others.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Literal

import msgspec

from bot_core._parse import encode_json
from bot_core.config.load import load_roster
from bot_core.config.models import ComputeConfig, LocalCompute
from bot_core.documents.document import Part
from bot_core.errors import ConfigError, RetrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot_core.errors import BotCoreError

    Watch = Callable[["StageRun"], object]

How = Literal["ran", "restored", "failed"]

PAGE = "pipelines"
INTERRUPTED = 130


class Failure(Part, frozen=True, kw_only=True, tag_field="kind", tag="failure"):
    """Why something stopped: the error's code, sentence, hint and exit code."""

    code: str
    message: str
    hint: str = ""
    exit_code: int = 1

    @classmethod
    def of(cls, error: BotCoreError) -> Failure:
        """Keep what an error says."""
        return cls(code=error.code, message=error.message, hint=error.hint, exit_code=error.exit_code)


class StageRun(Part, frozen=True, kw_only=True, tag_field="kind", tag="stage"):
    """One stage that was not up to date. `model` is empty for the stage of all models, `code`; `seconds`: wall clock of its page.

    `restored`: another run had done the same work, and its outputs came from DVC's cache.
    """

    model: str
    stage: str
    how: How
    seconds: float = 0.0
    failure: Failure | None = None


class Request(Part, frozen=True, kw_only=True):
    """What the process is asked for, on its standard input."""

    models: list[str]
    compute: ComputeConfig


class ModelReproduced(Part, frozen=True, kw_only=True):
    """What became of one model; `seconds`: wall clock of its stages, added; nothing run and nothing restored: it was up to date."""

    model: str
    ran: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    seconds: float = 0.0
    stopped_at: str | None = None
    failure: Failure | None = None


class Reproduced(Part, frozen=True, kw_only=True):
    """What became of all models, in the order asked; of the stage `code` if it stopped, every model says so.

    After them whatever else stopped that they need: a model that makes events for one of them, or the table of events.
    """

    models: list[ModelReproduced]

    @property
    def exit_code(self) -> int:
        """The highest exit code of what stopped; 0: nothing did."""
        return max((found.failure.exit_code for found in self.models if found.failure), default=0)


def silent(_: StageRun) -> None:
    """Show nothing."""


def reproduce(root: Path, models: Sequence[str] = (), *, compute: ComputeConfig | None = None, watch: Watch = silent) -> Reproduced:
    """Bring models up to date and record it in `dvc.lock`.

    Args:
        root: the repository or work tree to work on.
        models: of its roster; none: all of them.
        compute: where models run; by default one after another in the one process.
        watch: is told of every stage as it ends. What the stages print goes to standard error.

    Raises:
        ConfigError: a model that is not in the roster.
        RetrainingError: the whole could not go on: DVC cannot read the pipeline, a worker was refused, the process was killed. What
            was finished is kept, and the next call goes on from there.
    """
    chosen = _chosen(root, models)
    runs: list[StageRun] = []
    for run in _run(root, Request(models=chosen, compute=compute or LocalCompute(workers=1))):
        watch(run)
        runs.append(run)
    needed = {run.model: None for run in runs if run.failure and run.model not in {"", *chosen}}
    return Reproduced(models=[_sum(model, runs) for model in (*chosen, *needed)])


def _chosen(root: Path, models: Sequence[str]) -> list[str]:
    roster = load_roster(root / "params.yaml")
    unknown = [model for model in models if model not in roster]
    if unknown:
        msg = f"{root / 'params.yaml'}: models: expected models among {', '.join(roster)}; got {', '.join(unknown)}"
        raise ConfigError(msg, hint="add the model to the roster")
    return list(dict.fromkeys(models)) or list(roster)


def _run(root: Path, request: Request) -> Iterator[StageRun]:
    command = [sys.executable, "-m", PAGE]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603  # our own page
        try:
            yield from _read(process, request)
        except KeyboardInterrupt:  # the process was told too: it records what is finished
            process.wait()
            raise
    if process.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if process.returncode != 0:
        msg = f"{root}: python -m {PAGE}: expected it to reach its end, got exit code {process.returncode}"
        raise RetrainingError(msg, hint="what it said stands above; what was finished is kept: run it again to go on")


def _read(process: subprocess.Popen[bytes], request: Request) -> Iterator[StageRun]:
    if process.stdin is None or process.stdout is None:  # they are pipes
        return
    process.stdin.write(encode_json(request))
    process.stdin.close()
    lines = msgspec.json.Decoder(StageRun | Failure)
    for line in process.stdout:
        said = lines.decode(line)
        if isinstance(said, Failure):
            process.wait()
            raise RetrainingError(said.message, hint=said.hint)
        yield said


def _sum(model: str, runs: Sequence[StageRun]) -> ModelReproduced:
    """Add up what was done for one model; what stopped the stage of all models stopped this one."""
    own = [run for run in runs if run.model == model]
    stopped = next((run for run in runs if run.model in {model, ""} and run.failure), None)
    return ModelReproduced(
        model=model,
        ran=tuple(run.stage for run in own if run.how == "ran"),
        restored=tuple(run.stage for run in own if run.how == "restored"),
        seconds=sum(run.seconds for run in own),
        stopped_at=stopped.stage if stopped else None,
        failure=stopped.failure if stopped else None,
    )
