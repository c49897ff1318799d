"""Run every benchmark, or those named, one after another; then one table of all their figures, and `docs/benchmarks.md`.

One that fails does not stop the others, but the exit code says so. A missed target is a finding, not a failure.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import render
from bot_core.reporting.numerals import figure as spell

if TYPE_CHECKING:
    from benchmarks.measure import Figure

ROOT = Path(__file__).parents[1]
WIDTH = 200


def main(arguments: list[str]) -> int:
    """Run, show, render; return 1 when a benchmark failed."""
    chosen = select(arguments, render.names())
    failed = [name for i, name in enumerate(chosen) if not run(name, f"[{i + 1}/{len(chosen)}]")]
    measured = [render.read(name) for name in chosen if name not in failed]
    Console(width=WIDTH).print(table(list(chain.from_iterable(benchmark.figures for benchmark in measured))))
    render.main()
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def select(arguments: list[str], known: list[str]) -> list[str]:
    """Return the named benchmarks, or all.

    Raises:
        SystemExit: a name that is none.
    """
    unknown = [name for name in arguments if name not in known]
    if unknown:
        sys.exit(f"benchmarks: expected names among {', '.join(known)}; got {', '.join(unknown)}")
    return arguments or known


def run(name: str, place: str) -> bool:
    """Run one script in a process of its own, its output as it comes; say whether it succeeded."""
    print(f"{place} {name} …", flush=True)
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False)
    print(f"{place} {name}: {'done' if done.returncode == 0 else 'FAILED'} after {time.monotonic() - start:.0f} s\n", flush=True)
    return done.returncode == 0


def table(figures: list[Figure]) -> Table:
    """Lay out the figures of all benchmarks, missed targets in red."""
    shown = Table("figure", "unit", "ours", "peer", "ratio", "target", "met", "peer name", box=SIMPLE_HEAD)
    for f in figures:
        met = "" if f.target == render.NO_TARGET else "yes" if f.met else "NO"
        cells = f.figure, f.unit, spell(f.ours), spell(f.peer), spell(f.ratio), f.target, met, f.peer_name
        shown.add_row(*cells, style="red" if met == "NO" else None)
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
