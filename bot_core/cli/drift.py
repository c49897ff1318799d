"""`bot-core drift`: the drift alert tried on a model's own history, and what is done about a report of drift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import read_json
from bot_core.cli import drift_answers as answers
from bot_core.cli.show import say
from bot_core.documents.artifact import TrainedModel
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from bot_core.ai.drift_backtest import Plan
    from bot_core.config.models import DriftConfig
    from bot_core.documents.drift import DriftBacktest
    from bot_core.reporting.table import Table

EPILOG = """\
  bot-core drift backtest MODEL                  false alarms, and how soon a planted shift is seen
  bot-core drift backtest MODEL --shift 0.25     … of a size of your own, in standard deviations of the training rows
  bot-core drift backtest MODEL --step 10        … looked at every ten rows
  bot-core drift backtest MODEL --shuffles 20    … with more histories in which nothing drifts

  bot-core drift explain REPORT                  what a report says, beside the model's evidence
  bot-core drift confirm REPORT --reason "…" --ticket OPS-17           it is so: the model's training is due
  bot-core drift dismiss REPORT --reason "…" --ticket OPS-17 --role risk --signer ann --key ~/.ssh/ann       it is not: signed

backtest reads build/MODEL/ and writes nothing; with the defaults it prints what `dvc repro` put into build/MODEL/drift.json.
A REPORT is a file of state/drift_reports/ or audit/ai_decision/drift/; dismiss needs the archived one committed. Answers are journalled.
Exit 0 whatever is found.
"""
READING = """\
How to read it
  Planted        a shift in the rows after training, at {places} places, awaited for {horizon} rows with a look every {step}.
  Seen, delay    of a shift in one feature. An alert counts if it says more than the same window without the shift does;
                 > {horizon}: too few trials were seen in time for that figure.
  All            every feature shifted at once: rows within which nine in ten trials gave an alert, and a critical one.
  Replayed       without a shift. After training some alerts are real drift; in the training rows, and in rows dealt anew, none is.
  Apart          windows that share no row. The others overlap: the figures are rougher than their number suggests.
  Named, missed  what is named although nothing drifts cries wolf; what is missed can shift unseen.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="backtest | explain | confirm | dismiss", required=True)
    answers.add_explain(verbs.add_parser("explain", help="what a report says, and what the model's evidence says beside it"))
    answers.add_confirm(verbs.add_parser("confirm", help="it is so: make the model's training due"))
    answers.add_dismiss(verbs.add_parser("dismiss", help="it is no cause for action: sign that, with reason and ticket"))
    _add_backtest(verbs)


def _add_backtest(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    replay = verbs.add_parser("backtest", help="replay the alert over history, as it came and with planted shifts")
    replay.add_argument("model", help="a model of the roster, built")
    replay.add_argument(
        "--shift", type=float, action="append", metavar="SIZE", help="a shift of the mean, in standard deviations; may be repeated"
    )
    replay.add_argument("--step", type=int, metavar="N", help="rows from look to look (default: a quarter of the window)")
    replay.add_argument("--shuffles", type=int, default=2, metavar="N", help="histories dealt anew (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    verbs = {"backtest": _backtest, "explain": answers.run_explain, "confirm": answers.run_confirm, "dismiss": answers.run_dismiss}
    return verbs[arguments.verb](arguments)


def _backtest(arguments: argparse.Namespace) -> int:
    """Replay and print."""
    from bot_core.ai.drift_backtest import backtest, divide  # noqa: PLC0415  # numpy only when it is needed
    from bot_core.config.load import load_config  # noqa: PLC0415
    from bot_core.features.dataset import FeatureDataset  # noqa: PLC0415

    build = Path("build", arguments.model)
    config = load_config(build / "config.json").monitoring.drift
    train = read_json(build / "model.json", TrainedModel).metadata.train
    learned_from, later = divide(FeatureDataset.read(build / "features.parquet"), train)
    found = backtest(learned_from, later, config, _plan(arguments, config), _progress)
    say(arguments, {"model": arguments.model, **msgspec.to_builtins(found)}, _lines(arguments.model, found))
    return 0


def _plan(arguments: argparse.Namespace, config: DriftConfig) -> Plan:
    from bot_core.ai.drift_backtest import Plan  # noqa: PLC0415
    from bot_core.ai.drift_shifts import MEANS, shifts  # noqa: PLC0415

    if arguments.step is not None:
        _require(1 <= arguments.step <= config.window, "--step", f"1 to {config.window} rows, the window's length", arguments.step)
    _require(arguments.shuffles >= 1, "--shuffles", "1 or more", arguments.shuffles)
    means = tuple(dict.fromkeys(arguments.shift or MEANS))
    for size in means:
        _require(0.0 < abs(size) < float("inf"), "--shift", "a finite number of standard deviations, not 0", size)
    return Plan(shifts=shifts(means), step=arguments.step, shuffles=arguments.shuffles)


def _require(holds: bool, name: str, expected: str, got: float) -> None:  # noqa: FBT001  # the condition, read aloud
    if not holds:
        msg = f"{name}: expected {expected}; got {got}"
        raise ConfigError(msg, hint="bot-core drift backtest --help")


def _progress(what: str, numbers: Sequence[int]) -> Iterable[int]:
    """Show how far it is; on a terminal only, beside the output, and gone when done."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import track  # noqa: PLC0415

    return track(numbers, description=what, console=Console(stderr=True), transient=True)


def _lines(model: str, found: DriftBacktest) -> Iterator[str]:
    from bot_core.reporting.backtest_tables import alarms_table, shifts_table  # noqa: PLC0415

    yield f"{model}: windows of {found.window} rows, a look every {found.step}, seed {found.seed}"
    for table in (shifts_table(found), alarms_table(found)):
        yield ""
        yield table.caption
        yield from plain(table)
    yield ""
    yield READING.format(places=found.places, horizon=found.horizon, step=found.step).rstrip()


def plain(table: Table) -> Iterator[str]:
    """Lay a table out in columns of text, figures to the right."""
    cells = [[column.name for column in table.columns], *(list(row.cells) for row in table.rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    for row in cells:
        aligned = [
            cell.rjust(width) if column.kind == "figures" else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ]
        yield "  " + "  ".join(aligned).rstrip()
