"""A machine's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from bot_core.config.runtime import SETTINGS, RuntimeSettings, load_settings
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def test_the_project_s_own_settings_are_the_defaults_for_paper() -> None:
    assert load_settings(SETTINGS) == RuntimeSettings(environment="paper")


def test_the_project_s_file_leaves_nothing_out_but_what_it_comments() -> None:
    text = SETTINGS.read_text()
    fields = {field.name for field in msgspec.structs.fields(RuntimeSettings)}
    assert set(yaml.safe_load(text)) | {"policy", "signing_key", "routing", "host"} == fields
    assert "# signing_key:" in text
    assert "# routing:" in text
    assert "# host:" in text


def test_an_environment_is_all_that_must_be_said(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "environment: production\n")) == RuntimeSettings(environment="production")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("repository: x\n", "environment: expected a value, got nothing"),
        ("environment: paper\npoll: 1\n", "got the unknown key poll"),
        ("environment: Not a name\n", "environment: expected"),
        ("environment: paper\npolicy: sha256:abc\n", "policy: expected"),
        ("environment: paper\npoll_s: 0\n", "poll_s: expected"),
        ("environment: paper\npoll_s: 0.04\n", "poll_s: expected"),
        ("environment: paper\npoll_s: 86401\n", "poll_s: expected"),
        ("environment: paper\nfetch_timeout_s: .nan\n", "fetch_timeout_s: expected"),
        ("environment: paper\nmax_model_age_days: 0\n", "max_model_age_days: expected"),
        ("environment: paper\nfsync: never\n", "fsync: expected one of always, batch, os; got 'never'"),
        ("environment: paper\nprotection: {factor: 1.5}\n", "protection.factor: expected"),
        ("environment: paper\npaper: {spread_bps: -1}\n", "paper.spread_bps: expected"),
        ("environment: paper\nenforce_monitoring: 1\n", "enforce_monitoring: expected"),
        ("environment: paper\nhost: {kind: gitlab, repository: o/r}\n", "host.kind: expected one of github; got 'gitlab'"),
        ("environment: paper\nhost: {kind: github}\n", "host.repository: expected a value, got nothing"),
        ("environment: paper\nhost: {kind: github, repository: o}\n", "host.repository: expected"),
        ("environment: paper\nhost: {kind: github, repository: o/r, api: 'http://forge.example'}\n", "host.api: expected"),
        ("environment: paper\nhost: {kind: github, repository: o/r, api: 'https://me:pw@forge.example'}\n", "host.api: expected"),
        ("environment: paper\nhost: {kind: github, repository: o/r, token: x}\n", "got the unknown key token"),
        ("environment: [\n", "expected YAML"),
        ("", "expected"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text))
    assert sentence in caught.value.message
    assert str(tmp_path / "settings.yaml") in caught.value.message


def test_a_missing_file_says_where_another_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file, got No such file") as caught:
        load_settings(tmp_path / "none.yaml")
    assert caught.value.hint == "git checkout conf/runtime/default.yaml, or name another with --settings"
