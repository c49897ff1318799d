"""Which scores stand beside which bars: `beside` in `pipelines/sentiment/beside.yaml`, one entry per table `data/<name>.parquet`."""

from __future__ import annotations

import msgspec

from bot_core.config.values import DataPath, Duration, Name


class BesideEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table: whose bars, features and target; the raw file behind them and the scores' (DVC watches both).

    `scores`: CSV or Parquet with `published` and either `score`, -1 to 1, or `text`, which is then scored. A score counts from `delay`
    after its publication until it is `max_age` old.
    """

    model: Name
    file: DataPath
    scores: DataPath
    max_age: Duration
    delay: Duration = "1m"


class Beside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    beside: dict[Name, BesideEntry] = msgspec.field(default_factory=dict)
