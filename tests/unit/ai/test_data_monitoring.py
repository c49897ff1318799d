"""A monitor over streams: made-up ones, an autocorrelated one, and real bars."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot_core.ai.data_monitoring import DataQualityException, FeatureMonitor, score_with_data_monitoring
from bot_core.ai.drift import assess_drift
from bot_core.config.models import DriftConfig, IndicatorFeature, IndicatorFeatures
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.documents.artifact import Bounds
from bot_core.documents.monitoring import InferenceDrift, InferenceQuality, InputLimits, MonitoringRules, ShareLimit
from bot_core.errors import AuditError, InputError, QualityError, ReleaseError
from bot_core.features.dataset import FeatureDataset
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec
from tests.evidence import artifact, drifted
from tests.monitored import MODEL, NOON, VERSION, WATCHED, monitor
from tests.unit.decision.conftest import CANDIDATE, CONFIG, SNAPSHOT, Told
from tests.unit.features.conftest import read_bars, to_bars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from bot_core.decision.ports import ModelScore
    from bot_core.documents.artifact import ModelArtifact
    from bot_core.documents.drift import DriftReport
    from bot_core.documents.status import Status

    Floats = NDArray[np.float64]
    Reports = tuple[InferenceQuality | InferenceDrift, ...]

WELL, HOUR = {"range_1": 0.0, "range_24": 0.5}, dt.timedelta(hours=1)
HEAVY = "{'numpy', 'pandas', 'polars', 'sklearn', 'lightgbm', 'numba', 'matplotlib'}"
INDICATORS = ("log_return", "momentum", "log_range", "parkinson", "realised_volatility", "volatility_ratio", "rsi", "hour_sin")


def feed(watching: FeatureMonitor, rows: Iterable[Mapping[str, float]]) -> list[Reports]:
    """Give a monitor one decision an hour; return what it reported."""
    return [found for hour, row in zip(count(), rows, strict=False) if (found := watching.observe(row, NOON + hour * HOUR))]


def statuses(reports: Iterable[Reports]) -> list[tuple[Status, Status]]:
    return [(quality.status, drift.status) for quality, drift in reports]


def trained(values: Floats, window: int, names: tuple[str, ...]) -> tuple[ModelArtifact, DriftReport]:
    """Make the artifact and the real drift report of a model that learned from some rows; the report's window is the last of them."""
    times = np.datetime64("2020-01-01T00:00:00", "us") + np.timedelta64(3600, "s") * np.arange(len(values))
    dataset = FeatureDataset(names, times, times, np.full(len(values), np.nan), values)
    config = DriftConfig(window=window, replicates=200)
    report = assess_drift(dataset, dataset.rows(slice(len(values) - window, None)), config, model=MODEL)
    bounds = {name: Bounds(low=column.min(), high=column.max()) for name, column in zip(names, values.T, strict=True)}
    made = artifact(MODEL, VERSION, NOON)
    return replace(made, feature_names=list(names), feature_bounds=bounds), report


def remembering(rows: int, seed: int) -> Floats:
    """Two series that remember: each value is nine tenths of the one before, and noise."""
    noise = np.random.default_rng(seed).normal(size=(rows, 2))
    series = np.zeros((rows, 2))
    for row in range(1, rows):
        series[row] = 0.9 * series[row - 1] + noise[row]
    return series


@pytest.fixture(scope="module")
def release() -> tuple[ModelArtifact, DriftReport]:
    return trained(remembering(4000, 1), 100, ("range_1", "range_24"))


RULES = MonitoringRules(enforce=True)


@pytest.fixture
def watching(release: tuple[ModelArtifact, DriftReport]) -> FeatureMonitor:
    return FeatureMonitor.of(*release, RULES, environment="paper")


# --- windows ---


