from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot_core.documents.interventions import Halt, Revocation
from bot_core.governance import layout
from bot_core.governance.added import judge_added
from bot_core.governance.git import FILE, Change
from tests.memory_view import MODEL, REPOSITORY, T0, MemoryView, make, policy, put_release, put_signoff, sign, signoff

if TYPE_CHECKING:
    from pathlib import Path


def judged(view: MemoryView, *paths: str) -> list[str]:
    """Judge some files, or all there are, as added."""
    added = [Change("A", FILE, path) for path in (paths or view.files) if view.read(path) is not None]
    return [f"{reason.code}: {reason.message}" for reason in judge_added(view, policy(), added)]


def halt(signer: str = "ann", **changed: object) -> Halt:
    facts = {
        "schema": "bot-core/halt/v1",
        "repository": REPOSITORY,
        "environment": "paper",
        "id": "stop",
        "signer": signer,
        "issued": T0,
        "reason": "It drifts.",
        **changed,
    }
    return make(Halt, facts)


def test_what_is_signed_by_whom_it_names_may_come(tmp_path: Path) -> None:
    view = MemoryView()
    put_release(view, tmp_path)
    put_signoff(view, signoff())
    sign(view, f"{layout.halts('paper')}/stop.yaml", halt(), layout.HALT, "ann")
    assert judged(view) == []


def test_files_that_change_are_somebody_elses_question() -> None:
    view = MemoryView()
    view.put("compliance/halts/paper/stop.yaml", b"junk")
    assert list(judge_added(view, policy(), [Change("M", FILE, "compliance/halts/paper/stop.yaml")])) == []


def test_a_signature_comes_with_its_document() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    (sentence,) = judged(view, path + ".sig")
    assert sentence.startswith(f"SIG-BAD: {path}.sig: expected the document that it signs")
    view.put(path + ".sig", None)
    assert judged(view) == [f"SIG-BAD: {path}: expected a signature of ann in {path}.sig, got no file"]


@pytest.mark.parametrize(
    ("order", "signer", "sentence"),
    [
        ({"repository": "quant/other"}, "ann", "repository: expected quant/models, got quant/other"),
        ({}, "eve", "expected a signer in a role (risk), got eve"),
        ({"id": "other"}, "ann", "expected the name that its content asks for, compliance/halts/paper/other.yaml"),
        ({"environment": "x"}, "ann", "expected a signer in a role (), got ann"),
    ],
)
def test_an_order_is_for_here_by_somebody_who_may_under_its_name(order: dict[str, Any], signer: str, sentence: str) -> None:
    view = MemoryView()
    path = f"{layout.halts('paper')}/stop.yaml"
    sign(view, path, halt(signer, **order), layout.HALT, signer)
    assert judged(view) == [f"SIGNOFF-CONTEXT: {path}: {sentence}"]


def test_a_revocation_is_named_by_its_id() -> None:
    view = MemoryView()
    order = Revocation(
        schema="bot-core/revocation/v1",
        repository=REPOSITORY,
        id="gone",
        kind="person",
        subject="eve",
        signer="ann",
        issued=T0,
        reason="Left.",
    )
    sign(view, f"{layout.REVOCATIONS}/other.yaml", order, layout.REVOCATION, "ann")
    assert judged(view)[0].endswith("expected the name that its content asks for, compliance/revocations/gone.yaml")


def test_a_release_comes_whole(tmp_path: Path) -> None:
    view = MemoryView()
    version, _ = put_release(view, tmp_path)
    report = f"audit/ai_decision/drift/{version}.json"
    view.put(report, None)
    assert judged(view) == [f"RPT-MISSING: {report}: expected the drift report of the release, got no file"]
    view.put(layout.artifact(MODEL, version), b"{}")
    codes = [sentence.partition(":")[0] for sentence in judged(view)]
    assert codes == ["FORMAT", "REL-DIGEST"]
