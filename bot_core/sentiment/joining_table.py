"""A model's bars with the news beside them, as a table of events: the model's features, what was said by each bar's close, and its label.

From here on it is data like any other: `kind: events` in `conf/data/`, features by name, label and payoff from the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from bot_core.ai.windows import duration
from bot_core.config.models import EventTable
from bot_core.data import sources
from bot_core.data.contracts import LABEL, LABEL_END, PAYOFF, TIME, UTC_TIME
from bot_core.data.repairs import repair, require_usable
from bot_core.errors import ConfigError
from bot_core.features.featurize import featurize
from bot_core.sentiment.joining import join_scores
from bot_core.sentiment.joining_closes import closes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot_core.config.beside import BesideEntry
    from bot_core.config.models import PipelineConfig
    from bot_core.sentiment.joining import Scores


def with_scores(config: PipelineConfig, scores: Scores, entry: BesideEntry) -> pd.DataFrame:
    """Read a model's bars, compute its features and labels, and join the scores.

    Raises:
        ConfigError: a model that learns from a table of events already.
        InputError: the bars cannot be read as declared.
        DatasetError: too few bars.
    """
    if isinstance(config.data, EventTable):
        msg = f"{entry.model}: expected a model of bars, got one of events"
        raise ConfigError(msg, hint="name a model whose data has bars; a row of events has no close")
    frame, _ = repair(sources.read(config.data), config.data)
    require_usable(frame, config.data)
    rows = featurize(frame, config.features, config.target)
    table = rows.values  # noqa: PD011  # no frame
    joined = join_scores(closes(rows.times, config.data), scores, max_age=duration(entry.max_age), delay=duration(entry.delay))
    columns: dict[str, object] = {TIME: _utc(rows.times), LABEL_END: _utc(rows.label_ends), LABEL: rows.targets}
    columns |= {} if rows.payoffs is None else {PAYOFF: rows.payoffs}
    columns |= {name: table[:, place] for place, name in enumerate(rows.feature_names)}
    return pd.DataFrame(columns | joined.features())


def _utc(times: NDArray[np.datetime64]) -> pd.Series[pd.Timestamp]:
    stamps: pd.Series[pd.Timestamp] = pd.Series(times).dt.tz_localize("UTC").astype(UTC_TIME)
    return stamps
