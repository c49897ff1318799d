"""Has a release become worse than its evidence said? Ratios to a naive prediction, block by block, and a test that may be read at any time.

1. What is compared is a ratio: the model's mean loss over that of a naive prediction on the same rows. A model of ranges errs more in wild
   weeks, and so does the naive prediction beside it: the market cancels, the model's worth does not.
2. The naive prediction is the one that the walk-forward report names, where it needs nothing but labels that are known by now (zero, the
   last value, the mean of twenty); else the best of these three in the same report.
3. What is expected is the ratio of the pooled losses. A bound begins so many hundredths above it, but never below the worst window of the
   report: what the evidence itself has shown is no degradation.
4. A block of rows gives one value, x = ln(ratio of the block / bound), so that what neighbours share stays inside a block. Where a block is
   no worse than the bound but for noise that is as likely up as down, exp(l x - l² x² / 2) is at most one on average for every l > 0 (de la
   Peña, Annals of Probability 1999; the noise's size need not be known). Mixed over a half-normal l and multiplied over blocks this is
   Robbins' normal mixture, a bet against "no worse" that nobody wins on average, whenever he stops.
5. Such a bet is begun at every block, so that a good year does not hide a bad month, and the sum of all is compared with
   `period / false_alarm_rate`. In `period` blocks it gets there with a chance of `false_alarm_rate` at most, however often one looks
   (Shiryaev and Roberts' procedure on e-processes: Shin, Ramdas & Rinaldo, E-detectors, NEJSDS 2023; the sum less the number of blocks is
   a supermartingale).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bot_core.documents.degradation import Expected
from bot_core.errors import ReleaseError

if TYPE_CHECKING:
    from bot_core.documents.scores import Scores
    from bot_core.documents.walk_forward import WalkForwardReport

LIVE: Final = ("zero", "last_value", "mean_20")
"""The naive predictions that can be made of labels known by now."""
SCALE: Final = 5.0
"""Of the half-normal mixture: a bet that suits blocks a fifth worse than the bound; others suit nearly as well."""
CAP: Final = 1.0
"""A block says at most that it was e times worse or better than the bound, so that one wild block proves nothing."""
_SMALL = -8.0


def expectation(report: WalkForwardReport, digest: str) -> Expected:
    """Say what a release's walk-forward report lets expect of it.

    Args:
        report: of that very release.
        digest: of the report.

    Raises:
        ReleaseError: it has no naive prediction that can be made live, or one that never errs.
    """
    found = report.comparison
    known = {name: _loss(report.baselines[name], found.loss) for name in LIVE if name in report.baselines}
    usable = {name: loss for name, loss in known.items() if loss > 0.0}
    if not usable:
        expected = f"a naive prediction among {', '.join(LIVE)} that errs"
        msg = f"{report.model}: walk-forward report: expected {expected}, got {', '.join(report.baselines) or 'none'}"
        raise ReleaseError(msg, hint="release the model again: bot-core release MODEL")
    name = found.baseline if found.baseline in usable else min(usable, key=lambda key: usable[key])
    windows = [_ratio(_loss(one.model, found.loss), _loss(one.baselines[name], found.loss)) for one in report.windows]
    return Expected(
        report=digest,
        loss=found.loss,
        unit=report.unit,
        baseline=name,
        ratio=_loss(report.pooled, found.loss) / usable[name],
        worst_window=max((ratio for ratio in windows if ratio is not None), default=0.0),
        windows=len(windows),
    )


def bound(expected: Expected, excess: float) -> float:
    """Return the ratio from which on a release counts as worse by more than `excess`, a share of what was expected."""
    return max(expected.ratio * (1.0 + excess), expected.worst_window)


def block_value(model: float, baseline: float, limit: float) -> float:
    """Return what a block says: ln(model / baseline / limit), capped; nothing, 0, where both losses vanish.

    >>> round(block_value(1.2, 1.0, 1.1), 4), block_value(0.0, 0.0, 1.1), block_value(1.0, 0.0, 1.1)
    (0.087, 0.0, 1.0)
    """
    if model <= 0.0 or baseline <= 0.0:
        return CAP * ((model > 0.0) - (baseline > 0.0))
    ratio = model / baseline / limit
    return min(max(math.log(ratio), -CAP), CAP) if ratio > 0.0 else -CAP  # a ratio too small for a float


def log_bet(total: float, squares: float) -> float:
    """Return the logarithm of a bet's worth after blocks whose values add up to `total` and their squares to `squares`.

    The mixture of exp(l S - l² V / 2) over l ~ |N(0, SCALE²)| is 2 F(z) exp(z² / 2) / root with root = (1 + SCALE² V)^½ and
    z = SCALE S / root (Robbins, Annals of Mathematical Statistics 1970; Howard et al., Annals of Statistics 2021, proposition 6).

    >>> log_bet(0.0, 0.0)
    0.0
    """
    root = math.sqrt(1.0 + SCALE * SCALE * squares)
    z = SCALE * total / root
    if z < _SMALL:  # F(z) <= f(z) / |z| (Mills), where its own figure would vanish
        return math.log(2.0 / (math.sqrt(2.0 * math.pi) * -z * root))
    return math.log(math.erfc(-z / math.sqrt(2.0)) / root) + z * z / 2.0


class SequentialTest:
    """Is it worse than a bound? Ask after every block.

    Args:
        period: blocks for which the rate of false alarms is declared.
        false_alarm_rate: the chance of one alarm in a period in which nothing was worse than the bound.

    >>> test = SequentialTest(period=100, false_alarm_rate=0.01)
    >>> [test.update(0.0) for _ in range(3)], test.alarmed
    ([1.0, 1.0, 1.0], False)
    >>> min(test.update(0.3) for _ in range(30)) < 0.01, test.alarmed
    (True, True)
    """

    def __init__(self, *, period: int, false_alarm_rate: float) -> None:
        self.period = period
        self.false_alarm_rate = false_alarm_rate
        self.p_value = 1.0
        """The chance to have seen so much by now in a period in which nothing was worse; never grows."""
        self.began = 0
        """The block, counted from zero, at which the bet began that is worth most: where it most likely became worse."""
        self._totals: list[float] = []
        self._squares: list[float] = []

    @property
    def alarmed(self) -> bool:
        """Whether it is worse, for all that is known; once said, said."""
        return self.p_value <= self.false_alarm_rate

    def update(self, value: float) -> float:
        """Take a block's value; return `p_value`."""
        square = value * value
        self._totals = [total + value for total in (*self._totals, 0.0)]
        self._squares = [squares + square for squares in (*self._squares, 0.0)]
        worths = [log_bet(total, squares) for total, squares in zip(self._totals, self._squares, strict=True)]
        top = max(worths)
        self.began = worths.index(top)
        evidence = top + math.log(math.fsum(math.exp(worth - top) for worth in worths))
        self.p_value = min(self.p_value, math.exp(min(math.log(self.period) - evidence, 0.0)))
        return self.p_value


@dataclass(frozen=True, slots=True)
class Losses:
    """Sums over some rows: the model's loss and the naive prediction's, in the unit of the loss."""

    model: float = 0.0
    baseline: float = 0.0

    def __add__(self, other: Losses) -> Losses:
        return Losses(self.model + other.model, self.baseline + other.baseline)

    @property
    def ratio(self) -> float | None:
        """The model's over the naive prediction's; nothing where that never erred."""
        return _ratio(self.model, self.baseline)


def loss_of(target: float, prediction: float, kind: Literal["absolute", "squared"]) -> float:
    """Return the loss of one prediction, as `bot_core.ai.comparison.losses` has it."""
    error = target - prediction
    return abs(error) if kind == "absolute" else error * error


def _loss(scores: Scores, kind: Literal["absolute", "squared"]) -> float:
    return scores.mae if kind == "absolute" else scores.rmse * scores.rmse


def _ratio(model: float, baseline: float) -> float | None:
    return model / baseline if baseline > 0.0 else None
