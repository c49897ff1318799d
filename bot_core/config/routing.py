"""What answers which question at run time, and how it is watched for drift: `conf/routing/<name>.yaml`, read without Hydra.

A route is `signal:…`, `sentiment:…` or `regime:…`: a model or a rule by its name. Every watched series is brought to the mean and the
spread of its first `warm_up` values before a detector sees it, so that one declaration means the same of a return and of an oscillator.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, field

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import Group
from bot_core.config.values import Count, Duration, Name, NotNegative, OpenShare, Positive, Share
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from bot_core.errors import BotCoreError

SETTINGS = Path("conf/routing/default.yaml")
Direction = Annotated[int, Meta(ge=-1, le=1)]
_NAME = r"[a-z0-9](?:[._-]?[a-z0-9])*$"
_SMALLER = "Expected warning to be {relation} {name}, for a warning comes first; got {warning:g} and {strict:g}"


class AdwinDetector(Group, frozen=True, kw_only=True, tag_field="kind", tag="adwin"):
    """ADWIN (Bifet & Gavaldà 2007), river's, which looks once in `clock` observations.

    `delta` bounds the chance of a false alarm at one look, `warning` that of a second, looser window.
    """

    delta: OpenShare = 0.002
    warning: OpenShare = 0.02
    clock: Count = 32

    def __post_init__(self) -> None:
        if self.warning <= self.delta:
            raise ValueError(_SMALLER.format(relation="above", name="delta", warning=self.warning, strict=self.delta))


class PageHinkleyDetector(Group, frozen=True, kw_only=True, tag_field="kind", tag="page_hinkley"):
    """The two-sided test of Page (1954) and Hinkley (1971), in standard deviations of the warm-up.

    `slack` is half of the shift that is to be seen soonest; the test says so above `threshold` and warns above `warning`.
    """

    slack: NotNegative = 0.25
    threshold: Positive = 30.0
    warning: Positive = 22.0

    def __post_init__(self) -> None:
        if self.warning >= self.threshold:
            raise ValueError(_SMALLER.format(relation="below", name="threshold", warning=self.warning, strict=self.threshold))


class Watch(Group, frozen=True, kw_only=True):
    """What of one route is watched: these inputs by name, its output, and its errors once outcomes are told; and by which detectors.

    Detectors take values for independent. Where neighbours are alike or a day has a rhythm, `block` observations in a row are one value,
    their mean: 24 of hourly bars. `blocks` says it of one series: `output`, `error` or an input's name. `warm_up` observations, and at
    least thirty values, say what is usual.
    """

    inputs: list[Name] = field(default_factory=list)
    output: bool = True
    errors: bool = True
    block: Count = 1
    blocks: dict[str, Count] = field(default_factory=dict)
    warm_up: Annotated[int, Meta(ge=30)] = 200
    detectors: Annotated[list[AdwinDetector | PageHinkleyDetector], Meta(min_length=1)] = field(
        default_factory=lambda: [AdwinDetector()]
    )


class MassDrift(Group, frozen=True, kw_only=True):
    """Mass drift: a `share` of the series that have values, and at least so many, drifted `within` a span. Limits shrink by `factor`."""

    share: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.5
    least: Count = 2
    within: Duration = "7d"
    factor: Share = 0.5


class DriftWatch(Group, frozen=True, kw_only=True):
    """How routes are watched; one without a watch is not. `quiet`: so long nothing is said twice about one series."""

    report_dir: str = "state/drift_reports"
    signal: Watch | None = Watch()
    sentiment: Watch | None = Watch(detectors=[AdwinDetector(delta=0.003)])
    regime: Watch | None = None
    quiet: Duration = "1h"
    mass: MassDrift = MassDrift()


class Risk(Group, frozen=True, kw_only=True):
    """Limits, as shares of equity: of one trade, and of one day's loss."""

    per_trade_cap: Share = 0.02
    daily_loss_limit: Share = 0.06


class Stump(Group, frozen=True, kw_only=True):
    """One vote: `above` where the feature is above `split`, else `below`; 1 buys, -1 sells, 0 holds."""

    feature: Name
    split: float
    above: Direction
    below: Direction


_MOMENTUM = [Stump(feature=name, split=0.0, above=1, below=-1) for name in ("momentum_6", "momentum", "momentum_120")]
_REVERSION = [
    Stump(feature="rsi_14", split=70.0, above=-1, below=0),
    Stump(feature="rsi_14", split=30.0, above=0, below=1),
]


class Regimes(Group, frozen=True, kw_only=True):
    """Calm, normal or turbulent by one measure of volatility, against the `window` values before; unknown until there are `least`."""

    feature: Name = "parkinson_24"
    window: Annotated[int, Meta(ge=30)] = 500
    least: Annotated[int, Meta(ge=30)] = 60


class RoutingConfig(Group, frozen=True, kw_only=True):
    """What `ModelRouter` is told. Paths are from the repository's root; without a `journal` nothing is recorded there."""

    signal: Annotated[str, Meta(pattern=f"^signal:{_NAME}")] = "signal:rf_rule"
    sentiment: Annotated[str, Meta(pattern=f"^sentiment:{_NAME}")] = "sentiment:finbert"
    regime: Annotated[str, Meta(pattern=f"^regime:{_NAME}")] = "regime:kmeans"
    forest: Annotated[list[Stump], Meta(min_length=1)] = field(default_factory=lambda: [*_MOMENTUM, *_REVERSION])
    regimes: Regimes = Regimes()
    risk: Risk = Risk()
    drift: DriftWatch = DriftWatch()
    environment: Name = "paper"
    state: str = "var/models"
    journal: str | None = "logs/decision_journal/decisions.jsonl"


def routing_of(raw: object, where: str, error: type[BotCoreError] = ConfigError) -> RoutingConfig:
    """Check plain values; a ConfigError names the key, what was expected and what came."""
    return convert(raw, RoutingConfig, where, error=error)


def load_routing(path: Path = SETTINGS) -> RoutingConfig:
    """Read a router's settings.

    Raises:
        ConfigError: missing, or not what the group allows.
    """
    try:
        return routing_of(load_yaml(read_bytes(path), str(path)), str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"git checkout {SETTINGS}, or name another") from error
