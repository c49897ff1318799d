"""`docs/benchmarks.md` from `benchmarks/results/*.json`: the same results give the same page, missed targets first.

`python -m benchmarks.render` writes it anew without measuring anything; `benchmarks/run.py` does so after every run.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import RESULTS, Figure
from bot_core._parse import read_json, write_bytes
from bot_core.reporting.numerals import figure as spell

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs/benchmarks.md"
NOT_A_BENCHMARK = {"measure", "render", "run"}
NO_TARGET = "none"
HEAD = """\
# Benchmarks

Every figure this project quotes stands here beside its peer, both measured in one run. Machines differ, ratios less: read the ratios.
Of times, the ratio is peer / ours, so more is better; where another ratio is meant, the figure's name says which. Wall clock is noisy
where other work runs on the same machine, so CPU time stands beside it. A line without a target is there for fairness. This page is
written from `benchmarks/results/*.json`; do not edit it.

```console
$ make bench
```
"""
COLUMNS = "| figure | unit | ours | peer | peer's value | ratio | target | met |\n| - | - | -: | - | -: | -: | - | - |"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A script of this folder: its name, what it says it compares, and what it measured last; no figures before the first run."""

    name: str
    compares: str
    figures: list[Figure]

    @property
    def title(self) -> str:
        """Name it as a heading."""
        return self.name.replace("_", " ").capitalize()


def names() -> list[str]:
    """List the benchmarks: every script of this folder that is not their machinery."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NOT_A_BENCHMARK)


def read(name: str) -> Benchmark:
    """Read a benchmark's first paragraph and its last results.

    Raises:
        DocumentError: a result file that is none.
    """
    text = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""
    results = RESULTS / f"{name}.json"
    return Benchmark(name, text.partition("\n\n")[0], read_json(results, list[Figure]) if results.is_file() else [])


def page(benchmarks: list[Benchmark]) -> str:
    """Render the whole page."""
    return "\n".join([HEAD, verdict(benchmarks), *(section(benchmark) for benchmark in benchmarks)])


def verdict(benchmarks: list[Benchmark]) -> str:
    """Say how many targets are met, and list the others."""
    aimed = [(b, f) for b in benchmarks for f in b.figures if f.target != NO_TARGET]
    missed = [
        f"- {b.title}: {f.figure}, {spell(f.ratio)} against {f.peer_name} (target {pretty(f.target)})"
        for b, f in aimed
        if not f.met
    ]
    heading = f"Targets met: {len(aimed) - len(missed)} of {len(aimed)}."
    return "\n".join([f"{heading} Missed:\n" if missed else heading, *missed, *([""] if missed else [])]) + ("" if missed else "\n")


def section(benchmark: Benchmark) -> str:
    """Render one benchmark: what is compared, the table, how to run it alone."""
    table = "\n".join([COLUMNS, *(row(figure) for figure in benchmark.figures)]) if benchmark.figures else "Not measured yet."
    command = f"PYTHONPATH=. .bench-venv/bin/python benchmarks/run.py {benchmark.name}"
    why = f"Why this is fair: the head of `benchmarks/{benchmark.name}.py`. Alone: `{command}`."
    return f"## {benchmark.title}\n\n{benchmark.compares}\n\n{table}\n\n{why}\n"


def row(figure: Figure) -> str:
    """Render one figure."""
    met = "" if figure.target == NO_TARGET else "yes" if figure.met else "**no**"
    target = "" if figure.target == NO_TARGET else pretty(figure.target)
    numbers = spell(figure.ours), figure.peer_name, spell(figure.peer), spell(figure.ratio)
    return f"| {' | '.join((figure.figure, figure.unit, *numbers, target, met))} |"


def pretty(target: str) -> str:
    """Spell a target.

    >>> pretty(">= 4")
    '≥ 4'
    """
    return target.replace(">=", "≥").replace("<=", "≤").replace("x", "\N{MULTIPLICATION SIGN}")


def main() -> None:
    """Write the page."""
    write_bytes(PAGE, page([read(name) for name in names()]).encode())
    print(PAGE.relative_to(FOLDER.parent))


if __name__ == "__main__":
    main()
