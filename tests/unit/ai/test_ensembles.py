"""Ensembles as files: what is registered is what Hydra composes, two processes agree, a look at the past can be put back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bot_core._digest import sha256
from bot_core._parse import convert
from bot_core.ai.ensembles import (
    Change,
    diff_ensemble_snapshots,
    register_ensemble,
    restore_ensembles,
    snapshot_at,
    snapshot_ensembles,
)
from bot_core.config.models import Ensemble
from bot_core.errors import AuditError, ConfigError, GitError
from bot_core.governance.git import Git

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = {
    "trees": "family: lightgbm\nobjective: l1\n",
    "ridge": "family: linear\nobjective: l2\n",
    "lasso": "family: linear\nobjective: l2\npenalty: 3.0\n",
    "logistic": "family: linear\nobjective: binary\n",
    "ensemble": "family: ensemble\n",
}
BOTH = ["trees", "ridge"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with some model files and no ensemble."""
    for name, text in MODELS.items():
        put(tmp_path, f"conf/model/{name}.yaml", text)
    put(tmp_path, "conf/config.yaml", "defaults:\n  - model: ???\n  - ensemble: null\n  - _self_\n")
    return tmp_path


def put(root: Path, path: str, text: str) -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def composed(root: Path, name: str) -> Ensemble:
    """Compose an ensemble as the first stage does."""
    with initialize_config_dir(version_base="1.3", config_dir=str(root / "conf")):
        plain = OmegaConf.to_container(compose("config", overrides=["model=ensemble", f"ensemble={name}"]), resolve=True)
    assert isinstance(plain, dict)
    assert plain.keys() == {"model"}
    return convert(plain["model"], Ensemble, name)


def files(root: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "conf/ensemble").iterdir())}


@pytest.mark.parametrize("aggregation", ["mean", "median", "max", "min"])
def test_what_is_registered_is_what_is_composed(root: Path, aggregation: str) -> None:
    register_ensemble(root, "blend", BOTH, aggregation=aggregation)  # type: ignore[arg-type]  # one of the literals
    found = composed(root, "blend")
    assert (found.aggregation, found.weights, sorted(found.members)) == (aggregation, None, ["ridge", "trees"])
    assert found.members["trees"].objective == "l1"


def test_members_may_have_names_of_their_own_and_weights(root: Path) -> None:
    one = register_ensemble(root, "blend", {"a": "trees", "b": "ridge"}, aggregation="weighted", weights={"a": 3, "b": 1})
    assert ({m: c.model for m, c in one.components.items()}, one.weights) == ({"a": "trees", "b": "ridge"}, {"a": 3.0, "b": 1.0})
    assert composed(root, "blend").weights == {"a": 3.0, "b": 1.0}


def test_another_process_sees_it(root: Path) -> None:
    one = register_ensemble(root, "blend", BOTH)
    script = "from pathlib import Path; from bot_core.ai.ensembles import snapshot_ensembles as s; print(s(Path())['blend'].digest)"
    env = {"PYTHONPATH": str(Path.cwd())}
    said = subprocess.run([sys.executable, "-c", script], cwd=root, env=env, capture_output=True, text=True, check=True).stdout
    assert said.strip() == one.digest == snapshot_ensembles(root)["blend"].digest


def test_a_name_that_is_taken_is_refused_and_nothing_changes(root: Path) -> None:
    register_ensemble(root, "blend", BOTH)
    before = files(root)
    with pytest.raises(ConfigError, match=r"blend\.yaml: expected a name that is not taken, got the ensemble blend there"):
        register_ensemble(root, "blend", ["trees", "lasso"])
    assert files(root) == before
    register_ensemble(root, "blend", ["trees", "lasso"], override=True)
    assert files(root) != before
    assert sorted(files(root)) == ["blend.yaml"]


