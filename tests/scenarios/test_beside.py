"""News beside real bars, from `dvc repro` alone: the table is made first, a model learns from it, and later news changes no earlier row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml

from bot_core.sentiment.joining import FEATURES
from tests.scenarios.conftest import SMALL, make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.conftest import Repository

TABLE = {"model": "small", "file": "data/msft_1d.csv", "scores": "data/news.csv", "max_age": "2d", "delay": "1m"}
DATA = {
    "kind": "events",
    "instrument": "msft",
    "path": "data/msft_news.parquet",
    "columns": {"label": "label", "payoff": "payoff"},
    "as_of": "2013-03-01",
}
TARGET = {"kind": "label", "task": "classification", "unit": "probability", "description": "up over five days"}


def write(path: Path, value: object) -> None:
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def news(path: Path, until: str) -> None:
    """Write a score for most hours of most days, noise about nothing."""
    hours = pd.date_range("2011-01-01T13:30", until, freq="5h")
    scores = np.random.default_rng(1).uniform(-1, 1, len(hours)).round(3)
    pd.DataFrame({"published": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "score": scores})[::2].to_csv(path, index=False)


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    """A roster of a model of bars and one of the same bars with news beside them."""
    small = SMALL["models"]["small"]  # type: ignore[index]
    later = {
        "data": "msft_news",
        "features": "msft_news",
        "target": "msft_news",
        "model": "logistic",
        "validation": "daily_probability",
    }
    repository = make_repository(
        tmp_path / "project", {"models": {"small": small, "later": {**later, "set": small["set"]}}}, sentiment=True
    )
    conf = repository.path / "conf"
    names = [one["name"] for one in yaml.safe_load((conf / "features/bars_daily.yaml").read_text())["features"]]
    write(conf / "data/msft_news.yaml", DATA)
    write(conf / "features/msft_news.yaml", {"kind": "columns", "columns": [*names, *FEATURES]})
    write(conf / "target/msft_news.yaml", TARGET)
    write(repository.path / "pipelines/sentiment/beside.yaml", {"beside": {"msft_news": TABLE}})
    news(repository.path / "data/news.csv", "2012-06-30T12:00")
    repository.commit("news")
    return repository


@pytest.mark.slow
def test_the_table_is_made_first_and_a_model_learns_from_it(desk: Repository) -> None:
    desk.ok("dvc", "repro", "report@later")
    path = desk.path / "data/msft_news.parquet"
    before = pd.read_parquet(path)
    counted = before.set_index("time")["sentiment_count"]
    assert (counted[:"2010-12-31"] == 0).all()
    assert (counted["2011-02-01":"2012-06-28"] > 0).all()
    assert (desk.path / "build/later/card.html").is_file()
    news(desk.path / "data/news.csv", "2013-02-28T12:00")
    desk.ok("dvc", "repro", "report@later")
    after = pd.read_parquet(path)
    known = before["time"] < pd.Timestamp("2012-06-29", tz="UTC")
    pd.testing.assert_frame_equal(after[known.to_numpy()], before[known.to_numpy()])
    assert (after.set_index("time")["sentiment_count"]["2012-08-01":] > 0).all()