@given(st.integers(0, 60), st.integers(1, 13))
def test_windows_partition_the_stream(decisions: int, rows: int) -> None:
    watching = monitor(rows)
    reports = feed(watching, [WELL] * decisions)
    rest = watching.flush()
    windows = [quality.window for quality, _ in reports] + ([rest.window] if rest else [])
    assert [window.rows for window in windows] == [rows] * (decisions // rows) + [decisions % rows] * (decisions % rows > 0)
    starts = [sum(window.rows for window in windows[:place]) for place in range(len(windows))]
    assert [window.first for window in windows] == [f"{NOON + start * HOUR:%Y-%m-%dT%H:%M:%SZ}" for start in starts]
    assert [drift.window for _, drift in reports] == [quality.window for quality, _ in reports]
    assert watching.flush() is None


@given(st.permutations(["range_1", "range_24", "more", "even more"]))
def test_the_order_of_the_keys_changes_nothing(order: list[str]) -> None:
    features = {"range_1": -5.0, "range_24": 2.0, "more": math.nan, "even more": 1.0}
    usual, other = monitor(2), monitor(2)
    assert feed(usual, [features, WELL]) == feed(other, [{name: features[name] for name in order}, WELL])


def test_a_report_says_of_what_it_is_and_what_it_found() -> None:
    rows = [{"range_1": -5.0, "range_24": 0.0}, {"range_24": 9.0}, {"range_1": math.nan, "range_24": 9.0}, WELL]
    ((quality, drift),) = feed(monitor(4), rows)
    assert isinstance(quality, InferenceQuality)
    assert isinstance(drift, InferenceDrift)
    for report in (quality, drift):
        assert (report.model, report.version, report.environment, report.policy.enforce) == (MODEL, VERSION, "paper", True)
        assert (report.window.first, report.window.last, report.window.rows) == ("2026-11-21T12:00:00Z", "2026-11-21T15:00:00Z", 4)
    first, second = quality.features
    assert (first.feature, first.missing, first.below, first.above) == ("range_1", 2, 1, 0)
    assert (first.first, first.last) == ("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")
    assert (second.feature, second.missing, second.below, second.above) == ("range_24", 0, 0, 2)
    assert (second.first, second.last) == ("2026-11-21T13:00:00Z", "2026-11-21T14:00:00Z")
    assert (quality.incomplete, quality.incomplete_share, quality.outside_share) == (2, 0.5, 0.5)
    assert [one.current for one in drift.features] == [[1, 0, 1, 0, 0], [0, 0, 2, 0, 2]]


def test_a_time_without_a_zone_is_refused_and_the_decision_not_taken() -> None:
    watching = monitor(2)
    with pytest.raises(InputError, match=r"^eurusd_range: observe: expected a time with its zone, got 2026-11-21T12:00:00"):
        watching.observe(WELL, NOON.replace(tzinfo=None))
    assert watching.flush() is None


# --- judgement ---


@pytest.mark.parametrize(
    ("missing", "outside", "status"),
    [
        (0, 0, "ok"),
        (1, 0, "warning"),
        (2, 0, "warning"),
        (3, 0, "critical"),
        (0, 10, "ok"),
        (0, 11, "warning"),
        (0, 51, "critical"),
    ],
)
def test_a_share_above_its_limit_counts_one_at_it_does_not(missing: int, outside: int, status: Status) -> None:
    limits = InputLimits(missing=ShareLimit(warning=0.0, critical=0.02), outside=ShareLimit(warning=0.1, critical=0.5))
    rows = [{"range_1": math.nan, "range_24": 0.0}] * missing + [{"range_1": 0.0, "range_24": 4.0}] * outside
    ((quality, _),) = feed(monitor(100, MonitoringRules(enforce=False, limits=limits)), rows + [WELL] * (100 - len(rows)))
    assert quality.status == status


@pytest.mark.parametrize(
    ("drifted_features", "warning", "critical", "status"),
    [(0, 0.0, 0.5, "ok"), (1, 0.0, 0.5, "critical"), (1, 0.0, 0.75, "warning"), (1, 0.5, 0.75, "ok"), (2, 0.5, 0.75, "critical")],
)
def test_the_share_of_drifted_features_is_judged_as_offline(
    drifted_features: int, warning: float, critical: float, status: Status
) -> None:
    moved = dict.fromkeys(list(WELL)[:drifted_features], 2.0)
    alike = [{"range_1": value, "range_24": value} for value in [-2.0] * 30 + [0.0] * 40 + [2.0] * 30]
    rules = MonitoringRules(enforce=False, warning_share=warning, critical_share=critical)
    ((_, drift),) = feed(monitor(100, rules), [row | moved for row in alike])
    assert isinstance(drift, InferenceDrift)
    assert ([one.drifted for one in drift.features].count(True), drift.status) == (drifted_features, status)


def test_what_may_be_missing_is_counted_and_not_held_against_a_decision() -> None:
    rules = MonitoringRules(enforce=True, may_be_missing=["range_24"])
    watching = monitor(2, rules)
    ((quality, drift),) = feed(watching, [{"range_1": 0.0}, {"range_1": 0.0, "range_24": math.nan}])
    assert isinstance(quality, InferenceQuality)
    assert isinstance(drift, InferenceDrift)
    assert (quality.status, quality.incomplete, quality.features[1].missing) == ("ok", 0, 2)
    assert (drift.features[1].psi, drift.features[1].drifted) == (0.0, False)


def test_fewer_values_are_held_against_a_wider_threshold() -> None:
    ((_, drift),) = feed(monitor(4), [WELL, WELL, {"range_1": 0.0}, {"range_1": 0.0}])
    assert isinstance(drift, InferenceDrift)
    assert [one.threshold for one in drift.features] == [WATCHED[0].threshold, 2 * WATCHED[1].threshold]


def test_whole_input_that_moved_is_sound_and_has_drifted() -> None:
    assert statuses(feed(monitor(50), [{"range_1": 2.5, "range_24": -2.5}] * 50)) == [("ok", "critical")]


# --- against the release's own evidence ---


def test_the_report_of_the_same_window_says_the_same_as_offline(
    release: tuple[ModelArtifact, DriftReport], watching: FeatureMonitor
) -> None:
    _, offline = release
    rows = [dict(zip(WELL, row, strict=True)) for row in remembering(4000, 1)[-100:].tolist()]
    ((quality, online),) = feed(watching, rows)
    assert isinstance(online, InferenceDrift)
    assert quality.status == "ok"
    for then, now in zip(offline.features, online.features, strict=True):
        assert now.feature == then.feature
        assert now.psi == pytest.approx(then.psi.value, rel=1e-9)
        assert now.threshold == then.psi.threshold
        assert now.current == [round(100 * share) for share in then.current]


def test_streams_like_those_learned_from_raise_few_alarms_and_shifted_ones_many() -> None:
    alarms = {0.0: 0, 1.5: 0}
    for seed in range(4):
        learned, later = remembering(4000, 2 * seed + 1), remembering(10_000, 1000 + seed)
        watching = FeatureMonitor.of(*trained(learned, 100, ("range_1", "range_24")), RULES, environment="paper")
        for shift in alarms:
            rows = [dict(zip(WELL, row, strict=True)) for row in (later + shift * learned.std(axis=0)).tolist()]
            drifts = [drift for _, drift in feed(watching, rows) if isinstance(drift, InferenceDrift)]
            alarms[shift] += sum(one.drifted for drift in drifts for one in drift.features)
    measured = 4 * 100 * 2  # streams, windows, features
    assert 0 < alarms[0.0] / measured <= 0.02, "declared: one in a hundred"
    assert alarms[1.5] / measured > 0.5


def test_real_bars_after_training_raise_few_alarms_and_a_change_one_at_once() -> None:
    features = IndicatorFeatures(features=[IndicatorFeature(name=name, indicator=name) for name in INDICATORS])
    spec = FeatureSpec.of(features)
    stream = OnlineFeatures(spec)
    values = np.array([row for bar in to_bars(read_bars("eurusd_1h")) if (row := stream.update(bar)) is not None])
    learned, later = values[:3600], [dict(zip(spec.names, row, strict=True)) for row in values[3600:].tolist()]
    watching = FeatureMonitor.of(*trained(learned, 250, spec.names), RULES, environment="paper")
    calm = statuses(feed(watching, later))
    assert len(calm) >= 9
    assert sum(drift != "ok" for _, drift in calm) <= 2
    assert all("critical" not in both for both in calm)
    wrong_unit = [{name: 100.0 * value for name, value in row.items()} for row in later[:250]]
    assert statuses(feed(watching, wrong_unit)) == [("critical", "critical")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "other"}, r"expected eurusd_range with range_1, range_24; got other with range_1, range_24"),
        ({"features": []}, r"expected eurusd_range with range_1, range_24; got eurusd_range with no features"),
    ],
)
def test_evidence_of_something_else_is_refused(
    release: tuple[ModelArtifact, DriftReport], change: dict[str, object], sentence: str
) -> None:
    made, report = release
    with pytest.raises(ReleaseError, match=f"^eurusd_range {VERSION}: drift report: {sentence}"):
        FeatureMonitor.of(made, replace(report, **change), RULES, environment="paper")
    with pytest.raises(ReleaseError):
        FeatureMonitor.of(made, drifted(MODEL, "ok"), RULES, environment="paper")


