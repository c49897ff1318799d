"""Composition against a copy of the project's own conf/: every mistake is one sentence that names the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from bot_core.config.load import load_config
from bot_core.config.models import Ensemble, LightGBM, PipelineConfig
from bot_core.errors import ConfigError
from pipelines.compose import main

ROOT = Path.cwd()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with conf/ and params.yaml, and the process standing in it."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _roster(project: Path, **changes: object) -> None:
    entry = yaml.safe_load((ROOT / "params.yaml").read_text())["models"]["decision_engine"] | changes
    (project / "params.yaml").write_text(yaml.safe_dump({"models": {"m": entry}}))


@pytest.mark.parametrize("model", yaml.safe_load((ROOT / "params.yaml").read_text())["models"])
def test_every_model_of_the_roster_composes_and_the_same_twice(project: Path, model: str) -> None:
    main(model)
    first = (project / "build" / model / "config.json").read_bytes()
    main(model)
    assert (project / "build" / model / "config.json").read_bytes() == first
    load_config(project / "build" / model / "config.json")


def test_a_single_value_is_set_from_the_roster(project: Path) -> None:
    _roster(project, set={"model": {"learning_rate": 0.5}})
    main("m")
    model = load_config(project / "build/m/config.json").model
    assert isinstance(model, LightGBM)
    assert model.learning_rate == 0.5


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "model/trees_return.yaml",
            "rounds: 400",
            "rounds: many",
            "conf/model/trees_return.yaml: model.rounds: expected int, got 'many'",
        ),
        (
            "model/trees_return.yaml",
            "rounds: 400",
            "rounds: 0",
            "conf/model/trees_return.yaml: model.rounds: expected int >= 1, got 0",
        ),
        (
            "model/trees_return.yaml",
            "num_leaves: 7",
            "num_leafs: 7",
            (
                "conf/model/trees_return.yaml: model.num_leafs: expected one of bagging_fraction, bagging_freq, "
                "balanced, boosting, early_stopping_rounds, feature_fraction, lambda_l2, learning_rate, max_bin, min_data_in_leaf, "
                "num_leaves, objective, rounds, seed; "
                "got the unknown key num_leafs (did you mean num_leaves?)"
            ),
        ),
        (
            "validation/hourly.yaml",
            "embargo: 1d",
            "embargo: soon",
            "conf/validation/hourly.yaml: validation.embargo: expected str matching regex '^[0-9]+[smhdw]$', got 'soon'",
        ),
        (
            "validation/hourly.yaml",
            "train: 0.7",
            "train: 0.9",
            "conf/validation/hourly.yaml: validation.split: expected train + validation + test = 1, got 1.2",
        ),
        (
            "target/forward_return_4.yaml",
            "horizon: 4",
            "horizon: 0",
            "conf/target/forward_return_4.yaml: target.horizon: expected int >= 1, got 0",
        ),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence_with_the_file(project: Path, file: str, old: str, new: str, sentence: str) -> None:
    path = project / "conf" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        main("decision_engine")
    assert str(caught.value) == sentence
    assert not (project / "build").exists()


def _compose(project: Path, model: str) -> PipelineConfig:
    main(model)
    return load_config(project / "build" / model / "config.json")


def test_a_member_of_the_blend_is_the_roster_s_own_model_on_the_same_rows(project: Path) -> None:
    alone, blend = _compose(project, "eurusd_range"), _compose(project, "range_blend")
    assert isinstance(blend.model, Ensemble)
    assert blend.model.members["trees"] == alone.model
    same = ("data", "features", "target", "validation", "monitoring")
    assert [getattr(blend, name) for name in same] == [getattr(alone, name) for name in same]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "aggregation: mean",
            "aggregation: mode",
            "model.aggregation: expected one of mean, median, weighted, max, min; got 'mode'",
        ),
        ("aggregation: mean", "aggregation: weighted", "model: expected one weight for each of trees, ridge, got none"),
        (
            "members.ridge: ridge",
            "members.ridge: logistic",
            "model: expected members that all predict probabilities or all numbers",
        ),
        ("  - /model@members.ridge: ridge\n", "", "model.members: expected object of length >= 2, got a mapping"),
        (
            "aggregation: mean",
            "aggregation: mean\nvotes: 3",
            "model.votes: expected one of aggregation, members, weights; got",
        ),
    ],
)
def test_a_mistake_in_an_ensemble_names_its_file(project: Path, old: str, new: str, sentence: str) -> None:
    path = project / "conf/ensemble/range_blend.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError) as caught:
        main("range_blend")
    assert str(caught.value).startswith(f"conf/ensemble/range_blend.yaml: {sentence}")
    assert not (project / "build").exists()


def test_a_model_that_is_no_ensemble_takes_no_members(project: Path) -> None:
    _roster(project, ensemble="range_blend")
    with pytest.raises(
        ConfigError, match=r"^conf/ensemble/range_blend\.yaml: model\.(aggregation|members): expected one of .* unknown key"
    ):
        main("m")


def test_a_mistake_in_the_roster_names_the_roster(project: Path) -> None:
    _roster(project, set={"model": {"rounds": -1}})
    with pytest.raises(ConfigError, match=r"^params\.yaml: models\.m\.set: model\.rounds: expected int >= 1, got -1$"):
        main("m")


def test_a_choice_that_does_not_exist_names_those_that_do(project: Path) -> None:
    _roster(project, model="jungle")
    with pytest.raises(ConfigError, match=r"params\.yaml: models\.m: .*Could not find 'model/jungle'.*logistic"):
        main("m")


def test_a_group_that_was_not_chosen_is_a_sentence(project: Path) -> None:
    (project / "params.yaml").write_text("models: {m: {data: eurusd_1h}}\n")
    with pytest.raises(ConfigError, match=r"params\.yaml: models\.m: .*You must specify '(features|target|model)'"):
        main("m")


def test_a_model_that_is_not_in_the_roster_is_a_sentence(project: Path) -> None:
    assert project.exists()
    with pytest.raises(ConfigError, match=r"params\.yaml: models: expected one of decision_engine, .*; got nobody"):
        main("nobody")


def test_another_roster_composes_and_its_mistakes_name_it(project: Path) -> None:
    (project / "other.yaml").write_text(yaml.safe_dump({"models": {"m": {"data": "no_such_data"}}}))
    with pytest.raises(ConfigError, match=r"other\.yaml: models: expected one of m; got x"):
        main("x", "other.yaml")
    with pytest.raises(ConfigError, match=r"other\.yaml: models\.m: expected choices"):
        main("m", "other.yaml")
    shutil.copytree(ROOT / "pipelines/sentiment", project / "pipelines/sentiment")
    for model in ("sentiment_bearish", "sentiment_bullish"):
        main(model, "pipelines/sentiment/params.yaml")
        assert isinstance(load_config(project / "build" / model / "config.json").model, Ensemble)
