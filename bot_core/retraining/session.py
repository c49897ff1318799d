"""The process in which models are brought up to date: `python -m pipelines`, started by `bot_core.retraining.reproducing`.

Stage by stage, all models of a stage together, as `dvc repro` orders them: a stage's outputs are hashed before the next stage is asked
whether it is stale, so what comes out unchanged is not done again. A model that stops leaves the later stages; so does every
model when the stage of all, `code`, stops.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from bot_core._parse import decode_json
from bot_core.errors import BotCoreError, RetrainingError
from bot_core.retraining.compute import Call, Job, Team, team
from bot_core.retraining.footing import footing
from bot_core.retraining.reproducing import PAGE, Failure, Request, StageRun
from bot_core.retraining.tracking import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot_core.retraining.compute import Boundary, Done
    from bot_core.retraining.reproducing import How
    from bot_core.retraining.tracking import Ledger, Step


def main(boundary: Boundary) -> int:
    """Read a request from standard input, do it, and say a line of JSON per stage on standard output.

    Pages print there too: while they run, standard output is standard error.

    Args:
        boundary: runs a function and returns its exit code, whatever happens in it.
    """
    request = decode_json(sys.stdin.buffer.read(), Request, "standard input")
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as lines:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        sys.stdout = sys.stderr
        try:
            reproduce(request, boundary, lambda run: _say(lines, run))
        except BotCoreError as error:
            _say(lines, Failure.of(error))
            return error.exit_code
    return 0


def reproduce(request: Request, boundary: Boundary, tell: Callable[[StageRun], None]) -> None:
    """Bring the models of a request up to date in the working directory.

    Raises:
        BotCoreError: the whole cannot go on; what was finished is recorded.
    """
    with opened(Path.cwd()) as ledger, team(request.compute, len(request.models)) as workers:
        session = Session(ledger, workers, boundary, tell)
        for wave in ledger.waves(request.models):
            session.run(wave)


@dataclass(slots=True)
class Session:
    """What goes through all waves."""

    ledger: Ledger
    workers: Team
    boundary: Boundary
    tell: Callable[[StageRun], None]
    stopped: set[str] = field(default_factory=set)

    def run(self, wave: Sequence[Step]) -> None:
        """Bring one stage up to date for every model that got so far."""
        steps = {step.stage.name: step for step in wave if not {step.model, ""} & self.stopped}
        stale = {key: step for key, step in steps.items() if self._is_stale(step)}
        for done in self._pages(list(stale.values())):
            self._finish(stale[done.key], done)

    def _is_stale(self, step: Step) -> bool:
        try:
            how = self.ledger.prepare(step)
        except RetrainingError as error:
            self._end(step, "failed", failure=Failure.of(error))
            return False
        if how == "restored":
            self._end(step, "restored")
        return how == "stale"

    def _pages(self, steps: Sequence[Step]) -> Iterator[Done]:
        """Run pages; the stage of all models here, for it says what code the workers must have."""
        calls = [Call(step.stage.name, step.module, step.arguments) for step in steps]
        if any(not step.model for step in steps):
            return Team(1, 1, beside=False).run(calls, Job(self.boundary, None))
        pinned = tuple(import_module(PAGE).PINNED)
        return self.workers.run(calls, Job(self.boundary, footing(pinned)))

    def _finish(self, step: Step, done: Done) -> None:
        failure = done.failure
        if failure is None:
            try:
                self.ledger.record(step)
            except RetrainingError as error:
                failure = Failure.of(error)
        self._end(step, "failed" if failure else "ran", done.seconds, failure)

    def _end(self, step: Step, how: How, seconds: float = 0.0, failure: Failure | None = None) -> None:
        if failure:
            self.stopped.add(step.model)
        self.tell(StageRun(model=step.model, stage=step.name, how=how, seconds=seconds, failure=failure))


def _say(lines: TextIO, what: StageRun | Failure) -> None:
    lines.write(msgspec.json.encode(what).decode() + "\n")
    lines.flush()
