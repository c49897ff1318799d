"""The legitimate way, once from end to end: without it every refusal below would prove nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.world import MODEL, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World


def test_a_proposal_that_everybody_signed_is_allowed(world: Callable[[Stage], World]) -> None:
    code, reasons, answer = world("ready").gate()
    assert (code, reasons) == (0, set()), answer
    assert answer["environments"] == {"production": {MODEL: dict.fromkeys(("compliance", "data", "platform", "risk"), "approved")}}


def test_a_proposal_that_nobody_signed_is_pending_and_says_who_must(world: Callable[[Stage], World]) -> None:
    code, reasons, answer = world("proposed").gate()
    assert code == 10
    assert reasons == {"ROLE-MISSING", "LIMITS", "GO-LIVE"}, answer


def test_after_the_merge_it_may_decide(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    branch = desk.git("rev-parse", "--abbrev-ref", "HEAD")
    desk.merge(branch, after=WEEK)
    status = desk.status(after=WEEK + dt.timedelta(days=1))
    production = next(place for place in status["environments"] if place["environment"] == "production")  # type: ignore[attr-defined]
    assert production["condition"] == "Ready"
    assert production["models"][0]["verdict"] == "ALLOW"


def test_an_entry_put_in_and_taken_out_on_the_way_is_refused(world: Callable[[Stage], World]) -> None:
    desk = world("ready")
    path = "compliance/environments/production.yaml"
    desk.git("rm", "-q", path)
    desk.commit("Taken out again")
    code, reasons, answer = desk.gate()
    assert (code, reasons) == (30, {"ANCESTRY"}), answer


def test_a_first_policy_that_its_roots_did_not_sign_is_refused(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    desk.git("switch", "-qc", "unsigned", "main~2")
    desk.git("branch", "-q", "start", "main~3")
    code, reasons, _ = desk.gate(base="start")
    assert (code, reasons) == (20, {"POLICY-MISSING", "POLICY-SELF"})
    code, reasons, _ = desk.gate(base="start", head="main")
    assert (code, reasons) == (20, {"POLICY-MISSING"})