# --- what is not watched for drift ---


@pytest.fixture
def partly(release: tuple[ModelArtifact, DriftReport]) -> tuple[ModelArtifact, DriftReport]:
    """A release whose report watches one of its two features."""
    made, report = release
    return made, replace(report, features=report.features[:1], not_watched=["range_24"])


def test_what_the_report_leaves_out_has_bounds_and_may_be_missing_but_does_not_drift(
    partly: tuple[ModelArtifact, DriftReport],
) -> None:
    rows = [dict(zip(WELL, row, strict=True)) for row in remembering(4000, 1)[-100:].tolist()]
    usual = [row | {"range_24": 1e9} for row in rows[:98]] + [row | {"range_24": math.nan} for row in rows[98:]]
    ((quality, drift),) = feed(FeatureMonitor.of(*partly, RULES, environment="paper"), usual)
    assert isinstance(quality, InferenceQuality)
    assert isinstance(drift, InferenceDrift)
    assert [(one.feature, one.missing, one.above) for one in quality.features] == [("range_1", 0, 0), ("range_24", 2, 98)]
    assert (quality.incomplete, quality.outside_share, quality.status) == (2, 0.98, "critical")
    assert [one.feature for one in drift.features] == ["range_1"]
    assert (drift.drifted_share, drift.status) == (0.0, "ok")


