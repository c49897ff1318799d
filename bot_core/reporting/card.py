"""The model card: one self-contained HTML page, read by a Risk officer first, and its short Markdown sibling for pull requests.

Pure: the same evidence gives the same bytes. Every value passes through autoescape; only our own drawings are marked safe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot_core.reporting.backtest_tables import alarms_table, shifts_table
from bot_core.reporting.data_tables import digests_table, drift_table, findings_table, gaps_table, parts_table, repairs_table
from bot_core.reporting.numerals import NONE, count, moment
from bot_core.reporting.pictures import pictures
from bot_core.reporting.score_tables import importance_table, reliability_table, scores_table, windows_table
from bot_core.reporting.wording import answers, family, members, predicts, verdict

if TYPE_CHECKING:
    from bot_core.reporting.canvas import Picture
    from bot_core.reporting.evidence import Evidence
    from bot_core.reporting.table import Table
    from bot_core.reporting.wording import Answer

_MARKDOWN = re.compile(r"([\\`*\[\]#|~!]|(?<!\w)_|_(?!\w))")
_DATES = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What both templates print."""

    model: str
    predicts: str
    verdict: Answer
    answers: tuple[Answer, ...]
    facts: tuple[tuple[str, str], ...]
    tables: dict[str, Table]
    pictures: dict[str, Picture]
    config_text: str
    has_money: bool
    is_probability: bool


def render_card(evidence: Evidence) -> str:
    """Render the card as one HTML file without scripts, links to elsewhere or a clock."""
    return _environment().get_template("card.html").render(page=_page(evidence, pictures(evidence)))


def render_markdown(evidence: Evidence) -> str:
    """Render the answers, the scores and the digests as Markdown."""
    return _environment().get_template("card.md").render(page=_page(evidence, {}))


def markdown(text: str) -> Markup:
    """Escape a text for one line of Markdown: neither markup nor HTML nor a table's bar gets through."""
    line = str(escape(" ".join(text.split())))
    for entity, character in (("&#39;", "'"), ("&#34;", '"'), ("&lt; ", "< ")):
        line = line.replace(entity, character)
    return Markup(_MARKDOWN.sub(r"\\\1", line))  # noqa: S704  # escaped just here; `< ` opens no tag


def whole_dates(text: str) -> Markup:
    """Escape a text for HTML and keep each date on one line."""
    return Markup(_DATES.sub(r'<span class="date">\g<0></span>', str(escape(text))))  # noqa: S704  # escaped just here


def _page(evidence: Evidence, drawn: dict[str, Picture]) -> Page:
    return Page(
        model=evidence.model,
        predicts=predicts(evidence),
        verdict=verdict(evidence),
        answers=answers(evidence),
        facts=_facts(evidence),
        tables=_tables(evidence),
        pictures=drawn,
        config_text=evidence.config_text,
        has_money=evidence.walk_forward.pooled.expected_pnl_bps is not None,
        is_probability=evidence.walk_forward.task == "classification",
    )


def _facts(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    trained, quality, report = evidence.trained, evidence.quality, evidence.walk_forward
    meta = trained.metadata
    return (
        ("Instrument", meta.instrument),
        ("Data, times in UTC", f"{count(quality.rows)} rows, {moment(quality.first)} to {moment(quality.last)}"),
        ("Trained on", f"{count(trained.training_rows)} rows, {moment(meta.train.first)} to {moment(meta.train.last)}"),
        ("Judged on", f"{count(report.pooled.rows)} unseen rows in {len(report.windows)} {report.mode} windows"),
        ("Kind of model", family(trained)),
        *((f"Member {name}", f"learned {digest[:15]}") for name, digest in members(trained)),
        ("Named by model.json", evidence.digests.get("model.json", NONE)[:15]),
    )


def _tables(evidence: Evidence) -> dict[str, Table]:
    made = {
        "scores": scores_table,
        "windows": windows_table,
        "reliability": reliability_table,
        "importance": importance_table,
        "drift": drift_table,
        "parts": parts_table,
        "findings": findings_table,
        "repairs": repairs_table,
        "gaps": gaps_table,
        "digests": digests_table,
    }
    replayed = {"alarms": alarms_table(evidence.drift.backtest), "shifts": shifts_table(evidence.drift.backtest)}
    return {name: table(evidence) for name, table in made.items()} | replayed


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot_core", "reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown, "whole_dates": whole_dates}
    return environment
