"""`make demo` on the models that `make repro` built in this working copy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOLD_IN_ORDER = (
    "RPT-FAILED: audit/ai_decision/walk_forward/",
    "PENDING",
    "ROLE-MISSING: compliance/environments/production.yaml: eurusd_range",
    "(merged promote/production/eurusd_range/",
    "Synced",
    "Refused",
    "Halt eurusd_range in production",
    "(merged halt into main)",
    "(merged rollback into main)",
    "no model: rules decide",
)


@pytest.mark.slow
def test_the_story_is_told_to_its_end() -> None:
    if not Path("build/eurusd_range/model.json").exists():
        pytest.fail("expected the built roster; run make repro first")
    done = subprocess.run([sys.executable, "scripts/demo.py"], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    told = done.stdout
    for line in TOLD_IN_ORDER:
        assert line in told, line
    assert told.index("DENY") < told.index("PENDING") < told.rindex("ALLOW")
