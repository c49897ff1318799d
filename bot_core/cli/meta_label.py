"""`bot-core meta-label DATASET | train DATASET | events MODEL`: which signals of a model are worth acting on."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins
from rich.console import Console
from rich.progress import track

from bot_core._digest import sha256
from bot_core._parse import convert, encode_json
from bot_core.cli import meta_events
from bot_core.cli.show import say
from bot_core.config.tracking import TrackingConfig, load_tracking
from bot_core.documents.meta_label import MetaLabelSettings
from bot_core.documents.tracking import Origin, TrackedFile, TrackedRun, finite, run_id
from bot_core.errors import ConfigError
from bot_core.metalabel.leak_check import choose_features, refuse_leaks
from bot_core.metalabel.models import NAMES
from bot_core.metalabel.provenance import provenance
from bot_core.metalabel.report import report
from bot_core.metalabel.table import read_table
from bot_core.metalabel.training import train_meta_label
from bot_core.metalabel.wording import lines
from bot_core.metalabel.writing import outputs, write, written
from bot_core.tracking.recording import record, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from bot_core.documents.meta_label import MetaLabelReport
    from bot_core.metalabel.folds import Fold
    from bot_core.metalabel.provenance import Provenance
    from bot_core.metalabel.writing import Outputs

EPILOG = """\
  bot-core meta-label events decision_engine --output data/events.parquet
  bot-core meta-label data/events.parquet --model rf --cv-folds 5 --purge-gap 10

