"""A table with news beside daily bars of an exchange: labels as the model has them, and sessions that close when they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot_core.config.beside import BesideEntry
from bot_core.config.models import EventTable
from bot_core.errors import ConfigError
from bot_core.sentiment.joining import Scores
from bot_core.sentiment.joining_table import with_scores
from tests.unit.metalabel.primaries import composed

ENTRY = BesideEntry(model="m", file="data/msft_1d.csv", scores="data/news.csv", max_age="8h", delay="0s")
"""A close at 16:00 New York in winter is 21:00 UTC."""
PUBLISHED = np.array(["2012-12-03T20:59", "2012-12-04T21:01"], dtype="datetime64[us]")


def test_what_is_said_after_the_close_is_not_in_the_days_row() -> None:
    config = composed("data=msft_1d", "features=bars_daily", "target=direction_5", "model=logistic", "validation=daily_probability")
    table = with_scores(config, Scores(PUBLISHED, np.array([0.25, 0.75])), ENTRY).set_index("time")
    days = table["2012-12-03":"2012-12-05"]
    assert days["sentiment_count"].tolist() == [1.0, 0.0, 0.0]
    assert days["sentiment_last"].tolist() == [0.25, 0.0, 0.0]
    assert table["label"].isna().sum() == table["label_end"].isna().sum() > 0
    assert Path(config.data.path).name == "msft_1d.csv"


def test_events_have_no_close(tmp_path: Path) -> None:
    events = EventTable(instrument="x", path="data/x.csv", as_of="2020-01-01")
    config = composed("data=msft_1d", "features=bars_daily", "target=direction_5", "model=logistic", "validation=daily_probability")
    changed = type(config)(**{name: getattr(config, name) for name in config.__struct_fields__} | {"data": events})
    with pytest.raises(ConfigError, match="m: expected a model of bars, got one of events"):
        with_scores(changed, Scores(PUBLISHED, np.array([0.25, 0.75])), ENTRY)
    assert not list(tmp_path.iterdir())
