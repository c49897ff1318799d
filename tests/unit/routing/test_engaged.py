from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.config.routing import DriftWatch, Watch
from bot_core.documents.runtime import Control, Protected
from bot_core.errors import ConfigError
from bot_core.governance.state import StateFolder
from bot_core.routing.attention import Occasion
from bot_core.routing.engaged import Engaged, Finbert, engage
from bot_core.routing.signals import ForestRule
from bot_core.sentiment import FinBERTLite
from tests.drifting import NOON, Hours, noise, routing

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.config.routing import RoutingConfig


def made(root: Path, config: RoutingConfig | None = None) -> Engaged:
    return engage(config or routing(), {}, None, None, root, Hours())


def test_a_route_without_a_watch_is_not_watched(tmp_path: Path) -> None:
    here = made(tmp_path, routing(drift=DriftWatch(sentiment=None, regime=Watch(errors=False))))
    assert {target: list(panel.series) for target, panel in here.panels.items()} == {
        "signal": ["output", "error"],
        "regime": ["output"],
    }
    assert list(here.watch(Occasion("sentiment", "sentiment:finbert", "finbert", None, output=1.0))) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"signal": "signal:nobody"}, "signal: expected one of rf_rule; got nobody"),
        ({"sentiment": "sentiment:other"}, "sentiment: expected finbert, or an analyser that was given, got other and none"),
        ({"regime": "regime:other"}, "regime: expected one of kmeans, quantiles; got other"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        made(tmp_path, routing(**changes))
    assert error.value.message == sentence


def test_the_defaults_are_the_founding_ones(tmp_path: Path) -> None:
    here = made(tmp_path)
    assert isinstance(here.signal, ForestRule)
    assert isinstance(here.analyser, Finbert)
    assert here.status()["routes"] == {"signal": "signal:rf_rule", "sentiment": "sentiment:finbert", "regime": "regime:kmeans"}
    assert list(tmp_path.iterdir()) == []


def test_an_outcome_is_watched_as_an_error_and_nothing_else(tmp_path: Path) -> None:
    here = made(tmp_path)
    for value in noise(20):
        list(here.watch(Occasion("signal", "signal:rf_rule", "rf_rule", None, output=0.5, error=abs(value))))
    assert {name: series.observations for name, series in here.panels["signal"].series.items()} == {
        "input:a": 0,
        "output": 0,
        "error": 20,
    }


def test_protection_is_what_was_said_on_this_machine_of_the_trading_model(tmp_path: Path) -> None:
    here, folder = made(tmp_path), StateFolder(tmp_path / "var/models")
    assert here.protection() == (1.0, False)
    said = Protected(model="other", path="x.json", digest="sha256:" + "0" * 64, since=NOON)
    folder.write(Control(protected=[said]))
    assert here.protection() == (1.0, False)
    folder.write(Control(protected=[msgspec.structs.replace(said, model="rf_rule")]))
    assert here.protection() == (0.5, True)
    folder.write(Control())
    assert here.protection() == (1.0, False)


def test_where_that_cannot_be_read_limits_are_shrunk(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "var/models")
    folder.write(Control())
    folder.control_path.write_text("{")
    assert made(tmp_path).protection() == (0.5, True)


def test_sentiment_is_finbert_lite_s_loaded_with_the_first_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_TRADER_MODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    here = made(tmp_path).analyser
    assert isinstance(here, Finbert)
    good, bad = here.analyze("Profit rises and the outlook is raised."), here.analyze("Losses widen and the dividend is cut.")
    assert good.score > bad.score
    assert 0.0 <= good.confidence <= 1.0
    assert isinstance(here._loaded, FinBERTLite)


def test_words_answer_where_the_settings_here_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf/sentiment").mkdir(parents=True)
    (tmp_path / "conf/sentiment/default.yaml").write_text("fallback: rules\n")
    monkeypatch.chdir(tmp_path)
    found = made(tmp_path).analyser.analyze("No growth, no profit")
    assert found.score < 0.0
    assert not (tmp_path / "state").exists()


def test_mass_drift_counts_the_series_that_have_values(tmp_path: Path) -> None:
    here = made(tmp_path)
    assert here.attention._watched() == 0
    list(here.watch(Occasion("signal", "signal:rf_rule", "rf_rule", None, features={"a": 1.0}, output=0.5)))
    assert here.attention._watched() == 2
