"""`bot-core drift explain | confirm | dismiss REPORT`: what a drift report says, and the two answers to it, each journalled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import read_bytes, read_json
from bot_core.ai.recent_reports import AUDIT
from bot_core.ai.scheduler import RetrainingScheduler
from bot_core.cli.orders import add_signer, issue
from bot_core.cli.show import say
from bot_core.config.jobs import load_schedule
from bot_core.config.runtime import SETTINGS, load_settings
from bot_core.decision.ports import utc_now
from bot_core.documents.drift import DriftReport
from bot_core.documents.monitoring import InferenceDrift
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.reports import read_report
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import DocumentError
from bot_core.governance import layout
from bot_core.governance.alerts import alert_name
from bot_core.governance.desk import Desk
from bot_core.governance.reviewing import Answer, answered
from bot_core.routing.explanation import explain
from bot_core.runtime.journal import JsonlTradingDecisionJournal, TradingDecisionEvent

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.routing.explanation import AnyDrift

STATE = AUDIT / "scheduler.json"


def add_explain(verb: argparse.ArgumentParser) -> None:
    """Declare what is explained."""
    verb.add_argument("report", type=Path, help="a file of state/drift_reports/ or audit/ai_decision/drift/")


def add_confirm(verb: argparse.ArgumentParser) -> None:
    """Declare what is confirmed, why, and where it is worked on."""
    _add_answer(verb)
    verb.add_argument("--model", help="the roster's model to train anew (default: the report's)")
    verb.add_argument("--file", type=Path, default=STATE, help="the scheduler's file (default: %(default)s)")


def add_dismiss(verb: argparse.ArgumentParser) -> None:
    """Declare what is dismissed, why, and by whom."""
    _add_answer(verb)
    verb.add_argument("--role", required=True, help="the role you sign in")
    add_signer(verb)


def _add_answer(verb: argparse.ArgumentParser) -> None:
    add_explain(verb)
    verb.add_argument("--reason", required=True, help="a sentence that stays with the answer")
    verb.add_argument("--ticket", required=True, help="where this is worked on, or was")
    verb.add_argument(
        "--settings", type=Path, default=SETTINGS, help="the machine's, which name its journal (default: %(default)s)"
    )


# --- the verbs ---


def run_explain(arguments: argparse.Namespace) -> int:
    """Print what a report says, what the model's evidence says, and the two answers there are."""
    report, evidence = _read(arguments.report), None
    for path in _evidence_of(report):
        if path.is_file():
            evidence = read_json(path, WalkForwardReport)
            break
    facts = {"report": msgspec.to_builtins(report), "evidence": msgspec.to_builtins(evidence) if evidence else None}
    say(arguments, facts, [*explain(report, evidence), *_next(arguments.report)])
    return 0


def run_confirm(arguments: argparse.Namespace) -> int:
    """Make the model's training due, because of the report."""
    report = _read(arguments.report)
    model, path = arguments.model or report.model, _archived(arguments.report)
    schedule = load_schedule(Path(), model)
    _record(arguments, report, path, "confirmed", {"trained_anew": model})
    why = f"drift of {report.model} confirmed: {arguments.reason} ({arguments.ticket})"
    RetrainingScheduler(job=model, schedule=schedule, persistence_path=arguments.file).request(why, path)
    say(
        arguments,
        {"model": model, "report": path, "reason": why},
        [f"{model} is due: {why}", f"next: bot-core schedule run {model}"],
    )
    return 0


def run_dismiss(arguments: argparse.Namespace) -> int:
    """Sign that a report is no cause for action; what it shrank or stopped ends once the answer is on the protected branch."""
    report, path, desk = _read(arguments.report), _archived(arguments.report), Desk.here()
    name = alert_name(report.model, "drift")
    said = Answer("alert", name, path, arguments.role, arguments.signer, "dismiss", arguments.ticket, arguments.reason)
    review, place = answered(desk, said)
    done = issue(arguments, desk, review, place, layout.REVIEW, f"Dismiss drift of {report.model} as {arguments.role}")
    _record(arguments, report, path, "dismissed", {"review": place, "role": arguments.role, "signer": arguments.signer})
    return done


# --- reports and records ---


def _read(path: Path) -> AnyDrift:
    report = read_report(read_bytes(path), "drift", str(path))
    if not isinstance(report, (OnlineDrift, InferenceDrift, DriftReport)):
        msg = f"{path}: expected a drift report, got {type(report).__name__}"
        raise DocumentError(msg)
    return report


def _archived(path: Path) -> str:
    """Return the path of the archived file that holds a report's bytes: what is answered, signed and journalled.

    Raises:
        DocumentError: there is none.
    """
    data, folder = read_bytes(path), AUDIT / "drift"
    own = [folder / path.name, *sorted(folder.glob("*.json"))]
    found = next((each for each in own if each.is_file() and each.read_bytes() == data), None)
    if found is None:
        msg = f"{path}: expected the same bytes in {folder}, got none"
        raise DocumentError(msg, hint=f"cp {path} {folder}/, unless that machine has archived it elsewhere")
    return found.as_posix()


def _record(arguments: argparse.Namespace, report: AnyDrift, path: str, status: str, facts: dict[str, object]) -> None:
    settings = load_settings(arguments.settings)
    key = Path(settings.signing_key) if settings.signing_key else None
    said = {"reason": arguments.reason, "ticket": arguments.ticket, "model": report.model, "report_path": path}
    event = TradingDecisionEvent(
        event_type="feedback",
        timestamp=utc_now(),
        environment=getattr(report, "environment", settings.environment),
        portfolio="drift",
        risk_profile="ai-monitoring",
        status=status,
        metadata={**said, "digest": sha256(read_bytes(Path(path))), **facts},
    )
    with JsonlTradingDecisionJournal(settings.journal, fsync="always", signing_key=key) as journal:
        journal.record(event)


def _evidence_of(report: AnyDrift) -> Iterator[Path]:
    """Yield where the walk-forward report of a model may lie: its release's, else that of its newest build."""
    version = None if isinstance(report, DriftReport) else report.version
    if version is not None:
        yield AUDIT / "walk_forward" / f"{version}.json"
    yield Path("build", report.model, "walk_forward.json")


def _next(path: Path) -> Iterator[str]:
    yield "next"
    yield f"  it is so:   bot-core drift confirm {path} --reason … --ticket …      (its model's training is due then)"
    yield f"  it is not:  bot-core drift dismiss {path} --reason … --ticket … --role ROLE --signer NAME --key KEY"
