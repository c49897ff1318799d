from __future__ import annotations

from typing import Any

import pytest

from bot_core._digest import sha256
from bot_core.documents.domain import Domain, Rule
from bot_core.documents.policy import Rollout
from bot_core.documents.signoff import Subject
from bot_core.governance import approvals, layout
from bot_core.governance.bench import Bench
from bot_core.governance.interventions import Memory, restrictions
from bot_core.governance.signoffs import Asked, Collected, collect
from bot_core.governance.sshsig import verify
from bot_core.governance.stages import standing
from tests.memory_view import (
    DAY,
    DIGEST,
    DOMAIN,
    MODEL,
    T0,
    VERSION,
    MemoryView,
    entry,
    make,
    policy,
    put_environment,
    put_signoff,
    rules,
    signoff,
)

SUBJECT = Subject(kind="release", name=MODEL, version=VERSION, digest=DIGEST)
AUTHORS = frozenset({"eve"})
LIMITS = Domain(
    schema="bot-core/domain/v1",
    name="trade_entry",
    purpose="To enter.",
    models=[MODEL],
    actions=["wait"],
    rules=[Rule(when="always", action="wait")],
)


def bench(view: MemoryView, **asked: object) -> Bench:
    environment = make(rules, asked)
    crew = policy(environments=[environment])
    return Bench(view, crew, environment, restrictions(view, crew, environment, Memory(), verify), T0 + DAY, verify)


def collected(view: MemoryView, **asked: object) -> tuple[Bench, Collected]:
    found = bench(view, **asked)
    wanted = Asked(SUBJECT, found.rules, found.rules.approvals, T0 + DAY, frozenset({"eve"}))
    return found, collect(view, found.limits.crew, wanted)


def said(view: MemoryView, **asked: object) -> list[tuple[str, str]]:
    found, words = collected(view, **asked)
    return [(reason.code, reason.message.partition(": ")[2]) for reason in approvals.approvals(found, entry(), words)]


def test_a_missing_approval_is_said_with_the_command_that_supplies_it() -> None:
    found, words = collected(MemoryView())
    (reason,) = approvals.approvals(found, entry(), words)
    assert reason.message == (
        f"compliance/environments/paper.yaml: {MODEL} {VERSION}: expected 1 more approval by risk, got none that counts"
    )
    assert reason.hint == f"bot-core sign-off {MODEL} {VERSION} --env paper --role risk --signer NAME --key KEY"


def test_why_a_sign_off_does_not_count_is_said_where_one_is_missing() -> None:
    view = MemoryView()
    put_signoff(view, signoff(expires=T0))
    codes = [code for code, _ in said(view)]
    assert codes == ["ROLE-MISSING", "SIGNOFF-EXPIRED"]
    assert said(view)[0][1].endswith("got sign-offs that do not count (SIGNOFF-EXPIRED)")


def test_one_person_in_two_roles_is_named() -> None:
    view = MemoryView()
    put_signoff(view, signoff("fay"))
    put_signoff(view, signoff("fay", "data"))
    found = said(view, approvals={"data": 1, "risk": 1})
    assert [code for code, _ in found] == ["ROLE-MISSING", "SOD-SAME-PERSON"]
    assert found[1][1].endswith("to be signed by somebody who signs no other role, got fay")


def test_a_no_is_said_with_its_statement() -> None:
    view = MemoryView()
    put_signoff(view, signoff("fay"))
    put_signoff(view, signoff(decision="reject", statement="Too few windows."))
    assert said(view) == [("ROLE-REJECTED", "risk: expected approval, got the rejection of ann: Too few windows.")]


# --- limits and steps ---------------------------------------------------------------------------------------------------------------


