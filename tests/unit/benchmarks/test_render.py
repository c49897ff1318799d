from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from benchmarks import render
from benchmarks.measure import RESULTS, Figure
from benchmarks.render import Benchmark

MET = Figure(
    figure="adding, 10 numbers: CPU",
    unit="s",
    ours=0.5,
    peer=2.0,
    peer_name="abacus",
    ratio=4.0,
    target=">= 1.35x",
    met=True,
)
MISSED = msgspec.structs.replace(MET, ratio=1.25, peer=0.625, met=False)
ASIDE = msgspec.structs.replace(MET, target="none")
ADDING = Benchmark("adding_up", "What is compared.", [MET, ASIDE])


def test_the_committed_page_is_what_the_results_render_to() -> None:
    assert render.PAGE.read_text(encoding="utf-8") == render.page([render.read(name) for name in render.names()]), (
        "python -m benchmarks.render"
    )


def test_a_met_target_is_a_row_with_its_peer_and_a_yes() -> None:
    assert (
        render.row(MET) == "| adding, 10 numbers: CPU | s | 0.5000 | abacus | 2.000 | 4.000 | ≥ 1.35\N{MULTIPLICATION SIGN} | yes |"
    )


def test_a_figure_without_a_target_meets_and_misses_nothing() -> None:
    assert render.row(ASIDE).endswith("| 4.000 |  |  |")
    assert "Targets met: 1 of 1." in render.page([ADDING])


def test_a_missed_target_is_named_at_the_top() -> None:
    page = render.page([replace(ADDING, figures=[MET, MISSED])])
    assert "Targets met: 1 of 2. Missed:\n\n- Adding up: adding, 10 numbers: CPU, 1.250 against abacus (target ≥ 1.35" in page
    assert page.index("Missed") < page.index("## Adding up")
    assert "**no**" in render.row(MISSED)


def test_a_section_says_what_is_compared_and_how_to_run_it_alone() -> None:
    section = render.section(ADDING)
    assert section.startswith("## Adding up\n\nWhat is compared.\n\n| figure |")
    assert "benchmarks/run.py adding_up" in section


def test_a_benchmark_that_never_ran_says_so() -> None:
    assert "Not measured yet." in render.section(replace(ADDING, figures=[]))


@pytest.mark.parametrize("name", render.names())
def test_every_benchmark_says_what_it_compares(name: str) -> None:
    assert len(render.read(name).compares) > 40


def test_every_result_file_belongs_to_a_benchmark() -> None:
    assert {path.stem for path in RESULTS.glob("*.json")} <= set(render.names())


@pytest.mark.parametrize("name", render.names())
def test_a_target_is_met_when_the_figures_say_so(name: str) -> None:
    for figure in render.read(name).figures:
        sign, _, bound = figure.target.partition(" ")
        plain = bound.endswith("s")  # seconds, or so many a second: what is bounded is ours, not the ratio
        value = (
            float(bound.removesuffix("/s").removesuffix(" us").removesuffix(" s").removesuffix("x").replace(",", ""))
            if bound
            else 0.0
        )
        measured = figure.ours if plain else figure.ratio
        expected = {">=": measured >= value, "<=": measured <= value, "=": figure.ours == value, "none": True}[sign]
        assert figure.met == expected, figure
