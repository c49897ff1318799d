from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot_core._parse import convert, load_yaml
from bot_core.config.tracking import MlflowTracking, TrackingConfig, WandbTracking, load_tracking
from bot_core.errors import ConfigError

CHOICES = {
    "none": TrackingConfig(),
    "mlflow": TrackingConfig(mlflow=MlflowTracking()),
    "wandb": TrackingConfig(wandb=WandbTracking(project="bot-core")),
    "both": TrackingConfig(mlflow=MlflowTracking(), wandb=WandbTracking(project="bot-core")),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree("conf/tracking", tmp_path / "conf/tracking")
    shutil.copy("conf/config.yaml", tmp_path / "conf/config.yaml")
    return tmp_path


@pytest.mark.parametrize("choice", CHOICES)
def test_each_choice_of_the_project_says_what_its_name_says(root: Path, choice: str) -> None:
    assert load_tracking(root, choice) == CHOICES[choice]


def test_every_file_is_a_choice() -> None:
    assert {path.stem for path in Path("conf/tracking").glob("*.yaml")} == set(CHOICES)


def test_both_is_what_the_two_say() -> None:
    plain = {name: load_yaml(Path(f"conf/tracking/{name}.yaml").read_bytes(), name) for name in ("mlflow", "wandb", "both")}
    assert convert(plain["both"], dict[str, object], "") == {
        name: convert(plain[name], dict[str, object], "")[name] for name in ("mlflow", "wandb")
    }


def test_the_default_is_the_root_files(root: Path) -> None:
    assert load_tracking(root) == TrackingConfig()
    path = root / "conf/config.yaml"
    path.write_text(path.read_text().replace("tracking: none", "tracking: both"))
    assert [to.__struct_config__.tag for to in load_tracking(root).destinations] == ["mlflow", "wandb"]


def test_a_root_file_without_a_choice_says_which_line_it_needs(root: Path) -> None:
    (root / "conf/config.yaml").write_text("defaults: [_self_]\n")
    with pytest.raises(ConfigError, match=r"config\.yaml: defaults: expected a line - tracking: NAME, got none"):
        load_tracking(root)


def test_an_unknown_choice_is_named(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"conf/tracking/neptune\.yaml: expected a readable file"):
        load_tracking(root, "neptune")


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("file:mlruns", "expected an address such as http://mlflow:5000, got 'file:mlruns'"),
        ("http://", "expected an address such as"),
        ("http://anna:secret@mlflow:5000", "expected an address without a password"),
    ],
)
def test_an_address_is_a_servers_and_holds_no_password(root: Path, uri: str, sentence: str) -> None:
    (root / "conf/tracking/mlflow.yaml").write_text(f"mlflow: {{uri: '{uri}'}}\n")
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_tracking(root, "mlflow")
    assert "secret" not in str(caught.value)


def test_a_key_that_nobody_knows_stops(root: Path) -> None:
    (root / "conf/tracking/none.yaml").write_text("mlflow: {url: http://x}\n")
    with pytest.raises(ConfigError, match=r"none\.yaml: mlflow\.url: expected"):
        load_tracking(root)
