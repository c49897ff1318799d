"""Primary models made for tests: the project's own configurations, over bars that are real or drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from bot_core._parse import convert
from bot_core.config.models import PipelineConfig

SMALL = ["model=ridge", "validation=hourly", "validation.walk_forward.windows=3"]
HOURLY = ["data=eurusd_1h", "features=bars_hourly", "target=forward_return_4", *SMALL]


def composed(*overrides: str) -> PipelineConfig:
    """Compose choices of conf/ as the stage does."""
    with initialize_config_dir(version_base="1.3", config_dir=str(Path("conf").resolve())):
        plain = OmegaConf.to_container(compose("config", overrides=list(overrides)), resolve=True)
    return convert(plain, PipelineConfig, "conf")


def drawn_bars(n: int, seed: int) -> pd.DataFrame:
    """Draw hourly bars of a random walk; each holds its open and its close."""
    draw = np.random.default_rng(seed)
    close = 1.1 * np.exp(np.cumsum(draw.normal(0.0, 1e-3, n)))
    open_ = np.concatenate([[1.1], close[:-1]])
    edge = np.abs(draw.normal(0.0, 5e-4, (2, n)))
    frame = pd.DataFrame({"time": pd.date_range("2020-01-06", periods=n, freq="h", tz="UTC").astype("datetime64[us, UTC]")})
    frame["open"], frame["close"] = open_, close
    frame["high"] = np.maximum(open_, close) * (1.0 + edge[0])
    frame["low"] = np.minimum(open_, close) * (1.0 - edge[1])
    frame["volume"] = draw.uniform(1.0, 2.0, n)
    return frame
