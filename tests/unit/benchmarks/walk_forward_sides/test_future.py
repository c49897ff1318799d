from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.walk_forward_sides import rows as shared
from benchmarks.walk_forward_sides.future import changed, spoil, steps
from benchmarks.walk_forward_sides.ours import dataset

if TYPE_CHECKING:
    from bot_core.features.dataset import FeatureDataset


@pytest.fixture
def rows() -> FeatureDataset:
    return dataset(shared.synthetic(1000))


def test_what_knows_only_a_row_itself_is_never_changed(rows: FeatureDataset) -> None:
    def itself(known: FeatureDataset, index: int) -> shared.Floats:
        return known.values[steps(known)[index].test][:, :1]

    assert changed(rows, itself) == 0


def test_what_knows_the_mean_of_all_rows_is_changed_everywhere(rows: FeatureDataset) -> None:
    def with_the_mean(known: FeatureDataset, index: int) -> shared.Floats:
        return known.values[steps(known)[index].test][:, :1] - float(known.values.mean())

    assert changed(rows, with_the_mean) == sum(len(step.test) // 2 for step in steps(rows))


def test_what_knows_a_label_of_its_own_window_is_changed(rows: FeatureDataset) -> None:
    def with_a_label(known: FeatureDataset, index: int) -> shared.Floats:
        return known.targets[steps(known)[index].test][:, None]

    assert changed(rows, with_a_label) > 0


def test_spoiling_leaves_the_past_as_it_was(rows: FeatureDataset) -> None:
    spoiled = spoil(rows, labels_from=600, features_from=700)
    np.testing.assert_array_equal(spoiled.values[:700], rows.values[:700])
    np.testing.assert_array_equal(spoiled.targets[:600], rows.targets[:600])
    assert (spoiled.values[700:] != rows.values[700:]).all()
    assert (spoiled.targets[600:] != rows.targets[600:]).all()


def test_there_are_as_many_windows_as_both_sides_are_told(rows: FeatureDataset) -> None:
    assert len(steps(rows)) == shared.WINDOWS
