from __future__ import annotations

import datetime as dt
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace

from bot_core._parse import decode_json, encode_json
from bot_core.ai import xgb
from bot_core.ai.fitted import Examples
from bot_core.ai.predictor import Predictor
from bot_core.ai.task import task_of
from bot_core.ai.training import Origin, train_model
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.models import Direction, LightGBM, Split, ValidationConfig, XGBoost
from bot_core.documents.artifact import ModelArtifact, XgboostState
from bot_core.errors import PredictorError
from tests.evidence import artifact

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.config.models import PipelineConfig
    from bot_core.documents.artifact import Calibration, GoldenVector
    from bot_core.features.dataset import FeatureDataset

VERSION = "20261101T000000Z-00000000"
EACH = pytest.mark.parametrize(
    "model",
    [
        XGBoost(objective="binary", rounds=40, balanced=True),
        LightGBM(objective="binary", boosting="rf", bagging_fraction=0.6, bagging_freq=1, rounds=40),
    ],
    ids=["xgboost", "forest"],
)
WITHOUT = """
import sys
import numpy as np
sys.modules["xgboost"] = None
from bot_core.ai import families
from bot_core.ai.fitted import Examples
from bot_core.config.models import XGBoost
from bot_core.errors import ConfigError
rows = Examples(np.zeros((4, 1)), np.zeros(4))
try:
    families.fit(XGBoost(objective="l2"), rows, rows)
except ConfigError as error:
    print(error)
"""


def test_it_stops_early_on_noise(dataset: Callable[..., FeatureDataset]) -> None:
    rows = dataset(1200, signal=0.0).labelled()
    train, judge = Examples(rows.values[:800], rows.targets[:800]), Examples(rows.values[800:], rows.targets[800:])
    fitted = xgb.fit(XGBoost(objective="l2", rounds=500, early_stopping_rounds=10), train, judge)
    assert fitted.rounds < 60
    assert isinstance(fitted.state, XgboostState)
    assert fitted.state.text.count('"num_nodes"') == fitted.rounds


def test_a_state_that_is_no_model_is_refused_when_it_is_asked() -> None:
    with pytest.raises(PredictorError, match="expected XGBoost's JSON"):
        xgb.predictor(XgboostState(text="{}"))(np.zeros((1, 1)))


def test_without_the_package_training_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("(pip install 'bot-core[xgb]')")
    assert "expected the package xgboost to train it, got none" in done.stdout


def _plainly(platt: Calibration, golden: GoldenVector) -> GoldenVector:
    """Spell Platt's map with Python's own exp and log: numpy's differ with the instruction set, which only the pipeline pins."""
    z = math.log(golden.prediction / (1 - golden.prediction))
    return replace(golden, probability=1 / (1 + math.exp(-(platt.slope * z + platt.intercept))))


@EACH
def test_a_roster_model_of_it_is_trained_validated_and_served_bit_for_bit(
    dataset: Callable[..., FeatureDataset], pipeline_config: PipelineConfig, model: XGBoost | LightGBM
) -> None:
    rows = dataset(900, signal=1.0, binary=True)
    evidence = ValidationConfig(embargo="3h", loss="squared", round_trip_cost_bps=1.0, split=Split())
    config = replace(pipeline_config, target=Direction(horizon=1), model=model, validation=evidence)
    trained = train_model(rows, config, Origin("m", "i", "sha256:" + "0" * 64, "sha256:" + "1" * 64))
    made = artifact("eurusd_range", VERSION, dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    content = {field: getattr(trained, field) for field in ("backend", "feature_names", "model_state", "calibration")}
    release = replace(made, golden=[_plainly(trained.calibration, golden) for golden in trained.golden], **content)
    served = Predictor.load(decode_json(encode_json(release), ModelArtifact, "artifact"))
    assert [served.predict(one.features) for one in trained.golden] == [one.prediction for one in trained.golden]
    validator = WalkForwardValidator(rows, task_of(config.target), WalkForwardPlan(4, duration("3h")))
    report = validator.validate(model, evidence, name="m", workers=1)
    assert report.comparison.beats_baseline


def test_one_module_alone_imports_it() -> None:
    imports = re.compile(r"""import_module\(["']xgboost|^\s*(import|from) xgboost""", re.MULTILINE)
    found = [path.as_posix() for path in Path("bot_core").rglob("*.py") if imports.search(path.read_text())]
    assert found == ["bot_core/ai/xgb.py"]
