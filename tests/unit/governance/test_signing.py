from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from bot_core._digest import sha256
from bot_core.errors import ConfigError
from bot_core.governance import layout
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.governance.signing import Wish, document, open_items, prepare
from tests.memory_view import make
from tests.world import ANSWERS, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.documents.signoff import SignOff
    from tests.world import Stage, World

DAY = dt.timedelta(days=1)


@pytest.fixture
def proposed(world: Callable[[Stage], World]) -> World:
    return world("proposed")


def now(world: World) -> dt.datetime:
    return world.t0 + dt.timedelta(hours=1)


def wish(world: World, **more: object) -> Wish:
    facts = {"environment": "production", "role": "risk", "signer": "ann", "model": MODEL, "version": world.version, **more}
    return make(Wish, facts)


def written(world: World, **more: object) -> tuple[SignOff, str]:
    desk = Desk(world.path, now(world))
    asked = wish(world, **more)
    return document(desk, asked, prepare(desk, asked))


def refused(world: World, **more: object) -> str:
    with pytest.raises((ConfigError, Refused)) as caught:
        written(world, **more)
    return str(caught.value.message)


def test_a_release_is_shown_with_its_evidence_and_its_questions(proposed: World) -> None:
    found = prepare(Desk(proposed.path, now(proposed)), wish(proposed))
    manifest = (proposed.path / layout.manifest(MODEL, proposed.version)).read_bytes()
    assert (found.subject.kind, found.subject.name, found.subject.version) == ("release", MODEL, proposed.version)
    assert found.subject.digest == sha256(manifest)
    assert (found.entry is not None, found.release is not None) == (True, True)
    assert [item.id for item in open_items(found, wish(proposed))] == list(ANSWERS["risk"])
    assert open_items(found, wish(proposed, answers=dict.fromkeys(ANSWERS["risk"], "pass"))) == []


def test_the_document_says_what_was_wished(proposed: World) -> None:
    word, path = written(
        proposed,
        reject=True,
        statement="Too few windows.",
        answers={"C7": "pass"},
        conditions={"limit": "50", "size": "0.10", "side": "long"},
        valid=5 * DAY,
    )
    assert (word.repository, word.environment, word.role, word.signer) == ("quant/models", "production", "risk", "ann")
    assert (word.decision, word.statement, word.policy_version) == ("reject", "Too few windows.", 1)
    assert (word.issued, word.expires) == (now(proposed), now(proposed) + 5 * DAY)
    assert word.conditions == {"limit": 50, "size": "0.10", "side": "long"}
    assert word.checklist is not None
    assert [(answer.item, answer.answer) for answer in word.checklist.answers] == [("C7", "pass")]
    assert layout.classify(path) == "add_only"


def test_it_holds_as_long_as_the_policy_allows(proposed: World) -> None:
    assert written(proposed)[0].expires == now(proposed) + 120 * DAY


def test_a_waiver_carries_its_reason_and_its_end(proposed: World) -> None:
    word, _ = written(proposed, answers={"C6": "waived:2027-01-31:The desk: closed"})
    assert word.checklist is not None
    (answer,) = word.checklist.answers
    assert (answer.answer, answer.reason, answer.expires) == (
        "waived",
        "The desk: closed",
        dt.datetime(2027, 1, 31, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"answers": {"C9": "pass"}}, "--answer: expected one of C1, C2, C3, C4, C5, C6, C7; got C9"),
        ({"answers": {"C7": "yes"}}, "--answer C7: expected pass, or waived:2026-12-31:REASON; got yes"),
        ({"answers": {"C6": "waived:soon:closed"}}, "--answer C6: expected a date such as 2026-12-31, got soon"),
        ({"signer": "ben"}, "--signer: expected somebody in the role risk (ann, fay), got ben"),
        ({"role": "magic"}, "--signer: expected somebody in the role magic (nobody), got ann"),
        ({"environment": "moon"}, "--env: expected one of paper, production; got moon"),
        ({"domain": "nowhere"}, "--domain: expected one domain file of nowhere in the proposal, got none"),
    ],
)
def test_what_cannot_be_signed_is_said(proposed: World, more: dict[str, Any], sentence: str) -> None:
    assert refused(proposed, **more) == sentence


def test_a_release_that_is_not_there_or_not_whole_is_not_signed(proposed: World) -> None:
    path = layout.manifest("other", proposed.version)
    assert refused(proposed, model="other") == f"{path}: expected the manifest of a release, got no file"
    report = f"audit/ai_decision/drift/{proposed.version}.json"
    proposed.git("rm", "-q", report)
    proposed.git("commit", "-qm", "Delete")
    assert refused(proposed) == f"{report}: expected the drift report of the release, got no file"


def test_limits_are_signed_as_the_proposal_names_them(proposed: World) -> None:
    word, path = written(proposed, model=None, version=None, domain="trade_entry")
    domain = proposed.find("compliance/domains/trade_entry/*.yaml")
    assert (word.subject.kind, word.subject.name, word.subject.version) == ("domain", "trade_entry", None)
    assert word.subject.digest == sha256((proposed.path / domain).read_bytes())
    assert word.checklist is None
    assert "/domain.risk.ann." in path


def test_a_step_names_the_newest_published_evidence(proposed: World) -> None:
    manifest = sha256((proposed.path / layout.manifest(MODEL, proposed.version)).read_bytes())
    assert written(proposed, percent=5)[0].subject.digest == manifest
    for name in ("a", "b"):
        proposed.put(f"audit/ai_decision/operation/production/{proposed.version}/{name}.json", name)
    proposed.commit()
    word, path = written(proposed, percent=5)
    assert (word.subject.percent, word.subject.digest) == (5, sha256(b"b"))
    assert "/rollout5.risk.ann." in path