def test_limits_are_approved_by_the_roles_that_approve_limits() -> None:
    view = MemoryView()
    put_environment(view, entry())
    found = bench(view, limits={"risk": 1})
    stand = standing(view, found.rules, entry(), found.limits.crew)
    (reason,) = approvals.limits(found, entry(), LIMITS, stand, AUTHORS)
    assert reason.message == f"{DOMAIN}: expected 1 more approval of these limits and rules by risk, got none that counts"
    assert reason.hint.startswith("bot-core sign-off --domain trade_entry --env paper --role risk")
    digest = f"sha256:{DOMAIN.rsplit('/', 1)[-1].removesuffix('.yaml')}"
    put_signoff(view, signoff(subject=Subject(kind="domain", name="trade_entry", digest=digest)))
    assert list(approvals.limits(found, entry(), LIMITS, stand, AUTHORS)) == []
    (reason,) = approvals.limits(found, entry(), LIMITS, stand, frozenset({"ann"}))
    assert reason.message.endswith("got sign-offs that do not count (SOD-SELF)")


def step(view: MemoryView, percent: int) -> list[str]:
    found = bench(view, rollout=Rollout(steps=[0, 5, 50], forward={"risk": 1}))
    wanted = entry(rollout=percent)
    stand = standing(view, found.rules, wanted, found.limits.crew)
    return [
        f"{reason.code}: {reason.message.rpartition('rollout: ')[2]}" for reason in approvals.rollout(found, wanted, stand, AUTHORS)
    ]


def test_the_lowest_step_needs_nobody() -> None:
    view = MemoryView()
    put_environment(view, entry(rollout=0))
    assert step(view, 0) == []


def test_a_percent_that_is_no_step_is_refused() -> None:
    view = MemoryView()
    put_environment(view, entry(rollout=0))
    put_environment(view, entry(rollout=7), since=T0 + DAY)
    (sentence,) = step(view, 7)
    assert sentence.startswith("ROLLOUT-STEP: expected one of 0, 5")
    assert sentence.endswith("got 7")


def test_a_step_up_needs_its_own_approval() -> None:
    view = MemoryView()
    put_environment(view, entry(rollout=0))
    put_environment(view, entry(rollout=5), since=T0 + DAY)
    put_signoff(view, signoff())
    (sentence,) = step(view, 5)
    assert sentence.startswith("ROLE-MISSING")
    assert "expected 1 more approval of the step to 5 % by risk" in sentence
    subject = Subject(kind="rollout", name=MODEL, version=VERSION, digest=DIGEST, percent=5)
    put_signoff(view, signoff(subject=subject))
    assert step(view, 5) == []


def test_where_evidence_is_published_a_step_names_it() -> None:
    view = MemoryView()
    put_environment(view, entry(rollout=0))
    put_environment(view, entry(rollout=5), since=T0 + DAY)
    view.put(f"audit/ai_decision/operation/paper/{VERSION}/journal.json", b"{}")
    for digest, sentences in ((DIGEST, 1), (sha256(b"{}"), 0)):
        subject = Subject(kind="rollout", name=MODEL, version=VERSION, digest=digest, percent=5)
        put_signoff(view, signoff(subject=subject))
        assert len(step(view, 5)) == sentences


# --- conditions -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "merged", "conflicts"),
    [
        ([{}, {}], {}, 0),
        ([{"limit": 5}, {"size": "0.10"}], {"limit": 5, "size": "0.10"}, 0),
        ([{"limit": 50}, {"limit": 7}], {"limit": 7}, 0),
        ([{"size": "0.1"}, {"size": "0.02"}], {"size": "0.02"}, 0),
        ([{"limit": 1}, {"limit": "0.5"}], {"limit": "0.5"}, 0),
        ([{"side": "long"}, {"side": "long"}], {"side": "long"}, 0),
        ([{"side": "long"}, {"side": "short"}], {"side": "long"}, 1),
        ([{"limit": 5}, {"limit": "NaN"}], {"limit": 5}, 1),
    ],
)
def test_the_strictest_condition_counts(conditions: list[dict[str, Any]], merged: dict[str, Any], conflicts: int) -> None:
    view = MemoryView()
    for signer, held in zip(("ann", "fay"), conditions, strict=True):
        put_signoff(view, signoff(signer, conditions=held))
    found, reasons = approvals.merged(collected(view)[1])
    assert (found, len(reasons)) == (merged, conflicts)
    assert all(reason.path.startswith(layout.signoffs("paper", SUBJECT)) for reason in reasons)
