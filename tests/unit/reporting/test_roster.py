from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.console import Console

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.reporting.roster import RosterRow, roster_json, roster_row, roster_table

if TYPE_CHECKING:
    from bot_core.reporting.evidence import Evidence
    from tests.unit.reporting.conftest import Builder


def row(made: Evidence) -> RosterRow:
    return roster_row(made.model, made.trained, made.quality, made.walk_forward, made.drift, f"build/{made.model}/card.html")


def stopped(made: Evidence) -> RosterRow:
    bad = [msgspec.structs.replace(made.quality.remaining[0], status="critical")]
    critical = msgspec.structs.replace(made.quality, status="critical", remaining=bad)
    return roster_row("aapl_barrier", made.trained, critical, made.walk_forward, made.drift, "build/aapl_barrier/card.html")


@pytest.fixture(scope="module")
def rows(build: Builder) -> list[RosterRow]:
    made = [
        build.evidence(),
        build.evidence(model="eurusd_range", skill=0.27, p_value=1e-9, payoff=False),
        build.evidence(model="msft_direction", task="classification", skill=0.002, p_value=0.21),
    ]
    return [*map(row, made), stopped(made[0])]


def printed(rows: list[RosterRow], width: int) -> list[str]:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(roster_table(rows))
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [100, 120])
def test_the_table_fits_and_keeps_every_figure_whole(rows: list[RosterRow], width: int) -> None:
    lines = printed(rows, width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "…" not in text
    for figure in (
        "decision_engine",
        "11.04 bps",
        "zero 11.00",
        "\u22120.4\u00a0%",
        "\u22120.532",
        "0.62",
        "49.0\u201353.0",
        "+27.0\u00a0%",
        "< 0.0001",
        "critical",
    ):
        assert figure in text


def test_at_120_columns_a_name_a_digest_and_an_instrument_share_two_lines(rows: list[RosterRow]) -> None:
    lines = printed(rows, 120)
    first = next(i for i, line in enumerate(lines) if "decision_engine" in line)
    assert "forward return over 4 bars" in lines[first]
    assert f"{rows[0].version} eurusd" in lines[first + 1]


def test_pages_follow_the_table_and_a_stopped_model_says_why(rows: list[RosterRow]) -> None:
    text = "\n".join(line.rstrip() for line in printed(rows, 120))
    assert "\nbuild/decision_engine/card.html\nbuild/eurusd_range/card.html\n" in text
    assert "aapl_barrier: stopped: critical data; jumps: 3 bars move more than 12 robust deviations" in text


def test_beating_the_baseline_is_a_yes_or_a_no(rows: list[RosterRow]) -> None:
    lines = printed(rows, 120)
    assert [word for line in lines for word in ("NO", "yes") if f" {word} " in line] == ["NO", "yes", "NO"]


def test_the_version_names_the_bytes_of_model_json(evidence: Evidence) -> None:
    assert row(evidence).version == sha256(encode_json(evidence.trained)).removeprefix("sha256:")[:8]


def test_an_earlier_runs_figures_are_not_shown_beside_critical_data(evidence: Evidence) -> None:
    found = stopped(evidence)
    assert (found.error, found.improvement, found.beats_baseline, found.drift) == (None, None, None, None)
    assert (found.data_quality, found.instrument) == ("critical", "eurusd")


def test_each_missing_document_has_its_sentence(evidence: Evidence) -> None:
    made = evidence
    cases = [
        (roster_row("m", None, None, None, None, "p"), "stopped: no data-quality report was written"),
        (roster_row("m", None, made.quality, None, None, "p"), "stopped: no model was trained"),
        (roster_row("m", made.trained, made.quality, None, None, "p"), "stopped: no walk-forward report was written"),
        (roster_row("m", made.trained, made.quality, made.walk_forward, None, "p"), "stopped: no drift report was written"),
    ]
    assert [found.stopped for found, _ in cases] == [sentence for _, sentence in cases]


def test_markup_in_names_is_printed_not_obeyed(build: Builder) -> None:
    text = "\n".join(printed([row(build.evidence(model="[red]x[/red]"))], 120))
    assert "[red]x[/red]" in text


def test_json_is_plain_and_rounded(rows: list[RosterRow]) -> None:
    found = json.loads(json.dumps(roster_json(rows)))
    assert [model["model"] for model in found] == ["decision_engine", "eurusd_range", "msft_direction", "aapl_barrier"]
    assert (found[0]["error"], found[0]["expected_pnl_bps"], found[0]["beats_baseline"]) == (11.044, -0.53211, False)
    assert (found[1]["expected_pnl_bps"], found[1]["stopped"]) == (None, "")
    assert found[3]["stopped"].startswith("stopped: critical data")
