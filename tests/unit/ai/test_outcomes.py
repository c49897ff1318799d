"""What became of an entry that git desires."""

from __future__ import annotations

import datetime as dt

import pytest

from bot_core._digest import sha256
from bot_core.ai.outcomes import Outcome, reason_of, status
from bot_core.documents.runtime import Active, Servable
from bot_core.errors import BotCoreError, ConfigError, DocumentError, PredictorError
from bot_core.governance.reasons import Reason, Refused
from tests.memory_view import MODEL, VERSION, entry

PLAN = Servable(
    model=MODEL,
    version="20261031T080000Z-00000000",
    release=sha256(b"r"),
    artifact=sha256(b"a"),
    domain=sha256(b"d"),
    rollout=100,
    commit="a" * 40,
)
ACTIVE = Active(environment="paper", commit="a" * 40, verified=dt.datetime(2026, 11, 21, tzinfo=dt.UTC), rules={MODEL: PLAN.domain})
PENDING, REFUSED, TAMPERED = (Reason(code, "p", code.lower()) for code in ("ROLE-MISSING", "HALTED", "REL-DIGEST"))


@pytest.mark.parametrize(
    ("reasons", "state", "told"),
    [
        ((), "Synced", ()),
        ((PENDING,), "Pending", (PENDING,)),
        ((PENDING, REFUSED), "Refused", (REFUSED, PENDING)),
        ((PENDING, REFUSED, TAMPERED), "Refused", (TAMPERED, REFUSED, PENDING)),
    ],
)
def test_the_worst_reason_says_how_a_model_stands(reasons: tuple[Reason, ...], state: str, told: tuple[Reason, ...]) -> None:
    found = status(Outcome(MODEL, entry(), PLAN, reasons), ACTIVE)
    assert (found.state, found.desired, found.active, found.decides) == (state, VERSION, PLAN.version, "model")
    assert found.reasons == [f"{reason.code}: {reason.message}" for reason in told]


def test_without_a_plan_its_rules_decide_or_nobody() -> None:
    stopped = Outcome(MODEL, entry(), None, (REFUSED,))
    assert status(stopped, ACTIVE).decides == "rules"
    nobody = status(Outcome("other", None, None, (REFUSED,)), ACTIVE)
    assert (nobody.decides, nobody.desired, nobody.active) == ("nobody", None, None)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Refused("REVOKED", "p", "x"), "REVOKED"),
        (PredictorError("x"), "GOLDEN"),
        (ConfigError("x"), "LIMITS"),
        (DocumentError("x"), "REL-DIGEST"),
    ],
)
def test_whatever_cannot_be_served_has_a_code_of_the_gate_s(problem: BotCoreError, code: str) -> None:
    reason = reason_of(problem, "p")
    assert (reason.code, reason.path, reason.message) == (code, "p", "x")
