"""`bot-core smoke`: would what is in force here accept anything? The real model, its own limits, no order, no record."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from bot_core._parse import encode_json, read_bytes, write_bytes
from bot_core.cli.drift import plain
from bot_core.cli.show import say
from bot_core.config.runtime import SETTINGS, load_settings
from bot_core.decision.ports import utc_now
from bot_core.decision.smoke import Mode, Setting, Source, Sources, asked_of, smoke
from bot_core.errors import AuditError, ConfigError
from bot_core.governance import layout, writing
from bot_core.governance.state import StateFolder
from bot_core.reporting.numerals import figure, percent
from bot_core.reporting.table import Column, Row, Table, figures, words
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.smoke import judges_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.decision.smoke import Asked, SmokeEvaluation, SmokeReport
    from bot_core.runtime.active import InForce

EPILOG = """\
  bot-core smoke --mode paper                            the candidates of data/decision_engine/paper/
  bot-core smoke --mode live --risk-snapshot risk.json --candidates candidates.json --tco-report tco.json --output smoke.json
  bot-core smoke --mode paper --output smoke.json --key ~/.ssh/id_ed25519       and sign the whole file, smoke.json.sig
  ssh-keygen -Y check-novalidate -n report@bot-core -s smoke.json.sig < smoke.json

asks the models in force on this machine (bot-core reconcile) for real scores, within their own limits. It decides nothing: no order, no
line in the journal. Costs are those of the report; live input is not looked at, nor what its monitor says (bot-core status).
live: every file is named, and a snapshot says when it was taken, at most a minute ago. paper: a file that is not named is the shipped one,
and a snapshot without a time is of now. Maintenance stops no test.
Exit codes: 0 something was accepted, or --allow-empty; 20 nothing was, a model gave no score, or none is in force; 2 a file is not what it
has to be.
"""
PAPER = Path("data/decision_engine/paper")
REFUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is asked, and where the answer goes."""
    parser.add_argument("--mode", choices=get_args(Mode), required=True, help="live: today's account; paper: a made-up one")
    parser.add_argument("--risk-snapshot", type=Path, metavar="FILE", help="risk profile → account, JSON")
    parser.add_argument("--candidates", type=Path, metavar="FILE", help="a list of candidates with their features, JSON")
    parser.add_argument("--tco-report", type=Path, metavar="FILE", help="costs by strategy and risk profile, JSON")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the report goes, JSON (default: nowhere)")
    parser.add_argument(
        "--key", type=Path, help="a private key, or with an agent or a hardware key the public one: sign the report"
    )
    parser.add_argument("--model", help="judges all candidates (default: the model that each one's strategy names)")
    parser.add_argument("--allow-empty", action="store_true", help="pass although nothing is accepted; scores there must be")
    parser.add_argument("--settings", type=Path, default=SETTINGS, help=f"a file of conf/runtime/ (default: {SETTINGS})")
    parser.add_argument("--state", metavar="DIR", help="another state folder than the settings'; in mode paper only")


def run(arguments: argparse.Namespace) -> int:
    """Ask, show, keep."""
    paths = _paths(arguments)
    _require_sense(arguments, paths)
    settings, sources = load_settings(arguments.settings), Sources(*(Source(str(path), read_bytes(path)) for path in paths))
    folder = StateFolder(Path(arguments.state or settings.state))
    state = ActivePlans(folder, max_age=dt.timedelta(days=settings.max_model_age_days)).current()
    now = utc_now()
    asked = asked_of(sources, taken_at=now if arguments.mode == "paper" else None)
    report = _report(arguments, asked, state, settings, folder.root, now)
    if arguments.output is not None:
        _keep(report, arguments.output, arguments.key)
    say(arguments, msgspec.to_builtins(report), _lines(report))
    return 0 if report.passed else REFUSED


def _paths(arguments: argparse.Namespace) -> list[Path]:
    """Return the three files, in the order of `Sources`."""
    named = {name: getattr(arguments, name) for name in Sources._fields}
    if arguments.mode == "paper":
        return [path or PAPER / f"{name}.json" for name, path in named.items()]
    missing = [f"--{name.replace('_', '-')}" for name, path in named.items() if path is None]
    if missing:
        msg = f"{', '.join(missing)}: expected a file each in mode live, got none"
        raise ConfigError(msg, hint="--mode paper takes those of data/decision_engine/paper/")
    return list(named.values())


