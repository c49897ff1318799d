from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core._parse import encode_json, read_json
from bot_core.documents.artifact import ModelArtifact
from bot_core.errors import DocumentError
from bot_core.governance.manifest import REPORTS, manifest
from tests.evidence import DIGEST, ensemble, line, write_release
from tests.memory_view import MODEL, T0

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def version(tmp_path: Path) -> str:
    return write_release(tmp_path, MODEL, T0)


def sha256sum(root: Path, path: str) -> str:
    said = subprocess.run(["sha256sum", path], cwd=root, capture_output=True, text=True, check=True).stdout
    return f"sha256:{said.split()[0]}"


def test_every_file_is_named_as_sha256sum_names_it(tmp_path: Path, version: str) -> None:
    found = manifest(tmp_path, MODEL, version, "eve")
    named = {found.artifact.path: found.artifact.digest, **{report.path: report.digest for report in found.reports}}
    assert named == {path: sha256sum(tmp_path, path) for path in named}
    assert [report.kind for report in found.reports] == list(REPORTS)
    assert found.artifact.size == (tmp_path / found.artifact.path).stat().st_size


def test_it_repeats_what_the_artifact_says_of_itself(tmp_path: Path, version: str) -> None:
    found = manifest(tmp_path, MODEL, version, "eve")
    artifact = read_json(tmp_path / found.artifact.path, ModelArtifact)
    assert (found.model, found.version, found.created, found.artifact.format) == (MODEL, version, T0, "linear-json")
    assert (found.source.inputs, found.data[0].name, found.data[0].digest) == (DIGEST, "eurusd", DIGEST)
    assert found.golden.digest == sha256(encode_json(artifact.golden))
    assert {report.status for report in found.reports} == {"ok"}


def test_it_names_what_was_learned_and_by_which_members(tmp_path: Path) -> None:
    blend = ensemble(ridge=line(0.5), other=line(1.5))
    version = write_release(tmp_path, MODEL, T0, state=blend)
    found = manifest(tmp_path, MODEL, version, "eve")
    assert (found.learned, found.artifact.format) == (sha256(encode_json(blend)), "ensemble-json")
    named = {member.name: member.digest for member in found.members}
    assert named == {"ridge": sha256(encode_json(line(0.5))), "other": sha256(encode_json(line(1.5)))}
    alone = manifest(tmp_path, "other", write_release(tmp_path, "other", T0, state=line(1.5)), "eve")
    assert (alone.learned, alone.members) == (named["other"], [])


def test_authors_are_named_once(tmp_path: Path, version: str) -> None:
    found = manifest(tmp_path, MODEL, version, "eve", ["gus", "eve", "fay", "gus"])
    assert (found.author, found.co_authors) == ("eve", ["fay", "gus"])


def test_the_same_files_give_the_same_manifest(tmp_path: Path, version: str) -> None:
    assert manifest(tmp_path, MODEL, version, "eve") == manifest(tmp_path, MODEL, version, "eve")


def test_a_missing_or_broken_file_is_said(tmp_path: Path, version: str) -> None:
    report = tmp_path / f"audit/ai_decision/drift/{version}.json"
    report.write_text('{"status": "fine"}')
    with pytest.raises(DocumentError, match=f"drift/{version}.json: status: expected one of ok, warning, critical"):
        manifest(tmp_path, MODEL, version, "eve")
    report.unlink()
    with pytest.raises(DocumentError, match="expected a readable file, got No such file or directory"):
        manifest(tmp_path, MODEL, version, "eve")
