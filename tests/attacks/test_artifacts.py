"""Artifacts that are not what was signed, or not of an allowed format; releases whose author signed for something wrong."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._parse import encode_json
from bot_core.governance import layout
from tests.attacks.acts import (
    AUDIT,
    branch,
    codes,
    of_file,
    of_report,
    on_main,
    put_release,
)
from tests.evidence import walk_forward
from tests.world import MODEL, WEEK, World

if TYPE_CHECKING:
    from bot_core.documents.release import ReleaseManifest
    from tests.attacks.acts import Change, Worlds

# Two blocks of equal size and equal MD5: six bits differ (Wang and Yu, 2004).
ONE = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a"
    "085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
OTHER = bytes(byte ^ 0x80 * (place in (19, 45, 59, 83, 109, 123)) for place, byte in enumerate(ONE))


def extra_field(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    return of_file(desk, document, encode_json(json.loads(desk.read(document.artifact.path)) | {"formats": ["pickle"]}))


def elsewhere(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    there = f"models/other/{document.version}.json"
    desk.put(there, desk.read(document.artifact.path))
    return replace(document, artifact=replace(document.artifact, path=there))


def outside(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, reports=[replace(document.reports[0], path="/etc/hostname"), *document.reports[1:]])


def upwards(_: World, document: ReleaseManifest) -> ReleaseManifest:
    path = f"{AUDIT}/walk_forward/../drift/{document.version}.json"
    return replace(document, reports=[replace(document.reports[0], path=path), *document.reports[1:]])


def other_golden(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    artifact = json.loads(desk.read(document.artifact.path))
    artifact["golden"][0]["prediction"] = -0.5
    return of_file(desk, document, encode_json(artifact))


def other_family(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, artifact=replace(document.artifact, format="lightgbm-text"))


def unlisted(_: World, document: ReleaseManifest) -> ReleaseManifest:
    return replace(document, artifact=replace(document.artifact, format="pickle"))


def other_model(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    return of_report(desk, document, encode_json(walk_forward("msft_direction", beats=True)))


def false_status(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    return of_report(desk, document, encode_json(walk_forward(MODEL, beats=False)), status="ok")


def no_report(desk: World, document: ReleaseManifest) -> ReleaseManifest:
    return of_report(desk, document, b'{"beats": true}')


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (extra_field, 20, "FORMAT"),
        (other_family, 20, "FORMAT"),
        (unlisted, 20, "FORMAT"),
        (lambda desk, document: of_file(desk, document, pickle.dumps({"model": 1})), 20, "FORMAT"),
        (lambda desk, document: of_file(desk, document, b"[" * 200_000), 20, "FORMAT"),
        (elsewhere, 30, "REL-DIGEST"),
        (other_golden, 30, "REL-DIGEST"),
        (outside, 30, "PATH"),
        (upwards, 30, "PATH"),
        (other_model, 20, "RPT-FAILED"),
        (false_status, 20, "RPT-FAILED"),
        (no_report, 20, "RPT-FAILED"),
        (lambda desk, document: of_report(desk, document, b"[" * 200_000), 20, "RPT-FAILED"),
    ],
)
def test_a_release_whose_author_signed_for_something_wrong_cannot_be_merged(
    world: Worlds, change: Change, code: int, reason: str
) -> None:
    desk = world("configured")
    desk.git("switch", "-qc", "release")
    put_release(desk, change)
    assert desk.gate()[:2] == (code, {reason})


def test_a_release_as_it_was_made_can_be_merged(world: Worlds) -> None:
    desk = world("configured")
    desk.git("switch", "-qc", "release")
    put_release(desk, lambda _, document: document)
    assert desk.gate()[:2] == (0, set())


def test_blocks_of_equal_md5_and_size_are_two_files_here(world: Worlds) -> None:
    assert hashlib.md5(ONE).digest() == hashlib.md5(OTHER).digest()  # noqa: S324  # the point of the test
    assert len(ONE) == len(OTHER)
    desk = world("configured")
    desk.git("switch", "-qc", "release")
    version = put_release(desk, lambda desk, document: of_file(desk, document, ONE))
    assert desk.gate()[:2] == (20, {"FORMAT"}), "the file is the one signed, though no artifact"
    desk.put(layout.artifact(MODEL, version), OTHER)
    desk.commit()
    assert desk.gate()[:2] == (30, {"REL-DIGEST", "FORMAT"})


def test_an_artifact_swapped_after_sign_off_is_seen_in_the_pull_request(world: Worlds) -> None:
    desk = world("ready")
    swap(desk)
    assert desk.gate()[:2] == (30, {"REL-IMMUTABLE", "REL-DIGEST"})


def test_an_artifact_swapped_on_main_is_seen_at_the_next_promotion(world: Worlds) -> None:
    desk = world("ready")
    on_main(desk, lambda: swap(desk))
    assert desk.gate()[:2] == (30, {"REL-DIGEST"})


def test_an_artifact_swapped_while_it_decides_decides_no_more(world: Worlds) -> None:
    desk = world("ready")
    desk.merge(branch(desk), after=WEEK)
    swap(desk)
    assert codes(desk) == {"REL-DIGEST"}


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "20261121T101500Z-3f2a9c41.onnx", "model.json"])
def test_nothing_but_releases_lies_under_models(world: Worlds, name: str) -> None:
    desk = world("ready")
    desk.put(f"models/{MODEL}/{name}", pickle.dumps({"model": 1}))
    desk.commit()
    assert desk.gate()[:2] == (20, {"FORMAT"})


def test_a_pickle_under_the_name_of_an_artifact_is_refused(world: Worlds) -> None:
    desk = world("ready")
    desk.put(f"models/{MODEL}/20261121T101500Z-3f2a9c41.json", pickle.dumps({"model": 1}))
    desk.commit()
    assert desk.gate()[:2] == (20, {"FORMAT"})


def test_a_format_taken_out_of_the_policy_may_decide_no_more(world: Worlds) -> None:
    desk = world("ready")
    proposal = branch(desk)
    desk.git("switch", "-q", "main")
    desk.edit(layout.POLICY, "  - linear-json\n", "")
    desk.ok("policy", "propose")
    for name in ("ann", "ben"):
        desk.ok("policy", "sign", "--signer", name, "--key", desk.key(name))
    desk.git("switch", "-q", proposal)
    assert desk.gate()[:2] == (20, {"FORMAT"})


def swap(desk: World) -> None:
    """Turn a sign in the artifact: as many bytes as before."""
    path = layout.artifact(MODEL, desk.version)
    size = Path(desk.path, path).stat().st_size
    desk.edit(path, '"intercept": 0.5', '"intercept": 5.0')
    assert Path(desk.path, path).stat().st_size == size
    desk.commit("Swap")
