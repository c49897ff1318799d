"""`bot-core performance MODEL`: how a model does where it decides, against what its evidence let expect. It reads, and changes nothing."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core.cli.drift import plain
from bot_core.cli.reconcile import add_settings, settings_of
from bot_core.cli.run import named_files
from bot_core.cli.show import say
from bot_core.decision.ports import utc_now
from bot_core.errors import ConfigError
from bot_core.governance.state import StateFolder
from bot_core.reporting.numerals import figure, p_value, percent
from bot_core.reporting.table import Row, Table, figures, words
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.following import PerformanceFollower
from bot_core.runtime.service import feeds_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.documents.degradation import Block, DegradationReport
    from bot_core.runtime.following import Followed

EPILOG = """\
  bot-core performance decision_engine                         on this machine, by its settings
  bot-core performance eurusd_range --bars eurusd=/var/feed/eurusd.csv --last 12

what `bot-core run` watches beside its decisions, computed again from the journal and the bars: for each decided bar whose label is known
the model's loss and that of the naive prediction in its walk-forward report. Worse than the first bound: retraining is asked for. Worse
than the second: the rules decide until the report is answered. Exit 0 whatever it says; scripts read --format json.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare whose performance, and from which files."""
    parser.add_argument("model", help="a model that decides here")
    parser.add_argument(
        "--bars", action="append", default=[], metavar="INSTRUMENT=FILE", help="the files that bot-core run was given"
    )
    parser.add_argument("--last", type=int, default=6, metavar="N", help="show the newest N blocks (default: 6)")
    add_settings(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print how the model does."""
    settings = settings_of(arguments)
    one = _followed(settings, arguments.model, named_files(arguments.bars))
    report = one.judge.report(one.judge.reason(utc_now()))
    say(arguments, msgspec.to_builtins(report), _lines(report, arguments.last))
    return 0


def _followed(settings: RuntimeSettings, model: str, files: dict[str, str]) -> Followed:
    """Read journal and bars; the release that decides, or that would."""
    plans = ActivePlans(StateFolder(Path(settings.state)), max_age=dt.timedelta(days=settings.max_model_age_days))
    state = plans.current()
    plan = state.plans.get(model) or next((spare for spare in state.spare if spare.record.model == model), None)
    if plan is None:
        known = ", ".join(sorted({*state.plans, *(spare.record.model for spare in state.spare)}))
        msg = f"{settings.state}: expected one of {known or 'no model, for none was ever in force'}; got {model}"
        raise ConfigError(msg, hint="bot-core reconcile --once shows what is in force")
    feeds = feeds_of(plans, files, Path())
    follower = PerformanceFollower(
        plans, Path(settings.journal), feeds, environment=settings.environment, enforce=settings.enforce_monitoring
    )
    with closing(follower):
        follower.read()
    release = (model, plan.record.version)
    if release in follower.unwatched:
        raise follower.unwatched[release]
    return follower.followed[release]


def _lines(report: DegradationReport, last: int) -> Iterator[str]:
    expected = report.expected
    yield f"{report.model} {report.version} in {report.environment}: {report.status}, {report.reason}"
    worst = f"worst of {expected.windows} windows {figure(expected.worst_window)}"
    yield f"expected: {expected.loss} loss {figure(expected.ratio)} of {expected.baseline}'s, {worst}"
    if report.ratio is None:
        yield f"live: no block of {report.block} rows yet"
        return
    word = "worse" if (report.excess or 0.0) > 0.0 else "better"
    excess = "" if report.excess is None else f", {percent(abs(report.excess))} {word} than expected"
    yield f"live: {figure(report.ratio)} since {report.since}{excess}; {report.window.rows} rows in all, to {report.window.last}"
    for table in (_bounds(report), _blocks(report, last)):
        yield ""
        yield table.caption
        yield from plain(table)


def _bounds(report: DegradationReport) -> Table:
    rows = tuple(
        Row((one.name, percent(one.excess), figure(one.ratio), p_value(one.p_value), one.crossed or "no")) for one in report.bounds
    )
    columns = (*words("bound"), *figures("worse by", "from ratio", "p-value"), *words("crossed"))
    return Table(f"bounds, crossed where the p-value falls to {report.false_alarm_rate:g}", columns, rows)


def _blocks(report: DegradationReport, last: int) -> Table:
    shown = report.blocks[-last:] if last > 0 else []
    rows = tuple(Row((one.first, one.last, *map(figure, _figures(one)))) for one in shown)
    columns = (*words("first", "last"), *figures("model", "naive", "ratio"))
    return Table(f"blocks of {report.block} rows, the newest of {len(report.blocks)}", columns, rows)


def _figures(one: Block) -> tuple[float, float, float | None]:
    return one.model_loss, one.baseline_loss, one.model_loss / one.baseline_loss if one.baseline_loss > 0.0 else None