the first builds a table of a model's signals, the second learns which of them are worth acting on; `train` may stand before the table.
Five folds asked are five folds given: the first block of rows only teaches. Rows whose label reaches into a test block are never
trained on, --purge-gap takes out as many more, --embargo keeps time free beside that. A feature that gives the label away is refused by
its name. Left behind: the model (.model.json), the pickle that --output names and nothing here reads, and the report (.json).
Trackers never stop a training: what cannot be told now, bot-core tracking backfill tells later.
"""
VERBS = ("train", "events")


def spelled(given: list[str]) -> list[str]:
    """Put the verb `train` where none stands, so that a table may come first.

    >>> spelled(["data/events.parquet", "--model", "rf"])
    ['train', 'data/events.parquet', '--model', 'rf']
    """
    place = 2 if given[:1] == ["--format"] else 0
    known = given[place : place + 1] in [[word] for word in (*VERBS, "-h", "--help")]
    return given if known else [*given[:place], "train", *given[place:]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="train|events", required=True)
    _add_train(verbs.add_parser("train", help="learn from a table of events (the verb may be left out)"))
    meta_events.add_arguments(verbs.add_parser("events", help="build the table from a model of the roster"))


def run(arguments: argparse.Namespace) -> int:
    """Train, or build the table."""
    return meta_events.run(arguments) if arguments.verb == "events" else _train(arguments)


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("dataset", type=Path, metavar="DATASET", help="a table of events, .parquet or .csv")
    add("--model", choices=NAMES, default="rf", help="random forest (default), boosted trees, logistic regression, XGBoost")
    add("--cv-folds", type=int, default=5, metavar="N", help="test blocks (default: 5)")
    add("--purge-gap", type=int, default=5, metavar="ROWS", help="rows taken out before a block beyond the purge (default: 5)")
    add("--embargo", default="0s", metavar="TIME", help="time kept free before a block: 90m, 6h, 5d (default: 0s)")
    add("--label-column", default="meta_label", metavar="NAME", help="zeros and ones (default: meta_label)")
    add("--time-column", default="event_end", metavar="NAME", help="when the label was known (default: event_end)")
    add("--start-column", metavar="NAME", help="when the event happened (default: event_start or time, where there is one)")
    add("--payoff-column", metavar="NAME", help="what acting paid, in bps (default: payoff, where there is one)")
    add("--feature-cols", nargs="+", metavar="NAME", help="the features (default: every other column of numbers)")
    add("--drop-cols", nargs="+", default=[], metavar="NAME", help="columns that are no features")
    add("--round-trip-cost-bps", type=float, default=0.0, metavar="BPS", help="costs that the payoffs do not hold yet (default: 0)")
    add("--most-auc", type=float, default=0.7, metavar="AUC", help="from this on one feature alone is a leak (default: 0.7)")
    add("--seed", type=int, default=42, help="of what is drawn (default: 42)")
    add("--output", type=Path, default=Path("artifacts/meta_model.pkl"), metavar="FILE", help="(default: artifacts/meta_model.pkl)")
    add("--summary", type=Path, metavar="FILE", help="the report (default: --output with .json)")
    add("--mlflow-uri", metavar="URL", help="tell this MLflow server (default: what conf/tracking says)")
    add("--mlflow-experiment", default="meta-labeling", metavar="NAME", help="(default: meta-labeling)")
    add("--wandb-project", metavar="NAME", help="tell this project of Weights & Biases")
    add("--wandb-entity", metavar="NAME", help="whose project it is")
    add("--run-name", metavar="NAME", help="the run's name in trackers")


def _train(arguments: argparse.Namespace) -> int:
    began = dt.datetime.now(dt.UTC)
    settings, tracking, to = _settings(arguments), _tracking(arguments), outputs(arguments.output, arguments.summary)
    table = read_table(
        arguments.dataset,
        label=arguments.label_column,
        end=arguments.time_column,
        start=arguments.start_column,
        payoff=arguments.payoff_column,
    )
    features = choose_features(table, arguments.feature_cols, arguments.drop_cols)
    refuse_leaks(table, features, settings.most_auc)
    trained, where = train_meta_label(table, features, settings, _progress), provenance(Path())
    found = report(trained, table, settings, where, written(trained.model, to), dt.datetime.now(dt.UTC))
    write(trained.model, found, to)
    delivery = record(_tracked(found, where, to, began, arguments), tracking, Path())
    for line in words(delivery):
        print(line, file=sys.stderr)
    say(arguments, {**to_builtins(found), "tracking": to_builtins(delivery)}, [*lines(found), f"report: {to.report}"])
    return 0


def _progress(folds: Iterable[Fold]) -> Iterable[Fold]:
    """Show folds as they are worked on, where somebody looks."""
    console = Console(stderr=True)
    return track(folds, "folds", console=console, transient=True, disable=not console.is_terminal)


def _settings(arguments: argparse.Namespace) -> MetaLabelSettings:
    plain = {name: getattr(arguments, name) for name in MetaLabelSettings.__struct_fields__}
    return convert(plain, MetaLabelSettings, "meta-label", error=ConfigError)


def _tracking(arguments: argparse.Namespace) -> TrackingConfig:
    """Return who is told: those named here, else those of conf/tracking, else nobody."""
    given: dict[str, object] = {}
    if arguments.mlflow_uri:
        given["mlflow"] = {"tracker": "mlflow", "uri": arguments.mlflow_uri, "experiment": arguments.mlflow_experiment}
    if arguments.wandb_project:
        given["wandb"] = {"tracker": "wandb", "project": arguments.wandb_project, "entity": arguments.wandb_entity}
    if given or not Path("conf/config.yaml").is_file():
        return convert(given, TrackingConfig, "meta-label", error=ConfigError)
    return load_tracking(Path())


def _tracked(
    found: MetaLabelReport, where: Provenance, to: Outputs, began: dt.datetime, arguments: argparse.Namespace
) -> TrackedRun:
    """Say of a training what a tracker is told."""
    config = sha256(encode_json(found.settings))
    name = arguments.run_name or f"meta_label-{found.model}-{found.artifact.digest[7:15]}"
    return TrackedRun(
        id=run_id("meta_label", found.artifact.digest, found.table.digest, config, name),
        name=name,
        experiment=arguments.mlflow_experiment,
        model="meta_label",
        started=_second(began),
        ended=_second(found.created_at),
        origin=Origin(
            commit=where.commit, clean=where.clean, data=found.table.digest, config=config, environment=found.environment
        ),
        params={**{key: str(value) for key, value in to_builtins(found.settings).items()}, "dataset": found.table.path},
        metrics=finite(_metrics(found)),
        tags={"status": found.status, "label_column": found.table.label_column, "time_column": found.table.time_column},
        files=[TrackedFile(path=str(path), digest=_file_digest(path)) for path in (to.model, to.report)],
    )


def _second(moment: dt.datetime) -> dt.datetime:
    return moment.replace(microsecond=0)


def _file_digest(path: Path) -> str:
    return sha256(path.read_bytes())


def _metrics(found: MetaLabelReport) -> dict[str, float | None]:
    """Name the figures: means and spreads over the folds, each fold's own, and what was earned."""
    figures: dict[str, float | None] = {name: spread.mean for name, spread in found.metrics.items()}
    figures |= {f"{name}/stdev": spread.stdev for name, spread in found.metrics.items()}
    for fold in found.folds:
        scores = fold.scores
        figures |= {f"fold/{fold.index + 1}/{name}": getattr(scores, name) for name in scores.__struct_fields__}
    if found.verdict.pnl is not None:
        figures |= {"acting_bps": found.verdict.pnl.acting_bps, "every_signal_bps": found.verdict.pnl.every_signal_bps}
    return figures