@pytest.mark.parametrize(
    ("name", "components", "more", "sentence"),
    [
        ("blend", ["trees"], {}, "members: expected object of length >= 2"),
        ("blend", [], {}, "members: expected object of length >= 2"),
        ("blend", ["trees", "forest"], {}, r"expected components of conf/model/ \(ensemble, lasso, .*\), got forest"),
        ("blend", ["trees", "../../etc/passwd"], {}, "expected a member named by lower-case letters"),
        ("blend", {"a": "trees", "b": "../model/trees"}, {}, "expected components of conf/model/"),
        ("blend", {"a": "trees", "b": "trees"}, {}, "expected members that differ"),
        ("blend", ["trees", "trees"], {}, "expected each once, got trees, trees"),
        ("blend", ["trees", "logistic"], {}, "expected members that all predict probabilities or all numbers"),
        ("blend", ["trees", "ensemble"], {}, "expected one of lightgbm, xgboost, linear, network; got 'ensemble'"),
        ("blend", {"a.b": "trees", "c": "ridge"}, {}, "expected a member named by lower-case letters"),
        ("blend", BOTH, {"aggregation": "mode"}, "expected one of mean, median, weighted, max, min; got 'mode'"),
        ("blend", BOTH, {"aggregation": "weighted"}, "expected one weight for each of trees, ridge, got none"),
        ("blend", BOTH, {"aggregation": "weighted", "weights": {}}, "expected one weight for each of trees, ridge, got none"),
        ("blend", BOTH, {"weights": {"trees": 1, "ridge": 1}}, "expected weights for aggregation: weighted alone"),
        ("blend", BOTH, {"aggregation": "weighted", "weights": {"trees": 1, "ridge": -1}}, "expected float > 0.0"),
        ("../blend", BOTH, {}, r"expected a name of lower-case letters, .* got '\.\./blend'"),
    ],
)
def test_what_cannot_be_an_ensemble_is_refused(
    root: Path, name: str, components: list[str] | dict[str, str], more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        register_ensemble(root, name, components, **more)  # type: ignore[arg-type]  # wrong on purpose
    assert not (root / "conf/ensemble").exists()


def test_of_two_writers_at_once_one_is_refused(root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from bot_core.ai.ensembles import register_ensemble as r; "
        "sys.stdin.readline(); r(Path(), 'blend', sys.argv[1:])"
    )
    env = {"PYTHONPATH": str(Path.cwd())}
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen([sys.executable, "-c", script, "trees", other], cwd=root, env=env, stdin=pipe, stderr=pipe, text=True)
        for other in ("ridge", "lasso")
    ]
    said = [process.communicate("go\n")[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert sum("expected a name that is not taken" in text for text in said) == 1
    assert sorted(files(root)) == ["blend.yaml"]
    assert snapshot_ensembles(root)["blend"].aggregation == "mean"


def test_where_nothing_can_be_written_it_says_so(root: Path) -> None:
    put(root, "conf/ensemble", "a file")
    with pytest.raises(AuditError, match="expected to write"):
        register_ensemble(root, "blend", BOTH)


def test_a_snapshot_is_empty_where_nothing_is_declared(tmp_path: Path) -> None:
    assert snapshot_ensembles(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("defaults: [/model@members.a: trees]\naggregation: sum\n", "aggregation: expected one of"),
        ("defaults: [/features: x]\naggregation: mean\n", "expected members pulled by /model@members.NAME, got /features"),
        ("aggregation: mean\n", "defaults: expected a value, got nothing"),
        ("defaults: [_self_]\naggregation: mean\nparts: {a: {rounds: 5}}\n", "got the unknown key parts"),
        ("{", "expected YAML in UTF-8"),
    ],
)
def test_a_file_that_is_no_ensemble_is_a_sentence_with_its_name(root: Path, text: str, sentence: str) -> None:
    put(root, "conf/ensemble/odd.yaml", text)
    with pytest.raises(ConfigError, match=rf"^conf/ensemble/odd\.yaml: .*{sentence}"):
        snapshot_ensembles(root)


def test_a_file_in_another_encoding_is_a_sentence(root: Path) -> None:
    put(root, "conf/ensemble/odd.yaml", "").write_bytes("aggregation: mean\n".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"^conf/ensemble/odd\.yaml: expected YAML in UTF-8"):
        snapshot_ensembles(root)


def test_the_difference_names_what_came_went_and_changed(root: Path) -> None:
    register_ensemble(root, "gone", BOTH)
    register_ensemble(root, "blend", BOTH)
    before = snapshot_ensembles(root)
    (root / "conf/ensemble/gone.yaml").unlink()
    register_ensemble(root, "come", BOTH)
    weights = {"trees": 3, "lasso": 1}
    register_ensemble(root, "blend", ["trees", "lasso"], aggregation="weighted", weights=weights, override=True)
    found = diff_ensemble_snapshots(before, snapshot_ensembles(root))
    assert (list(found.added), list(found.removed), list(found.changed)) == (["come"], ["gone"], ["blend"])
    assert found.changed["blend"] == {
        "aggregation": Change(before="mean", after="weighted"),
        "components.lasso": Change(before=None, after="lasso"),
        "components.lasso.digest": Change(before=None, after=sha256(MODELS["lasso"].encode())),
        "components.ridge": Change(before="ridge", after=None),
        "components.ridge.digest": Change(before=sha256(MODELS["ridge"].encode()), after=None),
        "weights.lasso": Change(before=None, after=1.0),
        "weights.trees": Change(before=None, after=3.0),
    }
    assert diff_ensemble_snapshots(before, before) == diff_ensemble_snapshots({}, {})


def test_a_member_s_own_file_counts_and_a_comment_does_not(root: Path) -> None:
    register_ensemble(root, "blend", BOTH)
    before = snapshot_ensembles(root)
    path = root / "conf/ensemble/blend.yaml"
    path.write_text(path.read_text() + "# a remark\n")
    assert diff_ensemble_snapshots(before, snapshot_ensembles(root)).changed == {}
    put(root, "conf/model/ridge.yaml", "family: linear\nobjective: l2\npenalty: 9.0\n")
    assert set(diff_ensemble_snapshots(before, snapshot_ensembles(root)).changed["blend"]) == {"components.ridge.digest"}
    (root / "conf/model/ridge.yaml").unlink()
    assert snapshot_ensembles(root)["blend"].components["ridge"].digest is None


def test_restoring_writes_back_exactly_and_removes_what_was_not_there(root: Path) -> None:
    register_ensemble(root, "blend", BOTH)
    path = root / "conf/ensemble/blend.yaml"
    path.write_text("# ours\n" + path.read_text())
    register_ensemble(root, "gone", BOTH)
    before, snapshot = files(root), snapshot_ensembles(root)
    register_ensemble(root, "blend", ["trees", "lasso"], override=True)
    (root / "conf/ensemble/gone.yaml").unlink()
    register_ensemble(root, "late", BOTH)
    changed = restore_ensembles(root, snapshot)
    assert [path.name for path in changed] == ["blend.yaml", "gone.yaml", "late.yaml"]
    assert files(root) == before
    assert restore_ensembles(root, snapshot) == []
    assert snapshot_ensembles(root) == snapshot


def test_a_snapshot_with_a_strange_name_is_not_written(root: Path) -> None:
    one = register_ensemble(root, "blend", BOTH)
    with pytest.raises(ConfigError, match="expected a name of lower-case letters"):
        restore_ensembles(root, {"../../x": one})
    assert sorted(files(root)) == ["blend.yaml"]


def test_a_commit_says_what_the_files_said(root: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words], cwd=root, check=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "models")
    register_ensemble(root, "blend", BOTH)
    git("add", "-A")
    git("commit", "-qm", "blend")
    there, here = snapshot_at(Git(root), "HEAD"), snapshot_ensembles(root)
    assert there == here
    assert snapshot_at(Git(root), "HEAD~1") == {}
    with pytest.raises(GitError, match="expected a commit named no-such"):
        snapshot_at(Git(root), "no-such")


def test_the_project_s_own_are_read() -> None:
    assert set(yaml.safe_load(Path("conf/ensemble/range_blend.yaml").read_text())) == {"defaults", "aggregation"}
    assert {m: c.model for m, c in snapshot_ensembles(Path())["range_blend"].components.items()} == {
        "ridge": "ridge",
        "trees": "trees_range",
    }
