"""Datasets made for tests: a signal that can be learned, and noise that cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bot_core._parse import convert
from bot_core.config.load import load_roster, overrides
from bot_core.config.models import PipelineConfig
from bot_core.features.dataset import FeatureDataset

if TYPE_CHECKING:
    from collections.abc import Callable

START = np.datetime64("2020-01-01T00:00:00", "us")
HOUR = np.timedelta64(3600, "s")


def make_dataset(n: int = 1200, *, signal: float = 1.0, horizon: int = 1, binary: bool = False, seed: int = 0) -> FeatureDataset:
    """Hourly rows whose target leans on the first feature by `signal`; the newest `horizon` rows carry no label."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(n, 4))
    raw = signal * values[:, 0] + draw.normal(size=n)
    target = (raw > 0).astype(np.float64) if binary else raw * 10
    times = START + HOUR * np.arange(n)
    ends = times + HOUR * horizon
    target[-horizon:] = np.nan
    ends[-horizon:] = np.datetime64("NaT")
    return FeatureDataset(("a", "b", "c", "d"), times, ends, target, values, payoffs=np.where(np.isnan(target), np.nan, raw * 10))


@pytest.fixture(scope="session")
def pipeline_config() -> PipelineConfig:
    """Return the project's own configuration of its main model, composed by Hydra."""
    with initialize_config_dir(version_base="1.3", config_dir=str(Path("conf").resolve())):
        lines = overrides(load_roster(Path("params.yaml"))["decision_engine"])
        composed = OmegaConf.to_container(compose("config", overrides=lines), resolve=True)
    return convert(composed, PipelineConfig, "conf")


@pytest.fixture(scope="session")
def dataset() -> Callable[..., FeatureDataset]:
    """Return the maker."""
    return make_dataset
