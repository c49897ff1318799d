"""Features of one instrument, bar by bar, for every specification that may be asked for.

A plan that comes later, by a rollback or a promotion, finds its features ready: those of every plan that may decide are kept warm, and a
new one is brought up from the first bar on, so that it agrees with the batch to the last bit. Bars are kept as doubles, 48 bytes each,
and the newest million of them, two years of minutes: a process may run for ever. Specifications that were there all the while go on to
the last bit. One that first comes after more bars than that begins at the oldest one kept, and agrees up to rounding: windows are at
most 5,000 bars long, and of what an exponential mean of so many held less than 1e-80 is left after a million.
"""

from __future__ import annotations

from array import array
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from bot_core.config.models import IndicatorFeatures
from bot_core.errors import ConfigError
from bot_core.features.indicators.indicator import Bar
from bot_core.features.online import OnlineFeatures
from bot_core.features.spec import FeatureSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot_core.ai.plan import Plan
    from bot_core.config.models import FeaturesConfig


KEPT = 1_000_000
_BLOCK = 4_096
_WIDTH = len(Bar._fields)


class FeatureStreams:
    """The features of one instrument.

    Args:
        kept: at least so many of the newest bars are kept for plans to come, and at most a block of 4,096 more.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._blocks = deque([array("d")], maxlen=-(-kept // _BLOCK) + 1)  # the oldest block goes at once, and nothing is moved
        self._streams: dict[str, OnlineFeatures] = {}
        self._newest: dict[str, list[float] | None] = {}

    def __len__(self) -> int:
        return sum(map(len, self._blocks)) // _WIDTH

    def want(self, plans: Iterable[Plan]) -> None:
        """Keep the features of these plans warm, and no others.

        Raises:
            ConfigError: a plan whose features are not made from bars.
        """
        wanted = {_key(plan): plan for plan in plans}
        for key in self._streams.keys() - wanted.keys():
            del self._streams[key], self._newest[key]
        for key in wanted.keys() - self._streams.keys():
            stream = OnlineFeatures(spec_of(wanted[key]))
            newest = None
            for bar in self._bars():
                newest = stream.update(bar)
            self._streams[key], self._newest[key] = stream, newest

    def update(self, bar: Bar) -> None:
        """Take the next bar.

        Raises:
            InputError: numbers that no bar has; it is not taken.
        """
        newest = {key: stream.update(bar) for key, stream in self._streams.items()}
        self._newest = newest
        if len(self._blocks[-1]) == _BLOCK * _WIDTH:
            self._blocks.append(array("d"))
        self._blocks[-1].extend(bar)

    def of(self, plan: Plan) -> Mapping[str, float] | None:
        """Return a plan's features at the newest bar; nothing while they warm up."""
        key = _key(plan)
        values = self._newest.get(key)
        return None if values is None else dict(zip(self._streams[key].spec.names, values, strict=False))  # one value per name

    def _bars(self) -> Iterator[Bar]:
        return (Bar(*values) for values in zip(*[chain.from_iterable(self._blocks)] * _WIDTH, strict=True))


def spec_of(plan: Plan) -> FeatureSpec:
    """Return the features that a plan reads.

    Raises:
        ConfigError: they are not archived with it, not made from bars, or not those of the model.
    """
    where = f"{plan.record.model} {plan.record.version}: features"
    config: FeaturesConfig | None = plan.config.features if plan.config else None
    if not isinstance(config, IndicatorFeatures):
        msg = (
            f"{where}: expected an archived configuration of features made from bars, got {'none' if config is None else 'columns'}"
        )
        raise ConfigError(msg, hint="bot-core run decides on bars; ask other models through AIManager.score_decision_features")
    spec = FeatureSpec.of(config)
    if list(spec.names) != list(plan.inference.feature_names):
        msg = f"{where}: expected those of the model, {', '.join(plan.inference.feature_names)}; got {', '.join(spec.names)}"
        raise ConfigError(msg, hint="release the model anew")
    return spec


def _key(plan: Plan) -> str:
    return plan.record.config or ""
