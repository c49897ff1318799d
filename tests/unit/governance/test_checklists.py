from __future__ import annotations

from typing import Any

import pytest

from bot_core._digest import sha256
from bot_core.documents.checklist import BoundFile, Checklist, Item
from bot_core.documents.policy import ChecklistName
from bot_core.documents.signoff import Answer, AnsweredChecklist, SignOff
from bot_core.governance import layout
from bot_core.governance.checklists import Questions, answered, ask, failures, read
from bot_core.governance.crew import Crew
from bot_core.governance.evidence import Release
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused, Verdict
from tests.memory_view import DAY, T0, MemoryView, manifest_of, policy, rules, signoff

RUNBOOK = "docs/runbooks/rollback.md"
ITEMS = [
    Item(id="C1", text="It is better.", check="walk_forward_beats_baseline"),
    Item(id="C2", text="I have read it.", roles=["risk"]),
    Item(id="C3", text="The minutes are there.", evidence="minutes.md"),
    Item(id="C4", text="No alert is open.", waivable=True),
    Item(id="C5", text="Only data answers.", roles=["data"], document=BoundFile(path=RUNBOOK, digest=sha256(b"approved"))),
]
CHECKLIST = Checklist(schema="bot-core/checklist/v1", id="small", title="A small one", items=ITEMS)
NAME = ChecklistName(id="small", digest=sha256(spell(CHECKLIST)))
PASSED = {item: Answer(item=item, answer="pass") for item in ("C2", "C4")} | {
    "C3": Answer(item="C3", answer="pass", evidence=sha256(b"We agreed."))
}
PATH = "a.yaml"


@pytest.fixture
def view() -> MemoryView:
    found = MemoryView()
    found.put(layout.checklist("small"), spell(CHECKLIST), T0 - DAY)
    found.put("minutes.md", b"We agreed.", T0 - DAY)
    found.put(RUNBOOK, b"approved", T0 - DAY)
    return found


def questions(view: MemoryView, *, better: bool = True) -> Questions:
    return Questions(NAME, read(view, NAME, T0), {"walk_forward_beats_baseline": better}, T0)


def word(role: str = "risk", name: ChecklistName = NAME, **changed: Answer | None) -> SignOff:
    answers = [answer for answer in (PASSED | changed).values() if answer is not None]
    return signoff(role=role, checklist=AnsweredChecklist(id=name.id, digest=name.digest, answers=answers))


def refused(view: MemoryView, said: SignOff, *, better: bool = True) -> str:
    with pytest.raises(Refused) as caught:
        answered(said, PATH, questions(view, better=better), view)
    assert caught.value.code == "CHECK-FAILED"
    return caught.value.message


def test_the_right_answers_pass(view: MemoryView) -> None:
    answered(word(), PATH, questions(view), view)
    answered(word(C1=Answer(item="C1", answer="pass")), PATH, questions(view), view)


def test_the_checklist_is_the_one_that_the_policy_names(view: MemoryView) -> None:
    view.put(layout.checklist("small"), b"schema: other\n", T0 - DAY)
    with pytest.raises(Refused) as caught:
        questions(view)
    assert caught.value.code == "REL-DIGEST"
    assert "expected the checklist that the policy names" in caught.value.message


def test_the_checklist_is_read_as_it_stood_then(view: MemoryView) -> None:
    view.put(layout.checklist("small"), b"schema: other\n", T0 + DAY)
    assert questions(view).checklist == CHECKLIST


def test_another_checklist_or_none_is_no_answer(view: MemoryView) -> None:
    assert refused(view, signoff()) == f"a.yaml: checklist: expected small {NAME.digest}, got none"
    other = ChecklistName(id="other", digest=NAME.digest)
    assert refused(view, word(name=other)) == f"a.yaml: checklist: expected small {NAME.digest}, got other {NAME.digest}"


def test_a_question_without_an_answer_is_named(view: MemoryView) -> None:
    assert refused(view, word(C2=None)) == "a.yaml: C2: expected an answer of risk, got none (I have read it.)"


def test_each_role_answers_its_own_questions(view: MemoryView) -> None:
    answered(word("compliance", C2=None), PATH, questions(view), view)
    assert "C5: expected an answer of data" in refused(view, word("data", C2=None))


