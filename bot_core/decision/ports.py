"""What the decision asks of the outside, a model that scores and a clock, and what it answers: an evaluation.

A model that fails may raise a `BotCoreError` or any of Python's own errors: all of them mean *no answer*. It must not raise classes
of a library's own that derive straight from `Exception`; its adapter translates those.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

from bot_core.decision.candidate import DecisionCandidate
from bot_core.decision.costs import CostSource
from bot_core.decision.thresholds import Finding, Outcome
from bot_core.errors import BotCoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Clock = Callable[[], dt.datetime]

Selection = Literal["named", "default", "given", "none"]
"""How the model was chosen: by its name, as the default, not at all since the score was given, not at all since there is none."""

SCORE_ERRORS = (
    BotCoreError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    ReferenceError,
    RuntimeError,
    StopIteration,
    SystemError,
    TypeError,
    ValueError,
)


class ModelScore(msgspec.Struct, frozen=True, gc=False):
    """A model's answer: the expected return in basis points, and the calibrated probability of success, 0 to 1.

    `prediction`: what both were made of, in the target's unit; nothing where no model predicted.
    """

    expected_return_bps: float
    success_probability: float
    prediction: float | None = None


@runtime_checkable
class Inference(Protocol):
    """A model that can be asked."""

    @property
    def is_ready(self) -> bool:
        """Whether the model may be asked now; anything but `True` means no."""

    @property
    def feature_names(self) -> Sequence[str]:
        """The names of the features it reads: all of them, and no other."""

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Score one vector. NaN stands for a missing value, and occurs only where the feature policy says so."""


class Scored(msgspec.Struct, frozen=True, gc=False):
    """A model's answer: a score, or findings why there is none; never neither."""

    model_name: str | None
    selection: Selection
    score: ModelScore | None = None
    findings: tuple[Finding, ...] = ()


class DecisionEvaluation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The verdict on a candidate. `reasons` are the codes of `findings`, each once, in the order of `thresholds.CODES`.

    `recommended_modes`: `protective` limits were shrunk; `rules` should decide instead; `liquidate` positions are to be closed.
    `recommended_position_size`: the candidate's notional if accepted, what would pass if clamped, else zero.
    `recommended_risk_score`: the largest share of a `max_` limit that is used, 0 to 1; 1 also where something cannot be measured.
    `meta_label_probability`: what a meta-label model said, where there is a condition on it and it answered.
    """

    candidate: DecisionCandidate
    accepted: bool
    outcome: Outcome
    cost_bps: float | None
    cost_source: CostSource | None
    net_edge_bps: float | None
    reasons: tuple[str, ...]
    risk_flags: tuple[str, ...]
    stress_failures: tuple[str, ...]
    findings: tuple[Finding, ...]
    model_name: str | None
    model_selection: Selection
    model_expected_return_bps: float | None
    model_success_probability: float | None
    thresholds_snapshot: dict[str, float]
    recommended_modes: tuple[str, ...]
    recommended_position_size: float
    recommended_risk_score: float
    meta_label_probability: float | None = None


def utc_now() -> dt.datetime:
    """Return the present, with its time zone."""
    return dt.datetime.now(dt.UTC)
