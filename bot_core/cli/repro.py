"""`bot-core repro`: `dvc repro` in one process, for the whole roster or some of it, here or on a cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core._parse import read_json
from bot_core.cli.show import say
from bot_core.config.compute import load_compute
from bot_core.documents.artifact import TrainedModel
from bot_core.retraining.reproducing import reproduce
from bot_core.tracking.builds import record_built

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.retraining.reproducing import ModelReproduced, Reproduced

CONF = Path("conf/compute")

EPILOG = """\
  bot-core repro                                   every model of the roster, several at once where there are several cores
  bot-core repro eurusd_range --workers 1          one model, one thread
  bot-core repro --compute dask --address tcp://scheduler:8786

brings build/ and dvc.lock to the same bytes as dvc repro --keep-going, and skips what it skips; libraries are loaded once, not once per
stage. Where it runs changes no result: conf/compute/ says where, the options override it here and nothing that is recorded.
Each model is recorded, and the trackers of conf/tracking/ are told of it (bot-core tracking --help); none of them stops anything.
What the stages say goes to standard error. A model that stops does not stop the others; the exit code is that of the worst.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the models and where they run."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="names in params.yaml (default: all)")
    parser.add_argument("--compute", choices=("local", "dask"), default="local", help="a file of conf/compute/ (default: local)")
    parser.add_argument("--workers", type=int, metavar="N", help="models at once; -1: one per core (default: what the file says)")
    parser.add_argument("--address", help="of the Dask scheduler (default: what the file says)")


def run(arguments: argparse.Namespace) -> int:
    """Reproduce, and say what became of each model."""
    compute = load_compute(CONF / f"{arguments.compute}.yaml", workers=arguments.workers, address=arguments.address)
    done = reproduce(Path(), arguments.models, compute=compute)
    for recorded in record_built(Path(), [found.model for found in done.models if found.failure is None]):
        for line in recorded.words():
            print(line, file=sys.stderr)
    figures = {found.model: _figure(found) for found in done.models}
    facts = [{**to_builtins(found), "test": figures[found.model]} for found in done.models]
    say(arguments, {"models": facts}, _lines(done, figures))
    return done.exit_code


def _figure(found: ModelReproduced) -> str | None:
    """Return a model's mean absolute error on its test rows with its unit; None where it stopped."""
    if found.failure:
        return None
    trained = read_json(Path("build", found.model, "model.json"), TrainedModel)
    return f"{trained.metrics.test.mae:.4g} {trained.metadata.unit}"


def _lines(done: Reproduced, figures: dict[str, str | None]) -> Iterator[str]:
    rows = [("model", "seconds", "test MAE", "stages run")]
    rows += [(m.model, f"{m.seconds:.1f}", figures[m.model] or "stopped", _stages(m)) for m in done.models]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    yield from (f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:{widths[2]}}  {d}" for a, b, c, d in rows)
    for found in done.models:
        if found.failure:
            yield f"{found.model} stopped at {found.stopped_at}: error[{found.failure.code}]: {found.failure.message}"
            if found.failure.hint:
                yield f"  → {found.failure.hint}"


def _stages(found: ModelReproduced) -> str:
    parts = [" ".join(found.ran), f"from the cache: {' '.join(found.restored)}" if found.restored else ""]
    return "; ".join(filter(None, parts)) or ("" if found.failure else "none, it is up to date")
