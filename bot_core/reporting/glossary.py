"""What the words on a card mean, for a reader who is not a statistician. Only words that this card uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence

_ALWAYS = (
    ("Naive baseline", "A forecast that needs no model: always zero, the training mean, the last known value, and so on. A model that does not "
     "beat the best of them adds nothing."),
    ("Walk-forward", "The model is trained again and again on the past and judged on the rows that follow. Every figure called unseen comes from "
     "rows the model was not trained on."),
    ("Purge and embargo", "Training rows whose outcome was not yet known when the test begins are left out, and a pause is kept on top."),
    ("MAE, RMSE", "Mean absolute error and root mean squared error: the typical size of a miss. RMSE weighs large misses more."),
    ("Direction", "Share of rows on the right side of the pivot: zero for returns, one half for probabilities, the median of the training "
     "targets for sizes."),
    ("Effective rows", "Outcomes that overlap in time are not independent; they are counted by what is unique in each. Intervals use this number."),
    ("p-value", "How often chance alone would make a model look at least this much better than its baseline (Diebold-Mariano, one-sided). Small "
     "is good; the limit was set beforehand."),
    ("Drift", "The newest rows no longer look like the training rows. PSI, KS and Wasserstein are three measures of that distance; each has its "
     "own limit, found by resampling the training rows."),
    ("SHA-256 digest", "A fingerprint of a file. One changed byte changes it."),
)  # fmt: skip
_MONEY = (
    ("bps", "Basis points: hundredths of one per cent."),
    ("Expected PnL", "What acting on every prediction would have earned per row, after the round-trip cost, before size and slippage."),
)
_PROBABILITY = (
    ("Brier score", "Mean squared distance between the stated probability and what happened. Always saying one half scores 0.25."),
    ("AUC", "How often a success is ranked above a failure: 0.5 is a coin, 1 is perfect."),
)
_CALIBRATED = (("Calibrated probability", "Of all rows given 60 %, about 60 % should come true. The calibration curve shows whether they do."),)


def glossary(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Return (word, meaning) pairs for this card."""
    report = evidence.walk_forward
    return (
        *_ALWAYS,
        *(_MONEY if report.pooled.expected_pnl_bps is not None or report.unit == "bps" else ()),
        *(_PROBABILITY if report.task == "classification" else ()),
        *(_CALIBRATED if report.reliability else ()),
    )
