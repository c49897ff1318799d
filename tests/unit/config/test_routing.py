"""What a router is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from bot_core.config.routing import SETTINGS, AdwinDetector, DriftWatch, RoutingConfig, Watch, load_routing, routing_of
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    path = folder / "routing.yaml"
    path.write_text(text)
    return path


def test_the_project_s_own_file_is_the_defaults_with_inputs_and_both_detectors() -> None:
    found = load_routing(SETTINGS)
    assert found.drift.signal is not None
    plain = msgspec.structs.replace(found.drift, signal=Watch())
    assert msgspec.structs.replace(found, drift=plain) == RoutingConfig()
    assert [type(each).__name__ for each in found.drift.signal.detectors] == ["AdwinDetector", "PageHinkleyDetector"]


def test_the_project_s_file_leaves_nothing_out() -> None:
    plain = yaml.safe_load(SETTINGS.read_text())
    assert set(plain) == {field.name for field in msgspec.structs.fields(RoutingConfig)}
    assert set(plain["drift"]) == {field.name for field in msgspec.structs.fields(DriftWatch)}


def test_the_founding_defaults() -> None:
    found = RoutingConfig()
    assert (found.signal, found.sentiment, found.regime) == ("signal:rf_rule", "sentiment:finbert", "regime:kmeans")
    assert (found.risk.per_trade_cap, found.risk.daily_loss_limit) == (0.02, 0.06)
    assert found.drift.report_dir == "state/drift_reports"
    assert (found.drift.signal, found.drift.regime) == (Watch(detectors=[AdwinDetector(delta=0.002)]), None)
    assert found.drift.sentiment == Watch(detectors=[AdwinDetector(delta=0.003)])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("signals: x\n", "got the unknown key signals (did you mean signal?)"),
        ("signal: rf_rule\n", "signal: expected"),
        ("sentiment: 'sentiment:'\n", "sentiment: expected"),
        ("risk: {per_trade_cap: 1.5}\n", "risk.per_trade_cap: expected"),
        ("forest: []\n", "forest: expected"),
        ("forest: [{feature: a, split: 0, above: 2, below: 0}]\n", "forest[0].above: expected"),
        ("drift: {signal: {detectors: [{kind: ddm}]}}\n", "expected one of adwin, page_hinkley; got 'ddm'"),
        ("drift: {signal: {detectors: []}}\n", "drift.signal.detectors: expected"),
        ("drift: {signal: {warm_up: 29}}\n", "drift.signal.warm_up: expected"),
        ("drift: {signal: {detectors: [{kind: adwin, delta: 0.05}]}}\n", "warning to be above delta, for a warning comes first"),
        (
            "drift: {signal: {detectors: [{kind: page_hinkley, warning: 30}]}}\n",
            "warning to be below threshold, for a warning comes",
        ),
        ("drift: {mass: {share: 0}}\n", "drift.mass.share: expected"),
        ("drift: {quiet: soon}\n", "drift.quiet: expected"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        load_routing(path)
    assert str(error.value).startswith(f"{path}: ")
    assert sentence in str(error.value)


def test_a_missing_file_says_where_the_project_s_own_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file") as error:
        load_routing(tmp_path / "none.yaml")
    assert error.value.hint == f"git checkout {SETTINGS}, or name another"


def test_plain_values_are_read_as_the_file_is() -> None:
    assert routing_of({"regime": "regime:quantiles"}, "here") == RoutingConfig(regime="regime:quantiles")
