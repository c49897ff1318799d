"""Stamping a candidate from a real build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot_core._parse import read_json
from bot_core.ai.validation import validate_model_artifact_schema
from bot_core.documents.artifact import ModelArtifact, TrainedModel

if TYPE_CHECKING:
    from tests.scenarios.conftest import Repository


def _release(repository: Repository) -> dict[str, object]:
    found: dict[str, object] = json.loads(repository.ok("bot-core", "release", "small", "--format", "json"))
    return found


def test_it_writes_the_artifact_its_card_and_its_evidence(repository: Repository) -> None:
    done = _release(repository)
    version = str(done["version"])
    assert done["created"] is True
    expected = {
        f"models/small/{version}.json",
        f"models/small/{version}.md",
        f"audit/ai_decision/walk_forward/{version}.json",
        f"audit/ai_decision/data_quality/{version}.json",
        f"audit/ai_decision/drift/{version}.json",
        f"audit/ai_decision/config/{version}.json",
        "docs/releases/small.md",
    }
    assert set(repository.ok("git", "ls-files", "-o", "--exclude-standard").split()) == expected
    assert "0 violations" in repository.ok("bot-core", "validate")


def test_the_artifact_is_the_trained_model_with_where_it_comes_from(repository: Repository) -> None:
    version = str(_release(repository)["version"])
    artifact = read_json(repository.path / f"models/small/{version}.json", ModelArtifact)
    trained = read_json(repository.path / "build/small/model.json", TrainedModel)
    validate_model_artifact_schema(artifact)
    assert artifact.metadata.commit == repository.ok("git", "rev-parse", "HEAD").strip()
    assert artifact.metadata.model_json.removeprefix("sha256:").startswith(version[-8:])
    assert artifact.metadata.training == trained.metadata
    assert artifact.golden == trained.golden
    assert artifact.metrics.summary == artifact.metrics.test
    assert f"{artifact.trained_at:%Y%m%dT%H%M%SZ}" == version[:16]


def test_releasing_the_same_content_again_changes_nothing(repository: Repository) -> None:
    first = _release(repository)
    repository.commit("release")
    again = _release(repository)
    assert again["version"] == first["version"]
    assert again["created"] is False
    assert repository.ok("git", "status", "--porcelain") == ""


def test_a_changelog_that_was_lost_comes_back_with_the_next_release_of_the_same(repository: Repository) -> None:
    version = str(_release(repository)["version"])
    page = repository.path / "docs/releases/small.md"
    text = page.read_text()
    assert f"\n## {version}\n" in text
    page.unlink()
    assert _release(repository)["created"] is False
    assert page.read_text() == text


def test_a_dirty_tree_is_refused(repository: Repository) -> None:
    (repository.path / "conf/model/extra.yaml").write_text("# not committed\nfamily: linear\nobjective: binary\n")
    repository.ok("dvc", "repro")
    done = repository.run("bot-core", "release", "small")
    assert done.returncode == 20
    assert "error[RELEASE]: .: expected committed inputs, got changes in conf/model/extra.yaml" in done.stderr
    assert not (repository.path / "models").exists()


def test_a_stale_build_is_refused(repository: Repository) -> None:
    repository.edit("conf/model/logistic.yaml", "penalty: 10.0", "penalty: 2.0")
    repository.commit("another penalty")
    done = repository.run("bot-core", "release", "small")
    assert done.returncode == 20
    assert "error[RELEASE]: small: expected an up-to-date build, got stale stages: compose@small" in done.stderr


def test_a_model_that_is_not_in_the_roster_is_a_sentence(repository: Repository) -> None:
    done = repository.run("bot-core", "release", "nobody")
    assert done.returncode == 2
    assert "params.yaml: models: expected one of small; got nobody" in done.stderr
