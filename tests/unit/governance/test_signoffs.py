from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot_core._digest import sha256
from bot_core.documents.signoff import Subject
from bot_core.governance import layout
from bot_core.governance.crew import Crew
from bot_core.governance.signoffs import Asked, Collected, collect
from tests.memory_view import DAY, DIGEST, MODEL, T0, VERSION, MemoryView, make, policy, put_signoff, rules, sign, signoff

SUBJECT = Subject(kind="release", name=MODEL, version=VERSION, digest=DIGEST)
NOW = T0 + DAY


def asked(subject: Subject = SUBJECT, authors: tuple[str, ...] = ("eve",), **more: object) -> Asked:
    environment = make(rules, {"approvals": {"risk": 1, "compliance": 1}, **more})
    return Asked(subject, environment, environment.approvals, NOW, frozenset(authors))


def found(view: MemoryView, wanted: Asked | None = None, **changed: object) -> Collected:
    return collect(view, Crew(policy(**changed)), wanted or asked())


def refusal(wanted: Asked | None = None, *, since: dt.datetime = T0, changed: dict[str, Any] | None = None, **word: object) -> str:
    view = MemoryView()
    put_signoff(view, make(signoff, word), since)
    ((_, reason),) = found(view, wanted, **(changed or {})).refused
    return f"{reason.code}: {reason.message.partition(': ')[2]}"


def test_the_matrix_says_who_signed_and_who_is_missing() -> None:
    view = MemoryView()
    put_signoff(view, signoff())
    collected = found(view)
    assert [(row.role, row.asked, row.state, row.signers) for row in collected.roles] == [
        ("risk", 1, "approved", ("ann",)),
        ("compliance", 1, "missing", ()),
    ]
    assert collected.roles[0].expires == T0 + 30 * DAY
    assert dict(collected.lacking) == {"compliance": 1}


def test_a_persons_last_word_counts() -> None:
    view = MemoryView()
    put_signoff(view, signoff(decision="reject"))
    put_signoff(view, signoff(issued=T0 + dt.timedelta(hours=1)), NOW)
    assert found(view).rejections == ()
    put_signoff(view, signoff(decision="reject", issued=T0 + dt.timedelta(hours=2)), NOW)
    collected = found(view)
    assert (collected.approvals, collected.roles[0].state) == ((), "rejected")


def test_a_no_stands_beside_another_persons_yes() -> None:
    view = MemoryView()
    put_signoff(view, signoff())
    put_signoff(view, signoff("fay", decision="reject"))
    collected = found(view)
    assert ([s.document.signer for s in collected.approvals], collected.roles[0].state) == (["ann"], "rejected")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ({"repository": "quant/other"}, "repository: expected quant/models, got quant/other"),
        ({"policy_version": 2}, "policy_version: expected 1 to 1, got 2"),
        ({"role": "data"}, "expected a signer in the role data, got ann, who does not hold it"),
        ({"issued": T0 + dt.timedelta(minutes=6)}, "issued: expected no later than 2026-11-21T10:00:00Z, got 2026-11-21T10:06:00Z"),
    ],
)
def test_a_sign_off_for_something_else_is_refused_with_the_difference(word: dict[str, Any], sentence: str) -> None:
    assert refusal(**word) == f"SIGNOFF-CONTEXT: {sentence}"


def test_a_sign_off_of_another_content_is_refused() -> None:
    other = sha256(b"another release")
    assert refusal(asked(Subject(kind="release", name=MODEL, version=VERSION, digest=other))) == (
        f"SIGNOFF-CONTEXT: subject.digest: expected {other}, got {DIGEST}"
    )


def test_a_sign_off_under_another_name_is_refused() -> None:
    view = MemoryView()
    word = signoff()
    path = layout.signoff("paper", SUBJECT, "risk", "ann", T0 + DAY)
    sign(view, path, word, layout.SIGNOFF, "ann")
    assert found(view).refused[0][1].message.startswith(f"{path}: file name: expected ")


def test_old_policies_may_be_outlived() -> None:
    change = {"version": 3, "signoffs_valid_from_policy": 2}
    assert refusal(changed=change) == "SIGNOFF-CONTEXT: policy_version: expected 2 to 3, got 1"


def test_an_author_may_not_sign_unless_the_policy_says_so() -> None:
    wanted = asked(authors=("ann", "eve"))
    assert refusal(wanted) == "SOD-SELF: expected a signer who is no author of the release, got ann"
    view = MemoryView()
    put_signoff(view, signoff())
    assert found(view, asked(authors=("ann",), author_may_sign=True)).refused == ()


@pytest.mark.parametrize(
    ("limits", "since", "word", "sentence"),
    [
        (
            {"max_sign_to_merge_days": 14},
            T0 + 15 * DAY,
            {},
            "SIGNOFF-EXPIRED: expected a merge within 14 days of signing, got: signed ",
        ),
        ({"max_validity_days": 29}, T0, {}, "SIGNOFF-TOO-LONG: expires: expected at most 29 days after issued, got 30 days"),
        ({}, T0, {"expires": NOW}, "SIGNOFF-EXPIRED: expires: expected later than 2026-11-22T10:00:00Z, got 2026-11-22T10:00:00Z"),
    ],
)
def test_a_sign_off_has_its_time(limits: dict[str, Any], since: dt.datetime, word: dict[str, Any], sentence: str) -> None:
    assert refusal(asked(**limits), since=since, **word).startswith(sentence)


def test_days_are_counted_to_the_second() -> None:
    view = MemoryView()
    put_signoff(view, signoff(), T0 + 14 * DAY)
    wanted = asked(max_sign_to_merge_days=14, max_validity_days=30)
    assert found(view, wanted).refused == ()
    assert refusal(wanted, since=T0 + 14 * DAY + dt.timedelta(seconds=1)).startswith("SIGNOFF-EXPIRED")


def test_junk_beside_a_sign_off_changes_nothing() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    folder = path.rsplit("/", 1)[0]
    for name in ("release.risk.mallory.20261121T100000Z.yaml", "release.yaml", "release..yaml", "notes.txt", "domain.x.yaml"):
        view.put(f"{folder}/{name}", b"\xff\x00")
    collected = found(view)
    assert [s.path for s in collected.approvals] == [path]
    assert [(role, reason.code) for role, reason in collected.refused] == [("", "CANON"), ("risk", "CANON"), ("yaml", "CANON")]


def test_one_person_fills_one_role_unless_the_policy_says_so() -> None:
    view = MemoryView()
    put_signoff(view, signoff("fay"))
    put_signoff(view, signoff("fay", "data"))
    both = {"risk": 1, "data": 1}
    assert sum(found(view, asked(approvals=both)).lacking.values()) == 1
    assert not found(view, asked(approvals=both, distinct_people=False)).lacking
