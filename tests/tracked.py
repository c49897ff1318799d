"""Runs to tell trackers of: small, whole, and each another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.tracking import Origin, TrackedFile, TrackedRun, run_id

if TYPE_CHECKING:
    from pathlib import Path

ENDED = dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC)
COMMIT = "ab" * 20
FILE = "build/small/model.json"
CONTENT = b'{"learned": true}\n'
PARAMS = {"model.family": "linear", "features": "a, b"}
METRICS = {"mae": 11.9557, "fold/1/auc": 0.5}


def tracked(number: int = 1, root: Path | None = None) -> TrackedRun:
    """Return a run; with a root its file is written there."""
    if root is not None:
        (root / FILE).parent.mkdir(parents=True, exist_ok=True)
        (root / FILE).write_bytes(CONTENT)
    return TrackedRun(
        id=run_id("example", str(number)),
        name=f"small-{number}",
        experiment="small",
        model="small",
        started=ENDED,
        ended=ENDED + dt.timedelta(minutes=number),
        origin=Origin(commit=COMMIT, clean=True, data=sha256(b"data"), config=sha256(b"config"), environment=sha256(b"lock")),
        params=PARAMS,
        metrics=METRICS,
        tags={"drift": "ok"},
        files=[TrackedFile(path=FILE, digest=sha256(CONTENT))],
    )
