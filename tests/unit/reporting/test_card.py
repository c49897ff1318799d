from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.reporting.card import markdown, render_card, render_markdown

if TYPE_CHECKING:
    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.reporting.evidence import Evidence
    from tests.unit.reporting.conftest import Builder

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "<script>alert('1')</script>"


class Checked(HTMLParser):
    """Collects what a page holds and fails on a tag that closes nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and wait for its end."""
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that ends itself."""
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost open tag is the one that ends."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text.append(data)

    def words(self) -> str:
        """Return all text with single spaces."""
        return " ".join(" ".join(self.text).split())

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]


def parse(page: str) -> Checked:
    checked = Checked()
    checked.feed(page)
    checked.close()
    assert checked.open == []
    return checked


@pytest.fixture(scope="module")
def page(evidence: Evidence) -> str:
    return render_card(evidence)


def test_every_section_and_picture_is_there_once(page: str) -> None:
    checked = parse(page)
    sections = {"verdict", "windows", "model", "drift", "data", "scores", "config", "digests", "words"}
    pictures = {f"picture-{name}" for name in ("error", "pnl", "reliability", "importance", "drift", "shapes", "timeline")}
    assert sections | pictures <= set(checked.ids)
    assert len(checked.ids) == len(set(checked.ids))


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: str) -> None:
    checked = parse(page)
    assert "://" not in page
    assert not {"script", "link", "img", "iframe", "object"} & set(checked.tags)
    assert {value[0] for _, name, value in checked.attributes if name in {"href", "src"}} == {"#"}
    assert not [name for _, name, _ in checked.attributes if name.startswith("on")]
    assert "default-src 'none'" in page


def test_every_inner_link_has_a_target(page: str) -> None:
    checked = parse(page)
    targets = {value[1:] for _, name, value in checked.attributes if name == "href"}
    targets |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert targets <= set(checked.ids)


def test_every_picture_says_in_words_what_it_shows(page: str) -> None:
    checked = parse(page)
    labels = [value for tag, name, value in checked.attributes if tag == "div" and name == "aria-label"]
    assert sum(tag == "figure" for tag in checked.tags) == 7
    assert any("lower than that of the baseline zero in" in label for label in labels)
    assert all(len(label) > 10 for label in labels)
    assert checked.tags.count("caption") == checked.tags.count("table") >= 8


def test_svgs_are_well_formed_and_take_their_colours_from_the_page(page: str) -> None:
    drawings = re.findall(r"<svg viewBox.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 10
    for drawing in drawings:
        root = ET.fromstring(drawing)  # noqa: S314  # our own
        assert root.attrib["aria-hidden"] == "true"
        assert not re.search(r"#[0-9a-f]{6}\b", drawing)
    assert "var(--model)" in drawings[0]


def test_the_same_evidence_gives_the_same_bytes(build: Builder, page: str) -> None:
    assert render_card(build.evidence()) == page


def test_the_page_stays_small(build: Builder) -> None:
    many = build.evidence(features=[f"feature_{i}" for i in range(60)], windows=500)
    assert len(render_card(many).encode()) < 500_000


def test_a_model_that_loses_is_told_no(page: str) -> None:
    words = parse(page).words()
    assert (
        "Does it beat its naive baseline? NO Its mean absolute error is 11.04 bps, 0.40 % higher than the best baseline's" in words
    )
    assert "YES" not in words


def test_a_model_that_wins_is_told_yes(build: Builder) -> None:
    words = parse(render_card(build.evidence(skill=0.27, p_value=1e-9))).words()
    assert "YES Its mean absolute error is 8.030 bps, 27.0 % lower than the best baseline's 11.00 bps (zero)." in words


def test_without_a_payoff_there_is_no_profit_to_show(build: Builder) -> None:
    checked = parse(render_card(build.evidence(payoff=False)))
    assert "picture-pnl" not in checked.ids
    assert "No profit is shown: this target has no payoff." in checked.words()
    assert "PnL" not in checked.words()


def test_without_baselines_the_card_says_so(build: Builder) -> None:
    words = parse(render_card(without_baselines(build.evidence()))).words()
    assert "NO No naive baseline was measured" in words


def test_what_is_empty_is_said_not_drawn(build: Builder) -> None:
    made = build.evidence()
    clean = msgspec.structs.replace(made.quality, status="ok", findings=[], remaining=[], repairs=[], gaps=[])
    flat = msgspec.structs.replace(made.trained, feature_importance=dict.fromkeys(made.trained.feature_names, 0.0))
    calm = msgspec.structs.replace(made.drift, status="ok", drifted_share=0.0, features=[])
    blind = msgspec.structs.replace(made.walk_forward, reliability=[])
    checked = parse(render_card(replace(made, quality=clean, trained=flat, drift=calm, walk_forward=blind)))
    words = checked.words()
    assert "No defect was found in the raw data." in words
    assert "No row was repaired" in words
    assert "it predicts one constant" in words
    assert "no calibrated probabilities" in words
    assert "0 of 0 features" in words
    assert not {"picture-importance", "picture-reliability", "picture-shapes"} & set(checked.ids)


def test_hostile_text_stays_text(build: Builder) -> None:
    made = build.evidence(model=HOSTILE, features=[HOSTILE, "$x$", "a & b", "bell\a", "ключ", *(f"f{i}" for i in range(3))])
    bad = [msgspec.structs.replace(finding, message=HOSTILE, code=HOSTILE, first=HOSTILE) for finding in made.quality.findings]
    made = replace(made, quality=msgspec.structs.replace(made.quality, findings=bad, remaining=bad))
    page = render_card(made)
    checked = parse(page)
    assert "<script" not in page
    assert HOSTILE in checked.words()
    assert page.count("&lt;script&gt;") > 10


def test_markdown_carries_the_answer_the_scores_and_the_digests(evidence: Evidence) -> None:
    text = render_markdown(evidence)
    assert text.startswith("# decision_engine\n")
    assert "**Does it beat its naive baseline? NO.**" in text
    assert "| Baseline zero (best) | 11.00 | 14.30 |" in text
    assert "| model.json | sha256:" in text
    widths = [{line.count("|") for line in block.splitlines()} for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
    assert len(widths) == 4
    assert all(len(width) == 1 for width in widths)
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_markdown_keeps_hostile_text_in_its_cell(build: Builder) -> None:
    made = build.evidence(model="a|b\n# c <img> [x](y) `z`")
    assert render_markdown(made).startswith("# a\\|b \\# c &lt;img&gt; \\[x\\](y) \\`z\\`\n")
    assert markdown("p < 0.0001 <b> & 'c'") == "p < 0.0001 &lt;b&gt; &amp; 'c'"
    assert markdown("mean_20 of _it_") == "mean_20 of \\_it\\_"


def without_baselines(made: Evidence) -> Evidence:
    report: WalkForwardReport = made.walk_forward
    windows = [msgspec.structs.replace(window, baselines={}) for window in report.windows]
    return replace(made, walk_forward=msgspec.structs.replace(report, baselines={}, windows=windows))


def test_the_replay_of_the_alert_is_shown_with_what_it_does_not_see(page: str) -> None:
    words = parse(page).words()
    assert "How quickly would a shift be seen?" in words
    assert "mean +0.5 deviations 53.9 % 310 > 500 62 186 rsi_14 10, volatility_20 9 and 1 more" in words.replace("\u00a0", " ")
    assert "Alerts where no shift was planted; declared: at most 10 % where nothing drifts" in words.replace("\u00a0", " ")


def test_a_report_without_a_replay_says_so(evidence: Evidence) -> None:
    early = replace(evidence, drift=msgspec.structs.replace(evidence.drift, backtest=None))
    words = parse(render_card(early)).words()
    assert "The alert was not tried on history" in words
    assert "How quickly would a shift be seen?" not in words