def test_drift_of_what_is_watched_is_measured_as_if_nothing_were_left_out(
    release: tuple[ModelArtifact, DriftReport], partly: tuple[ModelArtifact, DriftReport]
) -> None:
    rows = [{"range_1": 9.0, "range_24": 9.0}] * 100
    (_, whole), (_, part) = (feed(FeatureMonitor.of(*one, RULES, environment="paper"), rows)[0] for one in (release, partly))
    assert isinstance(whole, InferenceDrift)
    assert isinstance(part, InferenceDrift)
    assert part.features == whole.features[:1]
    assert (part.drifted_share, part.status) == (1.0, "critical")


@pytest.mark.parametrize(
    ("kept", "not_watched", "got"),
    [
        (1, [], "range_1"),
        (1, ["range_2"], "range_1, range_2"),
        (2, ["range_24"], "range_1, range_24, range_24"),
        (0, ["range_1", "range_24"], "no features"),
    ],
)
def test_a_feature_must_be_watched_or_said_not_to_be(
    release: tuple[ModelArtifact, DriftReport], kept: int, not_watched: list[str], got: str
) -> None:
    made, report = release
    other = replace(report, features=report.features[:kept], not_watched=not_watched)
    with pytest.raises(
        ReleaseError, match=f"drift report: expected eurusd_range with range_1, range_24; got eurusd_range with {got}"
    ):
        FeatureMonitor.of(made, other, RULES, environment="paper")


@pytest.mark.parametrize(
    ("edges", "shares", "sentence"),
    [
        ([], [1.0], "expected rising edges and one share more than edges; got range_1: 0 edges and 1 shares"),
        ([1.0, 1.0], [0.2, 0.3, 0.5], "expected rising edges and one share more than edges; got range_1: 2 edges and 3 shares"),
        ([0.0, 1.0], [0.5, 0.5], "expected rising edges and one share more than edges; got range_1: 2 edges and 2 shares"),
        (list(map(float, range(300))), [0.0] * 301, "expected fewer than 256 cells per feature; got 304 cells"),
    ],
)
def test_bins_that_cannot_be_counted_in_are_refused(
    release: tuple[ModelArtifact, DriftReport], edges: list[float], shares: list[float], sentence: str
) -> None:
    made, report = release
    broken = replace(report.features[0], edges=edges, reference=shares)
    with pytest.raises(ReleaseError, match=sentence):
        FeatureMonitor.of(made, replace(report, features=[broken, *report.features[1:]]), RULES, environment="paper")


# --- scoring ---


