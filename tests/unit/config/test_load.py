from pathlib import Path

import pytest

from bot_core.config.load import load_config, load_events, load_roster, overrides
from bot_core.errors import ConfigError


def test_a_roster_entry_becomes_hydra_overrides() -> None:
    entry: dict[str, object] = {
        "data": "x",
        "set": {"model": {"rounds": 5, "objective": "l1"}, "validation": {"split": {"train": 0.5}}},
    }
    assert overrides(entry) == ["data=x", "model.rounds=5", 'model.objective="l1"', "validation.split.train=0.5"]


def test_the_projects_roster_has_seven_models_over_three_instruments_and_both_bar_lengths() -> None:
    roster = load_roster(Path("params.yaml"))
    assert len(roster) == 7
    assert "decision_engine" in roster
    assert len({entry["data"] for entry in roster.values()}) >= 4


def test_the_projects_events_are_signals_of_a_model_of_the_roster_and_the_data_of_another() -> None:
    (name, entry), *_ = load_events(Path("params.yaml")).items()
    assert entry.model in load_roster(Path("params.yaml"))
    assert f"path: data/{name}.parquet" in Path("conf/data/decision_events.yaml").read_text()


def test_a_roster_may_make_no_events(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("models: {a: {}}\n")
    assert load_events(path) == {}


def test_a_table_may_not_be_called_as_a_model_is(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("models: {a: {}}\nevents: {a: {model: a, file: data/x.csv, barriers: {horizon: 1}}}\n")
    with pytest.raises(ConfigError, match="names that no model has, got a"):
        load_events(path)


def test_a_roster_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("models: [a, b]\n")
    with pytest.raises(ConfigError, match=r"params\.yaml: models: expected object, got a list"):
        load_roster(path)


def test_a_model_name_must_be_usable_as_a_path(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("models: {../up: {data: x}}\n")
    with pytest.raises(ConfigError, match=r"expected str matching regex"):
        load_roster(path)


def test_a_configuration_that_was_not_composed_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json: expected a readable file, got No such file or directory \(dvc repro\)"):
        load_config(tmp_path / "config.json")
