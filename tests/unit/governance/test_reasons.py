from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot_core.governance.reasons import CODES, Reason, Refused, Verdict, worst

ROOT = Path(__file__).parents[3]


def test_no_reason_is_allow() -> None:
    assert worst([]) == Verdict.ALLOW


def test_the_worst_reason_decides() -> None:
    reasons = [Reason(code, "p", "m") for code in ("ROLE-MISSING", "SIG-BAD", "HALTED")]
    assert worst(reasons) == Verdict.TAMPER
    assert worst(reasons[::2]) == Verdict.DENY
    assert worst(reasons[:1]) == Verdict.PENDING


def test_the_verdict_is_the_exit_code() -> None:
    assert {verdict.name: int(verdict) for verdict in Verdict} == {"ALLOW": 0, "PENDING": 10, "DENY": 20, "TAMPER": 30}


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_carries_its_reason(code: str) -> None:
    problem = Refused(code, "a/b.yaml", "a/b.yaml: expected 1, got 2", "do x")
    assert problem.reason == Reason(code, "a/b.yaml", "a/b.yaml: expected 1, got 2", "do x")
    assert (problem.code, problem.exit_code) == (code, int(CODES[code][0]))
    assert str(problem) == "a/b.yaml: expected 1, got 2 (do x)"


def test_nothing_is_refused_with_allow() -> None:
    assert all(verdict > Verdict.ALLOW for verdict, _ in CODES.values())


def test_every_code_that_is_given_is_known() -> None:
    sources = [path.read_text() for path in (ROOT / "bot_core").rglob("*.py")]
    given = {code for source in sources for code in re.findall(r'(?:Reason|Refused)\(\s*"([A-Z-]+)"', source)}
    assert given <= CODES.keys()
    assert len(given) > len(CODES) / 2
