"""The history of training runs: lines of JSON that outlive every process, and the journal's event of a run.

A record is appended whole, under a lock that threads respect as processes do, and is on the disk before `append_record` returns; a write
that fails is taken back. A process that is killed in between leaves part of a line. Nobody reads that as a record: a reader passes over
what has no end yet, and the next writer puts the bytes aside in `.<name>.torn`, cuts them off, and says so. Anything else that is no
record is an error of every question, by its line's number: a run that is skipped is a failure that is missed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot_core._digest import sha256
from bot_core._parse import decode_json
from bot_core.ai.audit import locked
from bot_core.documents.pipeline import PipelineExecutionRecord
from bot_core.errors import DocumentError
from bot_core.journal.event import TradingDecisionEvent
from bot_core.journal.head import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RUNS", "PipelineExecutionRecord", "Torn", "append_record", "read_history", "retraining_event"]

RUNS = "runs.jsonl"
_OPEN = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_MODE = 0o644


class Torn(NamedTuple):
    """The rest of a record whose writer died: how many bytes, their digest, and the file that keeps them."""

    size: int
    digest: str
    kept: str


def append_record(path: Path, record: PipelineExecutionRecord) -> Torn | None:
    """Append a run's record; return what a killed process had left at the end and was cut off, or nothing.

    Args:
        path: the history, `audit/ai_decision/runs.jsonl`; made with its folder where it is missing.
        record: it is read again before it is written, so that nothing is written that could not be.

    Raises:
        DocumentError: the record is not one that could be read again.
        AuditError: it is not in the history.
    """
    line = msgspec.json.encode(record) + b"\n"
    decode_json(line, PipelineExecutionRecord, f"{path}: {record.run}")
    with locked(path):
        file = os.open(path, _OPEN, _MODE)
        try:
            torn = _put_aside(path, file)
            _write(file, line)
            sync_folder(path.parent)
        finally:
            os.close(file)
    return torn


def read_history(path: Path, *, model: str | None = None) -> list[PipelineExecutionRecord]:
    """Read the records, oldest first, of one model or of all; none where there is no file.

    Raises:
        DocumentError: a line is no record, or the file cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        msg = f"{path}: expected a readable file, got {error.strerror or error}"
        raise DocumentError(msg, hint="fix its permissions") from error
    records = [_record(path, number, line) for number, line in enumerate(lines, 1)]
    return [record for record in records if model in (None, record.model)]


def retraining_event(
    record: PipelineExecutionRecord, *, environment: str = "ai-monitoring", torn: Torn | None = None
) -> TradingDecisionEvent:
    """Make the journal's event of a run: `ai_retraining_failed` where it failed, else `ai_retraining`, with what it rests on.

    Args:
        record: the run's.
        environment: where it was trained.
        torn: what `append_record` cut off before this record, so that the journal knows of a run that has none.
    """
    told = {
        "model": record.model,
        "version": record.version,
        "branch": record.branch,
        "commit": record.commit,
        "reason": record.reason,
        "report_path": record.report,
        "data_rows": record.data_rows,
        "started": f"{record.started:%Y-%m-%dT%H:%M:%SZ}",
        "metrics": dict(record.metrics),
        "history_torn": None if torn is None else torn._asdict(),
    }
    return TradingDecisionEvent(
        event_type="ai_retraining_failed" if record.outcome == "failed" else "ai_retraining",
        timestamp=record.finished,
        environment=environment,
        portfolio="ai-manager",
        risk_profile="ai-monitoring",
        status=record.outcome,
        schedule=record.job,
        schedule_run_id=record.run,
        metadata={name: value for name, value in told.items() if value is not None},
    )


def _record(path: Path, number: int, line: bytes) -> PipelineExecutionRecord:
    try:
        return decode_json(line, PipelineExecutionRecord, f"{path}: line {number}")
    except DocumentError as error:
        hint = f"git log -p {path} shows what stood there; mend the line, never remove one"
        raise DocumentError(error.message, hint=hint) from error


def _write(file: int, line: bytes) -> None:
    """Append a line whole and wait for the disk; after an error the file is as it was."""
    before = os.fstat(file).st_size
    try:
        written = os.write(file, line)
        while written < len(line):
            written += os.write(file, line[written:])
        os.fsync(file)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, before)
        raise


def _put_aside(path: Path, file: int) -> Torn | None:
    """Keep what has no end in a file of its own, then cut it off."""
    data = os.pread(file, os.fstat(file).st_size, 0)
    whole = data.rfind(b"\n") + 1
    if whole == len(data):
        return None
    kept = path.with_name(f".{path.name}.torn")
    with kept.open("ab") as stream:
        stream.write(data[whole:] + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.ftruncate(file, whole)
    return Torn(len(data) - whole, sha256(data[whole:]), kept.name)
