"""The history of runs outlives whoever writes it."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.ai.pipeline_history import PipelineExecutionRecord, append_record, read_history, retraining_event
from bot_core.documents.kinds import KINDS
from bot_core.documents.validation import violations
from bot_core.errors import AuditError, DocumentError

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
VERSION = "20261121T101500Z-0123abcd"
RECORD = PipelineExecutionRecord(
    run="20261121T101500Z-eurusd_range",
    job="eurusd_range",
    model="eurusd_range",
    started=NOW,
    finished=NOW + dt.timedelta(minutes=3),
    outcome="proposed",
    version=VERSION,
    branch=f"retrain/eurusd_range/{VERSION}",
    commit="0" * 40,
    metrics={"mae": 7.25, "rmse": 9.5},
    reason="better: the loss is lower",
    report=f"audit/ai_decision/contest/{VERSION}.json",
    data_rows=168,
)
FAILED = replace(RECORD, outcome="failed", version=None, branch=None, commit=None, reason="the source is down", run="other")
WRITER = """
import resource, signal, sys
from pathlib import Path
import msgspec
from bot_core.ai.pipeline_history import PipelineExecutionRecord, append_record
path, record = Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=PipelineExecutionRecord)
if len(sys.argv) > 3:
    size = path.stat().st_size + int(sys.argv[3])
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
append_record(path, record)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit/ai_decision/runs.jsonl"


def elsewhere(path: Path, record: PipelineExecutionRecord, *cut: int) -> subprocess.CompletedProcess[bytes]:
    """Append in another process; with `cut` it dies after so many bytes of the record."""
    words = [sys.executable, "-c", WRITER, str(path), msgspec.json.encode(record).decode(), *map(str, cut)]
    return subprocess.run(words, capture_output=True, check=False)


def test_what_one_process_appends_another_reads(path: Path) -> None:
    assert read_history(path) == []
    assert elsewhere(path, RECORD).returncode == 0
    assert append_record(path, FAILED) is None
    assert read_history(path) == [RECORD, FAILED]
    assert read_history(path, model="eurusd_range") == [RECORD, FAILED]
    assert read_history(path, model="other") == []


def test_reading_creates_nothing(path: Path) -> None:
    read_history(path)
    assert not path.parent.exists()


def test_many_writers_lose_nothing(path: Path) -> None:
    records = [replace(RECORD, run=f"run-{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda record: append_record(path, record), records))
    assert sorted(one.run for one in read_history(path)) == sorted(one.run for one in records)


@pytest.mark.parametrize("cut", [1, 100])
def test_a_process_that_dies_while_appending_leaves_what_the_next_puts_aside_and_reports(path: Path, cut: int) -> None:
    append_record(path, RECORD)
    before = path.read_bytes()
    assert elsewhere(path, FAILED, cut).returncode == -signal.SIGXFSZ
    assert len(path.read_bytes()) == len(before) + cut
    assert read_history(path) == [RECORD]
    rest = path.read_bytes()[len(before) :]
    torn = append_record(path, FAILED)
    assert torn is not None
    assert (torn.size, torn.digest) == (cut, sha256(rest))
    assert (path.parent / torn.kept).read_bytes() == rest + b"\n"
    assert read_history(path) == [RECORD, FAILED]
    told = retraining_event(FAILED, torn=torn).metadata["history_torn"]
    assert told == {"size": cut, "digest": sha256(rest), "kept": ".runs.jsonl.torn"}


def test_a_full_disk_takes_the_line_back(path: Path) -> None:
    append_record(path, RECORD)
    before = path.read_bytes()
    script = WRITER.replace("SIG_DFL", "SIG_IGN")
    words = [sys.executable, "-c", script, str(path), msgspec.json.encode(FAILED).decode(), "50"]
    done = subprocess.run(words, capture_output=True, check=False)
    assert b"AuditError" in done.stderr
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_failed_operation(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError):
        append_record(tmp_path / "file/runs.jsonl", RECORD)


def test_a_damaged_line_is_an_error_with_its_number(path: Path) -> None:
    append_record(path, RECORD)
    append_record(path, FAILED)
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"fine"'))
    with pytest.raises(DocumentError, match=r"runs\.jsonl: line 2: outcome: expected one of"):
        read_history(path)


def test_what_could_not_be_read_again_is_not_written(path: Path) -> None:
    with pytest.raises(DocumentError, match="job: expected str matching regex"):
        append_record(path, replace(RECORD, job="Not a name"))
    assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"finished": NOW - dt.timedelta(seconds=1)}, "finished: expected a time from"),
        ({"branch": None}, "branch: expected one with the outcome proposed"),
        ({"outcome": "kept", "reason": None}, "reason: expected one with the outcome kept"),
        ({"outcome": "failed", "reason": None}, "reason: expected one with the outcome failed"),
        ({"metrics": {"mae": float("nan")}}, "metrics: mae: expected a finite number"),
    ],
)
def test_a_record_says_what_its_outcome_needs(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(RECORD, **changes)


def test_the_schema_and_the_type_agree(path: Path) -> None:
    (kind,) = [kind for kind in KINDS if kind.document is PipelineExecutionRecord]
    append_record(path, RECORD)
    assert violations(kind, path.read_bytes(), "runs.jsonl") == []
    plain = json.loads(path.read_bytes()) | {"mood": "good"}
    assert violations(kind, json.dumps(plain).encode(), "runs.jsonl")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(0, 400))
def test_whatever_is_cut_off_the_end_the_whole_lines_stay(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cut: int
) -> None:
    path = tmp_path_factory.mktemp("runs") / "runs.jsonl"
    records = [replace(RECORD, run=f"run-{number}", reason="x" * (size + 1)) for number, size in enumerate(sizes)]
    for record in records:
        append_record(path, record)
    data = path.read_bytes()
    os.truncate(path, max(len(data) - cut, 0))
    left = path.read_bytes().count(b"\n")
    append_record(path, FAILED)
    assert read_history(path) == [*records[:left], FAILED]


# --- the journal's event ---


def test_the_event_says_what_the_run_rests_on() -> None:
    event = retraining_event(RECORD, environment="paper")
    assert (event.event_type, event.status, event.environment) == ("ai_retraining", "proposed", "paper")
    assert (event.portfolio, event.risk_profile) == ("ai-manager", "ai-monitoring")
    assert (event.schedule, event.schedule_run_id, event.timestamp) == (RECORD.job, RECORD.run, RECORD.finished)
    assert event.metadata == {
        "model": "eurusd_range",
        "version": VERSION,
        "branch": RECORD.branch,
        "commit": RECORD.commit,
        "reason": RECORD.reason,
        "report_path": RECORD.report,
        "data_rows": 168,
        "started": "2026-11-21T10:15:00Z",
        "metrics": {"mae": 7.25, "rmse": 9.5},
    }


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("proposed", "ai_retraining"),
        ("nothing_new", "ai_retraining"),
        ("kept", "ai_retraining"),
        ("failed", "ai_retraining_failed"),
    ],
)
def test_only_a_failure_is_journalled_as_one(outcome: str, kind: str) -> None:
    event = retraining_event(replace(RECORD, outcome=outcome))
    assert (event.event_type, event.status) == (kind, outcome)
