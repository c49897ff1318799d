"""The drift alert itself, tried on history: how often it cries over nothing, and how soon it sees a shift that is known to be there.

A window is looked at every `step` rows and holds only rows up to its end, of the features that are watched. Four things are replayed,
none with a label:

- `later`: the rows after training, as they came, against the training rows and their limits. Its alerts are what the deployed alert
  would have said; some of them are real drift, and nobody can say which.
- `training`: the training rows as they came. They are the reference themselves, so an alert here is false. (Rows that a reference holds
  are a little nearer to it than others, so there should be fewer alerts than were declared.)
- `shuffled`: all rows, cut in blocks of a window's length and dealt anew; as many rows as training had become the reference, with limits
  of their own, the rest is replayed. Nothing drifts by construction, and no window is part of its reference.
- Shifts (`drift_shifts`) planted at evenly spaced places of `later`, in one feature at a time and in all, with their delays
  (`drift_trials`). A place is just behind a look, so that the delay is what it is at worst.

Limits are bootstrapped once per reference. All chance comes from `monitoring.drift.seed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.drift_alarm import Alarm, watched_part
from bot_core.ai.drift_shifts import shifts
from bot_core.ai.drift_trials import HORIZON, Trial
from bot_core.documents.drift import DriftBacktest, Planted, Replayed
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    from numpy.typing import NDArray

    from bot_core.ai.drift_alarm import Marks
    from bot_core.ai.drift_shifts import Shift
    from bot_core.config.models import DriftConfig
    from bot_core.documents.artifact import SplitWindow
    from bot_core.documents.status import Status
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]
    Watch = Callable[[str, Sequence[int]], Iterable[int]]

WINDOWS_AT_LEAST = 1 + HORIZON  # one before a shift


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replayed: `shifts` at `places`, `shuffles` shuffled histories, a look every `step` rows.

    `step` is at most a window; None: a quarter of one.
    """

    shifts: tuple[Shift, ...] = shifts()
    step: int | None = None
    places: int = 10
    shuffles: int = 2

    def step_of(self, config: DriftConfig) -> int:
        """Return the rows from look to look."""
        return self.step or max(config.window // 4, 1)


AS_DEPLOYED = Plan()


def unwatched(what: str, numbers: Sequence[int]) -> Iterable[int]:  # noqa: ARG001  # the signature of a watcher
    """Show nothing."""
    return numbers


def divide(dataset: FeatureDataset, train: SplitWindow) -> tuple[FeatureDataset, FeatureDataset]:
    """Return the rows a model learned from and all rows after them."""
    first, last = (np.datetime64(time.rstrip("Z"), "us") for time in (train.first, train.last))
    learned_from = np.flatnonzero((dataset.times >= first) & (dataset.times <= last))
    return dataset.rows(learned_from), dataset.rows(np.flatnonzero(dataset.times > last))


def long_enough(later: FeatureDataset, config: DriftConfig) -> bool:
    """Say whether a shift can be planted in `later`: three windows of rows."""
    return len(later) >= WINDOWS_AT_LEAST * config.window


def backtest(
    learned_from: FeatureDataset,
    later: FeatureDataset,
    config: DriftConfig,
    plan: Plan = AS_DEPLOYED,
    watch: Watch = unwatched,
    *,
    alarm: Alarm | None = None,
) -> DriftBacktest:
    """Replay the alert.

    Args:
        learned_from: the training rows, at least as many as a window has.
        later: the rows after them, in order of time.
        config: the alert's, as deployed.
        plan: what to try.
        watch: wraps the numbers of the shuffles, then of the places, to show progress.
        alarm: `drift.prepare_alarm`'s for the training rows and a declared window; prepared here where it is not given.

    Raises:
        DatasetError: fewer training rows than a window has, or fewer than three windows of later rows.
        ConfigError: no feature is watched.
    """
    _check(len(learned_from), len(later), config.window)
    learned_from, later, step = watched_part(learned_from, config), watched_part(later, config), plan.step_of(config)
    alarm = alarm or Alarm.of(learned_from.values, config.window, config)
    places = _places(len(later), config.window, plan.places)
    trials = [Trial.at(alarm, later.values, place, step, plan.shifts) for place in watch("shifts", places)]
    first, already = np.array([trial.first for trial in trials]), np.array([trial.already for trial in trials])
    return DriftBacktest(
        window=config.window,
        step=step,
        horizon=HORIZON * config.window,
        places=len(places),
        seed=config.seed,
        declared=config.false_discovery_rate,
        histories=_histories(alarm, learned_from, later, config, plan, watch),
        shifts=[
            found
            for number, shift in enumerate(plan.shifts)
            for found in _planted(shift, step * first[:, number], already, later.feature_names)
        ],
    )


def _histories(  # one question about six things
    alarm: Alarm, learned_from: FeatureDataset, later: FeatureDataset, config: DriftConfig, plan: Plan, watch: Watch
) -> list[Replayed]:
    """Replay the three histories in which nothing was planted."""
    names, step = later.feature_names, plan.step_of(config)
    return [
        _replayed("later", [_Found.of(alarm, later.values, step)], names),
        _replayed("training", [_Found.of(alarm, learned_from.values, step)], names),
        _replayed("shuffled", _shuffled(learned_from.values, later.values, config, plan, watch), names),
    ]


def _check(learned_from: int, later: int, window: int) -> None:
    for what, got, least in (("training rows", learned_from, window), ("rows after training", later, WINDOWS_AT_LEAST * window)):
        if got < least:
            msg = f"drift backtest: expected at least {least} {what}, got {got}"
            raise DatasetError(msg, hint="shorten monitoring.drift.window or use more data")


@dataclass(frozen=True, slots=True)
class _Found:
    """What the windows of one history say: `named` (w, k) features and w statuses; `rows` replayed, `window` rows each."""

    named: Marks
    statuses: list[Status]
    rows: int
    window: int

    @classmethod
    def of(cls, alarm: Alarm, rows: Floats, step: int) -> _Found:
        window = alarm.config.window
        named = np.array([alarm.named(alarm.read(rows[end - window : end])) for end in range(window, len(rows) + 1, step)])
        return cls(named, [alarm.status(marks) for marks in named], len(rows), window)


def _planted(shift: Shift, delays: Places, already: Marks, names: Sequence[str]) -> list[Planted]:
    """Count one shift's trials; `delays` and `already` (places, k + 2)."""
    made = partial(_counted, shift, delays, already)
    late = ((delays == 0) & ~already)[:, :-2].sum(axis=0)
    return [
        made("one", "any", slice(None, -2), missed=_most(names, late)),
        made("all", "any", slice(-2, -1)),
        made("all", "critical", slice(-1, None)),
    ]


def _counted(
    shift: Shift,
    delays: Places,
    already: Marks,
    features: Literal["one", "all"],
    alert: Literal["any", "critical"],
    columns: slice,
    missed: dict[str, int] | None = None,
) -> Planted:
    counted = delays[:, columns][~already[:, columns]]
    return Planted(
        shift=shift.kind,
        size=shift.size,
        features=features,
        alert=alert,
        trials=len(counted),
        already=int(already[:, columns].sum()),
        detected=int((counted > 0).sum()),
        median=delay_within(50, counted),
        p90=delay_within(90, counted),
        missed=missed or {},
    )


def delay_within(percent: int, delays: Places) -> int | None:
    """Return the rows within which so many per cent of all trials were seen; 0 in `delays` is: never. None: fewer were."""
    seen = np.sort(delays[delays > 0])
    needed = -(-percent * len(delays) // 100)
    return int(seen[needed - 1]) if 0 < needed <= len(seen) else None


def _places(rows: int, window: int, count: int) -> list[int]:
    """Space the places evenly between the first whole window and the last row that two more windows follow."""
    return sorted({int(place) for place in np.linspace(window, rows - HORIZON * window, count)})


def _shuffled(learned_from: Floats, later: Floats, config: DriftConfig, plan: Plan, watch: Watch) -> list[_Found]:
    rows, found = np.concatenate([learned_from, later]), []
    for number in watch("shuffled histories", range(plan.shuffles)):
        dealt = deal(rows, config.window, np.random.default_rng((config.seed, number)))
        past, future = dealt[: len(learned_from)], dealt[len(learned_from) :]
        found.append(_Found.of(Alarm.of(past, config.window, config), future, plan.step_of(config)))
    return found


def deal(rows: Floats, block: int, draw: np.random.Generator) -> Floats:
    """Cut `rows` (n, k) in blocks, from a place drawn at random on, and put them in an order drawn at random."""
    parts = np.split(rows, range(int(draw.integers(1, block + 1)), len(rows), block))
    return np.concatenate([parts[i] for i in draw.permutation(len(parts))])


def _replayed(history: Literal["later", "training", "shuffled"], found: list[_Found], names: Sequence[str]) -> Replayed:
    statuses = [status for one in found for status in one.statuses]
    return Replayed(
        history=history,
        rows=sum(one.rows for one in found),
        windows=len(statuses),
        apart=sum(one.rows // one.window for one in found),
        warning=statuses.count("warning"),
        critical=statuses.count("critical"),
        named=_most(names, np.concatenate([one.named for one in found]).sum(axis=0)),
    )


def _most(names: Sequence[str], counts: Places) -> dict[str, int]:
    """Order the features counted at least once, the most often counted first."""
    ordered = sorted(zip(names, counts.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in ordered if count}
