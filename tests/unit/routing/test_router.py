from __future__ import annotations

import datetime as dt
import logging
import math
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.ai.inference import DecisionModelInference
from bot_core.config.routing import SETTINGS, DriftWatch, PageHinkleyDetector, RoutingConfig, Watch, load_routing
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.runtime import Control, Servable
from bot_core.errors import AuditError, ConfigError, PredictorError
from bot_core.governance.state import StateFolder
from bot_core.routing import ModelRouter, router_singleton
from bot_core.runtime.journal import recorded
from tests.compact import write_compact
from tests.drifting import HOUR, NOON, Hours, drive, noise, routing
from tests.unit.routing.test_panel import Broken

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Mood:
    score: float
    confidence: float = 0.75


class Moody:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.scores = iter(noise(1000, shift=-4.0, at=300))

    def analyze(self, text: str, /) -> Mood:
        """Take the next score."""
        return Mood(next(self.scores), len(text) / 100)


def reports(root: Path) -> list[OnlineDrift]:
    return [msgspec.json.decode(path.read_bytes(), type=OnlineDrift) for path in sorted(root.glob("state/drift_reports/*.json"))]


def test_a_shift_of_an_input_is_reported_journalled_and_named(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    drive(router, clock, shift=3.0)
    router.check()
    found = reports(tmp_path)
    assert {report.signal for report in found} >= {"input:a"}
    first = next(report for report in found if report.level == "drift")
    since = dt.datetime.fromisoformat(first.timestamp) - NOON
    assert 200 * HOUR < since < 250 * HOUR
    assert (first.source, first.confidence, first.freshness.age_s) == ("signal:rf_rule", 1.0, 3600.0)
    assert {event.event_type for _, event in recorded(tmp_path / "logs/decision_journal/decisions.jsonl")} >= {"ai_drift_report"}


def test_where_nothing_changes_nothing_is_said_and_nothing_written(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    drive(router, clock, 400)
    router.check()
    assert list(tmp_path.iterdir()) == []


def test_errors_are_watched_once_outcomes_are_told(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    for row, value in enumerate(noise(500)):
        clock.step()
        signal = router.signal({"a": value})
        right = 1.0 if value > 0.0 else 0.0
        router.observe_outcome("signal", predicted=signal.probability, actual=right if row < 300 or row % 2 else 1.0 - right)
    router.check()
    assert {report.signal for report in reports(tmp_path)} == {"error"}
    assert reports(tmp_path)[0].context.error is not None


def test_sentiment_is_what_the_analyser_says_and_its_score_is_watched(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), analyser=Moody(), root=tmp_path, clock=clock)
    for _ in range(400):
        clock.step()
        found = router.sentiment("Profit rises. " * 30)
    assert isinstance(found, Mood)
    router.check()
    first = reports(tmp_path)[0]
    assert (first.target, first.model, first.signal) == ("sentiment", "finbert", "output")
    assert first.confidence is None  # what is no share is none
    assert first.context.text == ("Profit rises. " * 30)[:256]


def test_regimes_are_answered_and_not_watched_by_default(tmp_path: Path) -> None:
    router = ModelRouter(root=tmp_path, clock=Hours())
    labels = [router.regime({"parkinson_24": math.exp(value)}).label for value in noise(300)]
    assert set(labels[:60]) == {"unknown"}
    assert set(labels[60:]) == {"calm", "normal", "turbulent"}
    assert "regime" not in router.status()["watched"]  # type: ignore[operator]  # plain values


def test_mass_drift_shrinks_limits_until_the_machine_says_otherwise(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    assert router.risk_config() == {"per_trade_cap": 0.02, "daily_loss_limit": 0.06, "protective": False}
    drive(router, clock, shift=4.0)
    shrunk = {"per_trade_cap": 0.01, "daily_loss_limit": 0.03, "protective": True}
    assert router.risk_config() == shrunk
    router.check()
    assert "mass" in {report.level for report in reports(tmp_path)}
    assert router.risk_config() == shrunk == ModelRouter(routing(), root=tmp_path).risk_config()
    StateFolder(tmp_path / "var/models").write(Control())
    assert router.risk_config()["protective"] is False


# --- models ---


def inference(folder: Path) -> DecisionModelInference:
    version = write_compact(folder, "decision_engine", dt.datetime.now(dt.UTC).replace(microsecond=0))
    data = (folder / f"models/decision_engine/{version}.json").read_bytes()
    digest = sha256(data)
    record = Servable(
        model="decision_engine", version=version, artifact=digest, rollout=100, commit="0" * 40, release=digest, domain=digest
    )
    return DecisionModelInference(data, record)


def test_a_released_model_s_reports_are_later_reports_of_its_release(tmp_path: Path) -> None:
    model, clock = inference(tmp_path), Hours()
    name = model.feature_names[0]
    watch = DriftWatch(signal=Watch(inputs=[name], warm_up=50))
    config = routing(signal="signal:decision_engine", drift=watch)
    router = ModelRouter(config, models={"decision_engine": model}, root=tmp_path, clock=clock)
    for value in noise(400, shift=4.0, at=200):
        clock.step()
        router.signal(dict.fromkeys(model.feature_names, 0.0) | {name: value})
    router.check()
    assert model.record is not None
    version = model.record.version
    assert {(report.model, report.version) for report in reports(tmp_path)} == {("decision_engine", version)}
    assert all(path.name.startswith(f"{version}.") for path in tmp_path.glob("audit/ai_decision/drift/*.json"))


def test_a_model_that_cannot_answer_raises_and_is_not_watched(tmp_path: Path) -> None:
    router = ModelRouter(routing(signal="signal:m"), models={"m": DecisionModelInference(None, None)}, root=tmp_path, clock=Hours())
    with pytest.raises(PredictorError):
        router.signal({"a": 1.0})
    assert router.status()["watched"]["signal"]["input:a"]["observations"] == 0  # type: ignore[index]  # plain values


# --- what fails ---


def test_a_detector_that_fails_takes_no_answer_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    router.configure()
    router._following().panels["signal"].series["input:a"]._detectors = [Broken()]
    with caplog.at_level(logging.ERROR):
        drive(router, clock, 60)
    assert "signal input:a is not watched any more: OverflowError: the sum is lost" in caplog.text
    assert router.status()["failures"] == 1
    with pytest.raises(AuditError, match=r"got 1 failures: signal input:a: OverflowError"):
        router.check()
    router.configure()
    router.check()


def test_a_report_that_cannot_be_written_takes_no_answer_away(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    drive(router, clock, shift=4.0)
    with pytest.raises(AuditError, match="expected every alarm recorded"):
        router.check()
    owed = router.status()["owed"]
    assert isinstance(owed, int)
    assert owed > 0
    (tmp_path / "state").unlink()
    router.check()
    assert router.status()["owed"] == 0
    assert len(reports(tmp_path)) == owed


@pytest.mark.parametrize(("predicted", "actual"), [(math.nan, 1.0), (0.5, math.inf), (math.inf, math.inf)])
def test_an_outcome_that_is_no_number_is_refused(tmp_path: Path, predicted: float, actual: float) -> None:
    with pytest.raises(ConfigError, match="observe_outcome: expected two finite numbers"):
        ModelRouter(routing(), root=tmp_path).observe_outcome("signal", predicted=predicted, actual=actual)


def test_several_threads_may_ask(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    threads = [threading.Thread(target=drive, args=(router, clock), kwargs={"seed": seed}) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    router.check()
    assert router.status()["watched"]["signal"]["input:a"]["observations"] == 1600  # type: ignore[index]  # plain values


# --- configuration ---


def test_a_configuration_survives_export_and_configure(tmp_path: Path) -> None:
    router = ModelRouter(root=tmp_path)
    router.load_from_file(SETTINGS)
    exported = router.export_config()
    other = ModelRouter(root=tmp_path)
    other.configure(exported)
    assert other.config == router.config == load_routing(SETTINGS)
    assert exported["signal"] == "signal:rf_rule"


def test_a_configuration_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    router = ModelRouter(routing(), root=tmp_path)
    with pytest.raises(ConfigError, match=r"configure: risk\.per_trade_cap: expected"):
        router.configure({"risk": {"per_trade_cap": 2.0}})
    with pytest.raises(ConfigError, match="signal: expected one of rf_rule; got nobody"):
        router.configure({"signal": "signal:nobody"})
    assert router.config == routing()


def test_configuring_watches_anew(tmp_path: Path) -> None:
    clock = Hours()
    router = ModelRouter(routing(), root=tmp_path, clock=clock)
    drive(router, clock, 60)
    router.configure()
    assert router.status()["watched"]["signal"]["input:a"]["observations"] == 0  # type: ignore[index]  # plain values


def test_without_river_no_router_pretends_to_watch(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['river'] = None\n"
        "from bot_core.errors import ConfigError\nfrom bot_core.routing import ModelRouter\n"
        "for ask in (lambda r: r.configure(), lambda r: r.signal({})):\n"
        "    try:\n        ask(ModelRouter())\n    except ConfigError as error:\n        print(error.hint)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert said.count("pip install 'bot-core[drift]'") == 2


def test_page_hinkley_alone_needs_no_package(tmp_path: Path) -> None:
    clock, watch = Hours(), Watch(inputs=["a"], warm_up=50, detectors=[PageHinkleyDetector()])
    router = ModelRouter(RoutingConfig(drift=DriftWatch(signal=watch, sentiment=None)), root=tmp_path, clock=clock)
    drive(router, clock, shift=3.0)
    router.check()
    assert {report.detector.detector for report in reports(tmp_path) if report.detector} == {"page_hinkley"}


def test_there_is_one_router_for_a_process_and_it_has_done_nothing_yet() -> None:
    assert isinstance(router_singleton, ModelRouter)
    assert router_singleton.config == RoutingConfig()
    assert router_singleton._engaged is None