def _require_sense(arguments: argparse.Namespace, paths: list[Path]) -> None:
    if arguments.mode == "live" and arguments.state is not None:
        msg = f"--state: expected the settings' own in mode live, got {arguments.state}"
        raise ConfigError(msg, hint="name the machine's settings with --settings, or use --mode paper")
    if arguments.key is not None and arguments.output is None:
        msg = "--key: expected an --output to sign, got none"
        raise ConfigError(msg, hint="bot-core smoke … --output smoke.json --key KEY")
    if arguments.output is not None and arguments.output.resolve() in [path.resolve() for path in paths]:
        msg = f"--output: expected a file of its own, got {arguments.output}, which is read"
        raise ConfigError(msg, hint="name another")


def _report(
    arguments: argparse.Namespace, asked: Asked, state: InForce, settings: RuntimeSettings, root: Path, now: dt.datetime
) -> SmokeReport:
    models = [arguments.model] if arguments.model else [candidate.strategy for candidate in asked.candidates]
    setting = Setting(
        generated_at=now,
        mode=arguments.mode,
        environment=state.environment,
        commit=state.commit,
        maintenance=state.maintenance,
        allow_empty=arguments.allow_empty,
    )
    return smoke(asked, judges_of(state, models, settings.protection, root), setting, model=arguments.model)


def _keep(report: SmokeReport, path: Path, key: Path | None) -> None:
    """Write the report, and its signature where it is to have one; a signature of what stood there before goes.

    Raises:
        SigningError: ssh-keygen gave no signature; nothing was written.
        AuditError: it could not be written.
    """
    data, beside = encode_json(report), path.with_name(path.name + layout.SIG)
    armored = writing.sign(data, str(path), layout.REPORT, key) if key is not None else None
    try:
        beside.unlink(missing_ok=True)
    except OSError as error:
        msg = f"{beside}: expected to remove a signature of what was there before, got {error.strerror or error}"
        raise AuditError(msg, hint="fix its permissions, or name another --output") from error
    write_bytes(path, data)
    if armored is not None:
        write_bytes(beside, armored)


# --- in words ---


def _lines(report: SmokeReport) -> Iterator[str]:
    paused = "; maintenance: nothing is traded there" if report.maintenance else ""
    yield f"{report.mode} in {report.environment} at {report.commit[:12]}{paused}"
    for model in report.models:
        shrunk = f", its limits shrunk to {percent(model.protective_factor)}" if model.protective_factor < 1.0 else ""
        yield f"  {model.model} {model.version}, {model.artifact[:19]}{shrunk}"
    yield from (f"  {sentence}" for sentence in _left_out(report))
    yield ""
    yield from plain(_table(report))
    yield ""
    yield f"{report.accepted} accepted, {report.rejected} rejected"
    if counted := [*report.reasons.items(), *report.stress_failures.items()]:
        rows = tuple(Row((code, str(count))) for code, count in counted)
        yield from plain(Table("", (Column("reason", "words"), Column("candidates")), rows))
    yield from (f"refused: {problem}" for problem in report.problems)


def _left_out(report: SmokeReport) -> Iterator[str]:
    """Say once per model which features it was not given."""
    names: dict[str, dict[str, None]] = {}
    for one in report.evaluations:
        names.setdefault(one.model, {}).update(dict.fromkeys(one.left_out))
    yield from (f"{model} does not read {', '.join(found)}" for model, found in names.items() if found)


def _table(report: SmokeReport) -> Table:
    columns = (
        *words("symbol", "action", "profile", "model"),
        *figures("return", "probability", "cost", "net edge"),
        *words("", "why"),
    )
    return Table("return, cost and net edge in basis points", columns, tuple(_row(one) for one in report.evaluations))


def _row(one: SmokeEvaluation) -> Row:
    found = one.evaluation
    candidate = found.candidate
    bps = [figure(number) for number in (found.cost_bps, found.net_edge_bps)]
    scored = [figure(found.model_expected_return_bps), figure(found.model_success_probability)]
    said = "accepted" if found.accepted else found.outcome
    why = ", ".join((*found.reasons, *found.stress_failures))
    return Row((candidate.symbol, candidate.action, candidate.risk_profile, one.model, *scored, *bps, said, why))
