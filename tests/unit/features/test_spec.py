"""What a spec refuses, and what its digest depends on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from bot_core.config.models import IndicatorFeature, IndicatorFeatures
from bot_core.errors import ConfigError
from bot_core.features.dataset import RESERVED as TABLE_COLUMNS
from bot_core.features.spec import RESERVED, FeatureSpec

FILES = [Path("conf/features") / f"{name}.yaml" for name in ("bars_daily", "bars_hourly", "volatility", "bars_all")]


def spec(*features: IndicatorFeature) -> FeatureSpec:
    return FeatureSpec.of(IndicatorFeatures(features=list(features)))


def feature(name: str, indicator: str, **parameters: float) -> IndicatorFeature:
    return IndicatorFeature(name=name, indicator=indicator, parameters=parameters)


def refusal(*features: IndicatorFeature) -> str:
    with pytest.raises(ConfigError) as caught:
        spec(*features)
    return str(caught.value)


def test_names_keep_their_order_and_the_longest_warm_up_counts() -> None:
    result = spec(feature("b", "rsi", period=14), feature("a", "macd_histogram"))
    assert result.names == ("b", "a")
    assert result.warm_up == 26 + 9 - 2
    assert result.definitions[1].parameters == (("fast", 12.0), ("slow", 26.0), ("signal", 9.0))


def test_an_unknown_indicator_is_named_with_a_neighbour() -> None:
    text = refusal(feature("a", "momentun"))
    assert text.startswith("features: a: indicator: expected one of adx, aroon, atr_share, ")
    assert text.endswith("; got momentun (did you mean momentum?)")


def test_an_unknown_parameter_is_named_with_a_neighbour() -> None:
    assert refusal(feature("a", "rsi", periods=3)) == (
        "features: a: parameter of rsi: expected one of period; got periods (did you mean period?)"
    )
    assert refusal(feature("a", "gap", period=3)) == "features: a: parameter of gap: expected none; got period"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (feature("a", "rsi", period=1), "features: a: period: expected a whole number from 2 to 5000, got 1"),
        (feature("a", "rsi", period=2.5), "features: a: period: expected a whole number from 2 to 5000, got 2.5"),
        (feature("a", "rsi", period=float("nan")), "features: a: period: expected a whole number from 2 to 5000, got nan"),
        (feature("a", "bollinger_width", deviations=11), "features: a: deviations: expected a number from 0.1 to 10, got 11"),
        (feature("a", "ppo", fast=26, slow=12), "features: a: expected fast below slow, got fast 26 and slow 12"),
    ],
)
def test_a_parameter_out_of_range_is_refused(given: IndicatorFeature, expected: str) -> None:
    assert refusal(given) == expected


def test_names_are_given_once_and_are_not_the_tables_own() -> None:
    twice = "features: a: expected every name once, got it twice (rename one of them)"
    assert refusal(feature("a", "gap"), feature("a", "rsi")) == twice
    assert refusal(feature("target", "gap")) == (
        "features: target: expected a name of its own, got a column every feature table has (time, label_end, target, payoff)"
        " (rename the feature)"
    )
    assert RESERVED == TABLE_COLUMNS


def test_the_digest_names_what_is_computed() -> None:
    digest = spec(feature("a", "rsi"), feature("b", "gap")).digest
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest)
    assert spec(feature("a", "rsi", period=14), feature("b", "gap")).digest == digest
    others = [
        spec(feature("b", "gap"), feature("a", "rsi")),
        spec(feature("a", "rsi", period=15), feature("b", "gap")),
        spec(feature("c", "rsi"), feature("b", "gap")),
        spec(feature("a", "rsi"), feature("b", "log_range")),
    ]
    assert len({digest, *(other.digest for other in others)}) == 5


def test_changed_code_changes_the_digest_of_what_calls_it_only(tmp_path: Path) -> None:
    shutil.copytree("bot_core", tmp_path / "bot_core", ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        "from bot_core.config.models import IndicatorFeature as F, IndicatorFeatures as G\n"
        "from bot_core.features.spec import FeatureSpec as S\n"
        "for name in ('sma_distance', 'rsi'): print(S.of(G(features=[F(name='a', indicator=name)])).digest)\n"
    )

    def digests() -> list[str]:
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.split()

    before = digests()
    trend = tmp_path / "bot_core/features/indicators/trend.py"
    trend.write_text(trend.read_text().replace("* state[0] / total(", "/ total("))
    after = digests()
    assert before[0] != after[0]
    assert before[1] == after[1]
    windows = tmp_path / "bot_core/features/indicators/windows.py"
    windows.write_text(windows.read_text().replace("filling + state[i + 1]", "filling - state[i + 1]"))
    assert digests()[0] not in {before[0], after[0]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_shipped_choices_are_valid_and_say_their_warm_up(path: Path) -> None:
    text = path.read_text()
    result = FeatureSpec.of(msgspec.convert(yaml.safe_load(text), IndicatorFeatures))
    assert len(result.names) == 30 if path.stem == "bars_all" else 10 <= len(result.names) <= 20
    assert {"momentum", "volume_ratio"} <= set(result.names)
    said = re.search(r"Warm-up: (\d+) bars", text)
    assert said is not None
    assert int(said[1]) == result.warm_up
