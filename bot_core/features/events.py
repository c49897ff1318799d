"""Features and labels that somebody else made: a table of events becomes the same dataset that bars become.

Features are taken as they stand; they must be finite. A label and its end time are known together or not at all. The label columns
themselves can never be features.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from bot_core.errors import ConfigError, DatasetError, InputError
from bot_core.features.columns import utc_times
from bot_core.features.dataset import FeatureDataset

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from bot_core.config.models import ColumnFeatures, LabelColumn

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

NEEDED = ("time", "label_end", "label")
OWN = (*NEEDED, "payoff", "target")


def build_event_dataset(frame: pd.DataFrame, columns: ColumnFeatures, target: LabelColumn) -> FeatureDataset:
    """Take features and labels from a table of events.

    Args:
        frame: rows in order of time with `time`, `label_end` (datetime64[us], UTC or naive UTC; NaT: not known yet), `label` (nan:
            not known yet), optionally `payoff` (bps), and the feature columns.
        columns: which columns are features, in order.
        target: the label's task; a classification label is 0 or 1.

    Raises:
        ConfigError: a feature that is not a column of the table, is given twice, or is a label column.
        InputError: a column is missing or not numbers or times, rows out of order, a feature not finite, a label without its end.
        DatasetError: no label is known.
    """
    _check_names(frame, columns.columns)
    times = _times(frame, "time")
    ends = _times(frame, "label_end")
    _check_order(times)
    labels = _numbers(frame, "label", times)
    _check_labels(labels, times, ends, target)
    payoffs = _payoffs(frame, times, ends)
    values = np.empty((len(frame), len(columns.columns)))
    for i, name in enumerate(columns.columns):
        values[:, i] = _feature(frame, name, times)
    return FeatureDataset(tuple(columns.columns), times, ends, labels, values, payoffs)


def _check_names(frame: pd.DataFrame, features: list[str]) -> None:
    existing = [str(column) for column in frame.columns]
    for name in NEEDED:
        if name not in existing:
            msg = f"events: expected a column {name}, got {', '.join(existing)}"
            raise InputError(msg, hint="name the column in `columns` of conf/data")
    for i, name in enumerate(features):
        if name in features[:i]:
            msg = f"features: {name}: expected every column once, got it twice"
            raise ConfigError(msg)
        if name in OWN:
            msg = f"features: {name}: expected a column known at the event's time, got the table's own {name}"
            raise ConfigError(msg, hint="remove it: it would leak the label")
        if name not in existing:
            raise _unknown(name, [column for column in existing if column not in OWN])


def _unknown(name: str, existing: list[str]) -> ConfigError:
    near = difflib.get_close_matches(name, existing, n=1)
    msg = f"features: {name}: expected one of the table's columns {', '.join(existing)}; got {name}"
    return ConfigError(msg, hint=f"did you mean {near[0]}?" if near else "")


def _times(frame: pd.DataFrame, name: str) -> Times:
    time = frame[name]
    if time.dtype.kind != "M":
        msg = f"events: {name}: expected times, got {time.dtype}"
        raise InputError(msg)
    return utc_times(time)


def _check_order(times: Times) -> None:
    if np.isnat(times).any():
        msg = f"events: time: expected a time in every row, got none in row {int(np.argmax(np.isnat(times)))}"
        raise InputError(msg)
    late = np.flatnonzero(times[1:] < times[:-1])
    if len(late):
        msg = f"events: time: expected rows in order of time, got {times[late[0] + 1]} after {times[late[0]]}"
        raise InputError(msg, hint="declare `sort: true` in the repairs of conf/data")


def _numbers(frame: pd.DataFrame, name: str, times: Times) -> Floats:
    column = frame[name]
    if column.dtype.kind not in "biuf":
        msg = f"events: {name}: expected numbers, got {column.dtype}"
        raise InputError(msg)
    values = column.to_numpy(np.float64, na_value=np.nan)
    _refuse(np.isinf(values), name, times, "finite numbers or nothing", values)
    return values


def _feature(frame: pd.DataFrame, name: str, times: Times) -> Floats:
    values = _numbers(frame, name, times)
    _refuse(np.isnan(values), name, times, "a finite number in every row", values)
    return values


def _check_labels(labels: Floats, times: Times, ends: Times, target: LabelColumn) -> None:
    known = ~np.isnan(labels)
    if not known.any():
        msg = f"events: label: expected a known label in at least one of {len(labels)} rows, got none"
        raise DatasetError(msg, hint="wait until outcomes are known")
    _refuse(known == np.isnat(ends), "label", times, "label and label_end together or neither", labels)
    if target.task == "classification":
        _refuse(known & (labels != 0.0) & (labels != 1.0), "label", times, "0 or 1", labels)


def _payoffs(frame: pd.DataFrame, times: Times, ends: Times) -> Floats | None:
    if "payoff" not in frame.columns:
        return None
    payoffs = np.where(np.isnat(ends), np.nan, _numbers(frame, "payoff", times))
    _refuse(np.isnan(payoffs) & ~np.isnat(ends), "payoff", times, "a number wherever the label is known", payoffs)
    return payoffs


def _refuse(bad: NDArray[np.bool_], name: str, times: Times, expected: str, values: Floats) -> None:
    if bad.any():
        at = int(np.argmax(bad))
        msg = f"events: {name}: expected {expected}, got {values[at]:g} at {times[at]} ({int(bad.sum())} rows)"
        raise InputError(msg)
