"""What a service shows of its environment: extracts of scheduler and journal, and the reports that came after a release.

What the branch holds already, and says the same, is not made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core._parse import decode_json, encode_json, read_bytes
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.documents.reports import read_report
from bot_core.documents.schedule import SchedulerState
from bot_core.governance import alerts, extracts, layout, operation, sshsig, stages
from bot_core.governance.promotion import desired
from bot_core.governance.reading import check
from bot_core.runtime.press import AUDIT, SCHEDULER
from bot_core.runtime.tally import tallied

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.documents.environment import Entry
    from bot_core.documents.reports import Category
    from bot_core.governance.operation import Extract
    from bot_core.governance.writing import Files
    from bot_core.runtime.press import Press, Wish
    from bot_core.runtime.tally import Tally

    Times = tuple[dt.datetime, dt.datetime]

CATEGORIES: tuple[Category, ...] = ("drift", "data_quality", "degradation")


def shown(press: Press, tip: str | None, sequence: int) -> tuple[Files, tuple[str, ...]]:
    """Make the extracts of every release that stands in the environment, but those that say nothing new.

    Args:
        press: with what.
        tip: the branch, if there is one.
        sequence: the journal's last line that counts.

    Returns:
        Files by path, and in sentences what could not be shown.

    Raises:
        DocumentError: the scheduler's state cannot be read.
        AuditError: the journal cannot.
        SigningError: ssh-keygen gave no signature.
        Refused: the key is not the service's.
    """
    wish, files, notes = press.wish, dict[str, bytes](), list[str]()
    entries = desired(press.view, wish.environment).models
    since = {entry.model: next(stages.runs(press.view, wish.environment, entry.release)).since for entry in entries}
    asked = {(entry.model, entry.version): since[entry.model] for entry in entries}
    tallies = tallied(wish.journal, sequence, wish.environment, asked) if asked else {}
    state, why = _scheduler(wish)
    for entry in entries:
        tally = tallies.get((entry.model, entry.version))
        if tally is None:
            notes.append(f"{entry.model} {entry.version}: {wish.journal} has no decision of it in {wish.environment}")
        times = _times(state, entry.model)
        if state is not None and times is None:
            notes.append(_unsaid(wish, state, entry.model))
        for extract in _made(press, entry, tally, times):
            if not _is_known(press, tip, extract, since[entry.model]):
                files |= press.signed(encode_json(extract), operation.path_of(extract))
    return files, tuple(dict.fromkeys((*notes, *([why] if why and entries else []))))


def reports(press: Press, tip: str | None) -> Files:
    """Take the reports that came after a release and are neither on the protected branch nor published; sign those that nobody has.

    Raises:
        DocumentError: a file is no such report.
        SigningError: ssh-keygen gave no signature.
        Refused: SIG-BAD or SIG-NAMESPACE: the signature beside a report is another's; the key is not the service's.
    """
    files: Files = {}
    for category in CATEGORIES:
        for file in sorted((press.wish.state / AUDIT / category).glob("*.json")):
            path = f"{AUDIT}/{category}/{file.name}"
            if alerts.LATER.fullmatch(path) and press.view.read(path) is None:
                files |= _report(press, tip, file, path, category)
    return files


def _scheduler(wish: Wish) -> tuple[SchedulerState | None, str]:
    """Read the scheduler's state; where there is none, say so."""
    path = wish.scheduler or wish.state / SCHEDULER
    if wish.scheduler is None and not path.exists():
        return None, f"{path}: there is no such file, so nothing is said of the scheduler"
    return decode_json(read_bytes(path), SchedulerState, str(path)), ""


def _times(state: SchedulerState | None, model: str) -> Times | None:
    """Return when the model's job, or the roster where it has none, last ran and runs next."""
    last, following = (None, None) if state is None else state.seen(model)
    return None if last is None or following is None else (last, following)


def _unsaid(wish: Wish, state: SchedulerState, model: str) -> str:
    path = wish.scheduler or wish.state / SCHEDULER
    whose = f"the job {model}" if model in state.jobs else "the scheduler"
    return f"{path}: {whose} never ran, or is paused without an end, so nothing is said of it"


def _made(press: Press, entry: Entry, tally: Tally | None, times: Times | None) -> Iterator[Extract]:
    whose = {
        "repository": press.policy.repository,
        "environment": press.wish.environment,
        "model": entry.model,
        "version": entry.version,
        "signer": press.wish.signer,
    }
    now = press.desk.now
    if times is not None:
        last, following = times
        yield SchedulerExtract(schema="bot-core/operation-scheduler/v1", **whose, published=now, last_run=last, next_run=following)
    if tally is not None:
        yield JournalExtract(
            schema="bot-core/operation-journal/v1",
            **whose,
            published=now,
            first=tally.first,
            last=tally.last,
            is_ready=tally.is_ready,
            candidates=tally.candidates,
            decisions=tally.decisions,
            head=f"sha256:{tally.hash}",
        )


def _is_known(press: Press, tip: str | None, extract: Extract, since: dt.datetime) -> bool:
    """Say whether the branch holds an extract that says the same of the same stay."""
    if tip is None:
        return False
    there = extracts.at(press.view, tip, extract.environment, extract.version)
    known = extracts.newest(there, extract.environment, extract.model, extract.version, press.crew).extracts
    alike = [found for _, found in known.values() if replace(found, published=extract.published) == extract]
    return any(found.published >= since for found in alike)


def _report(press: Press, tip: str | None, file: Path, path: str, category: Category) -> Files:
    data = read_bytes(file)
    if press.held(tip, path) is not None:
        return {path: data}
    read_report(data, category, str(file))
    beside = file.with_name(file.name + layout.SIG)
    if not beside.exists():
        return press.signed(data, path)
    armored = read_bytes(beside)
    check(data, armored, str(file), layout.REPORT, "whoever made it", sshsig.verify)
    return {path: data, path + layout.SIG: armored}
