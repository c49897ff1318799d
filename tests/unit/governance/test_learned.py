from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.documents.artifact import learned_digest
from bot_core.documents.release import Member, ReleaseManifest
from bot_core.governance import layout, learned
from bot_core.governance.reading import parse, spell
from bot_core.governance.reasons import Refused
from tests.evidence import ensemble, line
from tests.memory_view import DIGEST, MODEL, VERSION, MemoryView, manifest_of, put_release

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.artifact import ModelState

PATH = layout.artifact(MODEL, VERSION)
BLEND = ensemble(ridge=line(0.5), other=line(1.5))


def manifest(state: ModelState, **changes: object) -> ReleaseManifest:
    """Make the manifest that a release of a model has."""
    told = replace(manifest_of().document, learned=learned_digest(state), members=learned.members(state))
    return replace(told, **changes)


def refused(state: ModelState, document: ReleaseManifest) -> str:
    with pytest.raises(Refused) as caught:
        learned.require(state, document, PATH)
    assert caught.value.code == "REL-DIGEST"
    return caught.value.message


def test_what_was_learned_has_one_name_alone_and_in_an_ensemble() -> None:
    assert learned.members(BLEND) == [
        Member(name="ridge", digest=learned_digest(line(0.5))),
        Member(name="other", digest=learned_digest(line(1.5))),
    ]
    assert learned.members(line()) == []


@pytest.mark.parametrize("state", [line(), BLEND], ids=["alone", "ensemble"])
def test_a_manifest_that_says_what_is_so_is_proven(state: ModelState) -> None:
    learned.require(state, manifest(state), PATH)


def test_a_release_made_before_need_not_say_it() -> None:
    learned.require(line(), manifest(line(), learned=None), PATH)


def test_an_older_manifest_is_read_and_spelled_as_it_was() -> None:
    old = manifest_of().document
    data = spell(old)
    assert (b"learned" in data, b"members" in data) == (False, False)
    assert parse(data, ReleaseManifest, "x") == old


def test_a_manifest_that_says_it_is_spelled_in_one_way() -> None:
    document = manifest(BLEND)
    assert parse(spell(document), ReleaseManifest, "x") == document


def test_another_digest_is_refused() -> None:
    whose = layout.manifest(MODEL, VERSION)
    got = refused(line(), manifest(line(), learned=DIGEST))
    assert got == f"{whose}: learned: expected {learned_digest(line())}, got {DIGEST}"
    assert refused(BLEND, manifest(BLEND, learned=None)).endswith("got none")


@pytest.mark.parametrize(
    "members",
    [[], learned.members(BLEND)[:1], learned.members(BLEND)[::-1], learned.members(ensemble(ridge=line(0.5), other=line(2.0)))],
    ids=["none", "one", "swapped", "another"],
)
def test_other_members_are_refused(members: list[Member]) -> None:
    assert "members: expected those of" in refused(BLEND, manifest(BLEND, members=members))


def test_a_single_model_with_members_is_refused() -> None:
    assert "(none), got others (ridge, other)" in refused(line(), manifest(line(), members=learned.members(BLEND)))


def test_a_member_that_the_artifact_names_wrongly_is_refused() -> None:
    forged = replace(BLEND, members=[replace(BLEND.members[0], digest=DIGEST), BLEND.members[1]])
    assert refused(forged, manifest(forged)).endswith(f"expected members named by what they learned, got {DIGEST}")


def test_a_release_made_now_says_what_it_learned() -> None:
    learned.require_said(manifest(line()))
    with pytest.raises(Refused, match="learned: expected the digest of what the model learned, got none"):
        learned.require_said(manifest_of().document)


def test_a_member_that_a_revoked_release_had_learned_is_named() -> None:
    digest = learned_digest(line(1.5))
    (reason,) = learned.revoked_members(manifest(BLEND), {digest, DIGEST})
    assert reason.code == "MEMBER-REVOKED"
    assert "got other, which a revoked release had learned" in reason.message
    assert list(learned.revoked_members(manifest(BLEND), {DIGEST})) == []


def without(view: MemoryView, version: str) -> str:
    """Let a release's manifest say nothing of what it learned; return the manifest's digest."""
    path = layout.manifest(MODEL, version)
    old = replace(parse(view.read(path) or b"", ReleaseManifest, path), learned=None)
    view.put(path, spell(old))
    return sha256(spell(old))


def test_what_a_release_had_learned_is_found_by_its_manifest(tmp_path: Path) -> None:
    view = MemoryView()
    version, digest = put_release(view, tmp_path, state=line(3.0))
    assert learned.learned_by(view, {digest}) == {learned_digest(line(3.0))}
    assert learned.learned_by(view, {DIGEST}) == learned.learned_by(view, ()) == frozenset()
    view.put(layout.artifact(MODEL, version), None)
    assert learned.learned_by(view, {digest}) == {learned_digest(line(3.0))}


def test_of_an_older_release_it_is_found_in_the_artifact(tmp_path: Path) -> None:
    view = MemoryView()
    version, _ = put_release(view, tmp_path, state=line(3.0))
    digest = without(view, version)
    assert learned.learned_by(view, {digest}) == {learned_digest(line(3.0))}
    view.put(layout.artifact(MODEL, version), None)
    assert learned.learned_by(view, {digest}) == {learned_digest(line(3.0))}
    view.put(layout.artifact(MODEL, version), b"junk")
    assert learned.learned_by(view, {digest}) == frozenset()


def test_of_a_release_that_was_taken_away_it_is_found_in_history(tmp_path: Path) -> None:
    view = MemoryView()
    version, digest = put_release(view, tmp_path, state=line(3.0))
    view.put(layout.manifest(MODEL, version), None)
    assert learned.learned_by(view, {digest}) == {learned_digest(line(3.0))}
    assert learned.learned_by(view, {digest}, known={digest}) == frozenset(), "what it had learned is remembered: no walk"


def test_junk_under_models_says_nothing() -> None:
    view = MemoryView()
    view.put("models/x/20261121T101500Z-3f2a9c41.release.yaml", b"junk")
    assert learned.learned_by(view, {sha256(b"junk")}) == frozenset()