class Model(Told):
    """A model over the two features, which says whether it was asked."""

    def __init__(self, watching: FeatureMonitor, *, refuse: bool = False) -> None:
        super().__init__()
        self.feature_names = ("range_1", "range_24")
        self.watching, self.refuse = watching, refuse
        self.records: list[tuple[str, str]] = []

    def record(self, report: InferenceQuality | InferenceDrift) -> None:
        """Remember a report, or fail as a full disk does."""
        self.records.append((report.category, report.status))
        if self.refuse:
            msg = "journal: expected to write, got a full disk"
            raise AuditError(msg)

    def watched(self, features: Mapping[str, float]) -> ModelScore:
        """Score with the monitor."""
        return score_with_data_monitoring(self, features, monitor=self.watching, clock=lambda: NOON, record=self.record)


def test_a_sound_decision_is_scored_and_a_window_recorded() -> None:
    model = Model(monitor(2, MonitoringRules(enforce=True, warning_share=1.0)))
    assert [model.watched(WELL), model.watched(WELL)] == [model.answer] * 2
    assert model.records == [("data_quality", "ok"), ("drift", "ok")]
    assert model.asked == [WELL, WELL]


@pytest.mark.parametrize("features", [{"range_1": 0.0}, WELL | {"range_24": math.nan}, WELL | {"range_24": math.inf}])
def test_a_decision_without_a_feature_gives_no_score_where_that_is_enforced(features: dict[str, float]) -> None:
    model = Model(monitor(9))
    with pytest.raises(DataQualityException, match=r"expected a finite number for every feature, got none for range_24 \("):
        model.watched(features)
    assert model.asked == []
    assert model.watched(WELL) == model.answer
    lenient = Model(monitor(9, MonitoringRules(enforce=False)))
    assert lenient.watched(features) == model.answer


def test_a_critical_window_gives_no_score_until_one_is_well() -> None:
    rules = MonitoringRules(enforce=True, warning_share=1.0)
    model = Model(monitor(2, rules))
    high = WELL | {"range_1": 7.0}
    assert model.watched(high) == model.answer
    with pytest.raises(
        DataQualityException, match=r"expected sound input, got a critical report on the newest 2 decisions"
    ) as caught:
        model.watched(high)
    assert isinstance(caught.value, QualityError)
    assert (caught.value.exit_code, caught.value.hint) == (20, "docs/runbooks/ai_data_monitoring.md")
    assert model.records == [("data_quality", "critical"), ("drift", "ok")], "recorded before it was acted on"
    with pytest.raises(DataQualityException):
        model.watched(WELL)
    assert model.watched(WELL) == model.answer
    assert model.records[2:] == [("data_quality", "ok"), ("drift", "ok")]


def test_a_report_that_was_not_recorded_gives_no_score() -> None:
    model = Model(monitor(1), refuse=True)
    with pytest.raises(AuditError):
        model.watched(WELL)
    assert model.asked == []


class Served(Model):
    """The same as a runtime attaches it: every score is watched."""

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Score a vector."""
        return score_with_data_monitoring(Told(), features, monitor=self.watching, clock=lambda: NOON, record=self.record)


def test_the_orchestrator_takes_a_refusal_for_no_answer() -> None:
    served = Served(monitor(1, MonitoringRules(enforce=True, warning_share=1.0)))
    orchestrator = DecisionOrchestrator(CONFIG, inference=served, clock=lambda: NOON)
    well, high = (
        orchestrator.evaluate_candidate(replace(CANDIDATE, metadata={"features": features}), SNAPSHOT)
        for features in (WELL, WELL | {"range_1": 9.0})
    )
    assert (well.accepted, high.accepted, high.reasons) == (True, False, ("score_failed",))
    assert [finding.measure for finding in high.findings] == ["DataQualityException"]


def test_the_monitor_imports_nothing_heavy() -> None:
    script = f"import sys, bot_core.ai.data_monitoring; print(sorted({HEAVY} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=10, max_size=10))
def test_whatever_comes_in_a_report_comes_out(rows: list[tuple[float, float]]) -> None:
    ((quality, drift),) = feed(monitor(10), [{"range_1": a, "range_24": b} for a, b in rows])
    assert isinstance(quality, InferenceQuality)
    assert isinstance(drift, InferenceDrift)
    for quality_of, drift_of in zip(quality.features, drift.features, strict=True):
        assert quality_of.missing + sum(drift_of.current) == 10
        assert math.isfinite(drift_of.psi)
        assert drift_of.drifted == (drift_of.psi > drift_of.threshold)
