"""The settings of sentiment: what ships, the emergency's, and what is not allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot_core.errors import ConfigError
from bot_core.sentiment.finbert_settings import SETTINGS, SentimentSettings, load_settings, settings_here
from tests.compact import ROOT


def test_what_ships_are_the_defaults() -> None:
    assert load_settings(ROOT / SETTINGS) == SentimentSettings()


def test_the_emergency_lets_words_answer() -> None:
    assert load_settings(ROOT / "conf/sentiment/rules.yaml") == SentimentSettings(fallback="rules")


def test_the_working_directory_s_file_counts_and_without_one_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_here() == SentimentSettings()
    SETTINGS.parent.mkdir(parents=True)
    SETTINGS.write_text("fallback: rules\n", encoding="utf-8")
    assert settings_here() == SentimentSettings(fallback="rules")
    with pytest.raises(ConfigError, match=r"none\.yaml: expected a readable file"):
        settings_here(Path("none.yaml"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fallback: words\n", "fallback: expected one of "),
        (
            "modell: a/b\n",
            "expected one of allow_download, cache, fallback, head, hub, model, revision; got the unknown key modell",
        ),
        ("hub: {endpoint: 'http://example.com'}\n", "hub.endpoint: expected"),
        ("a: [\n", "expected YAML"),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    assert sentence in refused.value.message
