"""Features of one instrument, bar by bar, for every specification that may be asked for.

A plan that comes later, by a rollback or a promotion, finds its features ready: those of every plan that may decide are kept warm, and a
new one is brought up from the first bar on, so that it agrees with the batch to the last bit. Bars are kept as doubles, 48 bytes each.
"""

from __future__ import annotations

from array import array
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


_WIDTH = len(Bar._fields)


class FeatureStreams:
    """The features of one instrument."""

    def __init__(self) -> None:
        self._values = array("d")
        self._streams: dict[bytes, OnlineFeatures] = {}
        self._newest: dict[bytes, list[float] | None] = {}

    def __len__(self) -> int:
        return len(self._values) // _WIDTH

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
        self._values.extend(bar)
        self._newest = newest

    def of(self, plan: Plan) -> Mapping[str, float] | None:
        """Return a plan's features at the newest bar; nothing while they warm up."""
        key = _key(plan)
        values = self._newest.get(key)
        return None if values is None else dict(zip(self._streams[key].spec.names, values, strict=False))  # one value per name

    def _bars(self) -> Iterator[Bar]:
        return (Bar(*self._values[place : place + _WIDTH]) for place in range(0, len(self._values), _WIDTH))


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


def _key(plan: Plan) -> bytes:
    return (plan.record.config or "").encode()
