"""How good predictions were: the figures that the artifact and the walk-forward report share."""

from __future__ import annotations

from bot_core.documents.document import Part


class Scores(Part, frozen=True, kw_only=True):
    """Figures over some rows. Errors are in the target's unit (of a probability: 0 to 1).

    `directional_accuracy` is the share of rows on the right side of the pivot (0 for returns, 0.5 for probabilities, the median
    of the training targets for sizes); its interval is Wilson's at 95 % on `effective_rows`, the rows counted by label uniqueness.
    `expected_pnl_bps` is the mean over all rows of what the declared side would have earned after the round-trip cost; None where a
    target has no payoff. `brier`, `log_loss` and `auc` belong to probabilities.
    """

    rows: int
    effective_rows: float
    mae: float
    rmse: float
    directional_accuracy: float
    directional_accuracy_low: float
    directional_accuracy_high: float
    expected_pnl_bps: float | None = None
    trades: int | None = None
    brier: float | None = None
    log_loss: float | None = None
    auc: float | None = None


class ReliabilityBin(Part, frozen=True, kw_only=True):
    """Predicted against observed success in one bin of calibrated probability."""

    low: float
    high: float
    rows: int
    predicted: float
    observed: float