def test_an_answer_to_no_question_is_refused(view: MemoryView) -> None:
    assert refused(view, word(C9=Answer(item="C9", answer="pass"))) == "a.yaml: checklist: expected items of small, got C9"


def test_nobody_answers_for_the_machine(view: MemoryView) -> None:
    said = refused(view, word(C1=Answer(item="C1", answer="pass")), better=False)
    assert said == "a.yaml: C1: expected what the machine decides (walk_forward_beats_baseline), got pass"
    waived = Answer(item="C1", answer="waived", reason="busy", expires=T0 + DAY)
    assert refused(view, word(C1=waived)).endswith("got waived")


def test_evidence_is_named_by_the_digest_of_the_file_as_it_stood(view: MemoryView) -> None:
    wrong = Answer(item="C3", answer="pass", evidence=sha256(b"other"))
    assert "C3: expected the digest of minutes.md as it stands" in refused(view, word(C3=wrong))
    assert refused(view, word(C3=Answer(item="C3", answer="pass"))).endswith("got none")
    view.put("minutes.md", b"changed since", T0 + DAY)
    answered(word(), PATH, questions(view), view)


@pytest.mark.parametrize("missing", [{"reason": None}, {"expires": None}, {"expires": T0}, {}])
def test_a_waiver_needs_a_reason_an_end_and_leave(view: MemoryView, missing: dict[str, Any]) -> None:
    facts = {"answer": "waived", "reason": "The desk is closed.", "expires": T0 + DAY, **missing}
    if missing:
        assert "C4: expected a waiver with a reason and an end still to come" in refused(view, word(C4=Answer(item="C4", **facts)))
    else:
        answered(word(C4=Answer(item="C4", **facts)), PATH, questions(view), view)
        assert (
            refused(view, word(C2=Answer(item="C2", **facts)))
            == "a.yaml: C2: expected pass, for the item allows no waiver; got waived"
        )


def test_the_machine_says_no_whoever_signed(view: MemoryView) -> None:
    assert failures(view, questions(view)) == []
    (reason,) = failures(view, questions(view, better=False))
    assert reason.message == (
        "compliance/checklists/small.yaml: C1: expected walk_forward_beats_baseline, which the machine decides; got no (It is better.)"
    )


def asked(view: MemoryView, *checks: str) -> Questions:
    """Ask the machine alone."""
    items = [Item(id=f"C{number}", text="Is it so?", check=check) for number, check in enumerate(checks)]  # type: ignore[arg-type]
    data = spell(Checklist(schema="bot-core/checklist/v1", id="small", title="A small one", items=items))
    view.put(layout.checklist("small"), data, T0 - DAY)
    name = ChecklistName(id="small", digest=sha256(data))
    found = ask(view, rules("production", checklist=name), Release(manifest_of(), {}), Crew(policy()), T0)
    assert found is not None
    return found


def test_the_machine_looks_for_extracts_only_where_an_item_asks(view: MemoryView) -> None:
    assert asked(view, "release_complete").running is None
    found = asked(view, "release_complete", "loop_produced")
    assert found.running is not None
    assert (found.machine["release_complete"], found.machine["loop_produced"]) == (True, False)


def test_what_was_not_shown_yet_is_outstanding_and_not_refused(view: MemoryView) -> None:
    (reason,) = failures(view, asked(view, "scheduler_current"))
    assert (reason.code, reason.verdict) == ("RPT-MISSING", Verdict.PENDING)
    expected = "C0: expected scheduler_current, which the machine decides; got no scheduler extract of production that counts"
    assert reason.message == f"compliance/checklists/small.yaml: {expected} (Is it so?)"


def test_an_environment_without_a_checklist_asks_nothing(view: MemoryView) -> None:
    assert ask(view, rules(), Release(manifest_of(), {}), Crew(policy()), T0) is None


def test_a_bound_file_must_be_as_it_was_approved(view: MemoryView) -> None:
    view.put(RUNBOOK, b"edited", T0 - DAY)
    (reason,) = failures(view, questions(view))
    assert (reason.code, reason.path) == ("CHECK-FAILED", RUNBOOK)
    assert reason.message.endswith("got another text")
