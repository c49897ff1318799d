"""Tables of what the model was fed: rows and dates, findings, repairs, gaps, drift, digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.reporting.numerals import count, figure, moment, p_value, percent
from bot_core.reporting.table import Column, Row, Table, figures, words

if TYPE_CHECKING:
    from bot_core.documents.data_quality import Finding
    from bot_core.documents.drift import FeatureDrift, Statistic
    from bot_core.reporting.evidence import Evidence

GAPS_SHOWN = 12


def parts_table(evidence: Evidence) -> Table:
    """List which rows served what, from when to when."""
    trained, report, drift, quality = evidence.trained, evidence.walk_forward, evidence.drift, evidence.quality
    meta = trained.metadata
    parts = [
        ("Source data", quality.rows, quality.first, quality.last),
        ("Training", trained.training_rows, meta.train.first, meta.train.last),
        ("Validation", trained.validation_rows, meta.validation.first, meta.validation.last),
        ("Test", trained.test_rows, meta.test.first, meta.test.last),
        *(("First test window", w.model.rows, w.test_first, w.test_last) for w in report.windows[:1]),
        *(("Last test window", w.model.rows, w.test_first, w.test_last) for w in report.windows[-1:]),
        ("Drift: newest window", drift.window.rows, drift.window.first, drift.window.last),
    ]
    rows = tuple(Row((name, count(n), moment(first), moment(last))) for name, n, first, last in parts)
    caption = f"Rows and dates, UTC; {count(meta.purged_rows)} rows purged, embargo {meta.embargo}"
    return Table(caption, (*words("Part"), *figures("Rows"), *words("From", "To")), rows)


def findings_table(evidence: Evidence) -> Table:
    """List what was found in the raw data and what the repairs left of it."""
    remaining = {finding.code: finding for finding in evidence.quality.remaining}
    rows = tuple(_finding_row(found, remaining.get(found.code)) for found in evidence.quality.findings)
    columns = (
        *words("Finding", "Raw data"),
        *figures("Count", "Share"),
        *words("Where", "After repairs"),
        Column("Meaning", "prose"),
    )
    return Table("Findings in the raw data", columns, rows)


def repairs_table(evidence: Evidence) -> Table:
    """List the declared repairs and the rows each touched."""
    rows = tuple(Row((repair.action, count(repair.rows))) for repair in evidence.quality.repairs)
    return Table("Declared repairs", (*words("Repair"), *figures("Rows touched")), rows)


def gaps_table(evidence: Evidence) -> Table:
    """List the longest runs of missing bars."""
    gaps = sorted(evidence.quality.gaps, key=lambda gap: (-gap.bars, gap.first))
    rows = tuple(Row((moment(gap.first), moment(gap.last), count(gap.bars))) for gap in gaps[:GAPS_SHOWN])
    which = f"the longest {len(rows)} of {count(len(gaps))}" if len(gaps) > len(rows) else f"all {len(rows)}"
    return Table(f"Runs of missing bars, UTC ({which})", (*words("First missing", "Last missing"), *figures("Bars")), rows)


def drift_table(evidence: Evidence) -> Table:
    """List every feature's three statistics with threshold and p-value, most moved first."""
    rows = tuple(_drift_row(feature) for feature in most_moved(evidence.drift.features))
    statistics = ("PSI", "PSI limit", "PSI p", "KS", "KS limit", "KS p", "Wasserstein", "W. limit", "W. p")
    return Table("Drift statistics and their limits", (*words("Feature", "Drifted"), *figures(*statistics)), rows)


def digests_table(evidence: Evidence) -> Table:
    """List what this card was made from, by SHA-256."""
    rows = tuple(Row(item) for item in evidence.digests.items())
    return Table("SHA-256 of what this card was made from", words("File", "Digest"), rows)


def most_moved(features: list[FeatureDrift]) -> list[FeatureDrift]:
    """Order features by how far they are over their thresholds."""
    return sorted(features, key=lambda feature: (-worst_ratio(feature), feature.feature))


def worst_ratio(feature: FeatureDrift) -> float:
    """Return the largest of a feature's statistics over their thresholds."""
    return max(ratio(statistic) for statistic in (feature.psi, feature.ks, feature.wasserstein))


def ratio(statistic: Statistic) -> float:
    """Return value / threshold; without a threshold, 0 for no movement and infinity for any."""
    if statistic.threshold > 0:
        return statistic.value / statistic.threshold
    return float("inf") if statistic.value > 0 else 0.0


def _finding_row(found: Finding, left: Finding | None) -> Row:
    after = f"{count(left.count)} left, {left.status}" if left else "nothing left"
    places = f"{moment(found.first)} …\n{moment(found.last)}" if found.last != found.first else moment(found.first)
    cells = (found.code, found.status, count(found.count), percent(found.share, decimals=2), places, after, found.message)
    return Row(cells, "alert" if left and left.status != "ok" else "")


def _drift_row(feature: FeatureDrift) -> Row:
    cells = [feature.feature, "yes" if feature.drifted else "no"]
    for statistic in (feature.psi, feature.ks, feature.wasserstein):
        cells += [figure(statistic.value, digits=3), figure(statistic.threshold, digits=3), p_value(statistic.p_value)]
    return Row(tuple(cells), "alert" if feature.drifted else "")
