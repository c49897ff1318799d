"""The gate and `status` after 1,000 releases with four sign-offs each and 5,000 commits, beside a tenth of that past, and GTO.

What is compared: whole commands in processes of their own, with 100 and with 1,000 releases behind the same proposals: the next release
of a model (`routine`), a model's first day in production (`golive`), a new release on its way to paper (`paper`). Then `gto show`, which
reads a registry of as many releases from git tags; one decision in a process that runs already; and four signatures, by us and by
`ssh-keygen -Y verify`, a process each.
Why it is fair: every document is real and signed, `ssh-keygen` accepts the signatures, and each proposal must be allowed each time it
is timed. The repositories are packed as a server sends them, without a commit graph, which would help us. Both pasts end alike, so what
differs is their length alone; the domain's limits are signed anew every ninety days, as the policy's validity demands, so even that
folder grows. `gto show` checks no signature and judges nothing: it is the price of asking tags what stands where; three runs, for it is
slow. Artifacts are small linear models, for history is what grows. Ours and the peer start the same Python; its start with our imports
is a line of its own. The warm decision is that of a runtime that looks again: a new snapshot and one open repository, so git's answers
about a commit are remembered, while every document is verified and judged anew.
Wall clock and CPU with child processes; medians of interleaved runs.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from benchmarks.gate_sides import history, papers, peers
from benchmarks.gate_sides.clock import CLOCKS, in_turn
from benchmarks.measure import Figure, publish
from benchmarks.render import NO_TARGET
from bot_core.governance.decide import decide
from bot_core.governance.desk import policy_of
from bot_core.governance.git import Git
from bot_core.governance.reasons import Verdict
from bot_core.governance.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.gate_sides.clock import Cost

    Works = Mapping[str, Callable[[], object]]
    Unit = Literal["s", "ms"]

BIN = Path(__file__).parents[1] / ".venv/bin"
SMALL, LARGE = 100, 1000
GROWTH, COMMAND_S, DECISION_S = 1.5, 0.5, 0.01
SCALE = {"s": 1.0, "ms": 1e3}
OPENSSH = "ssh-keygen -Y verify, four times"
RUNS, WARM_RUNS, PEER_RUNS = 11, 31, 3
AT = f"{history.NOW:%Y-%m-%dT%H:%M:%SZ}"
IMPORTS = "import bot_core.cli.main, bot_core.cli.gate"
COMMANDS = {
    **{f"gate, {name}": ("gate", "--base", "main", "--head", name, "--now", AT) for name in history.PROPOSALS},
    "status": ("status", "--now", AT),
}


def main() -> None:
    """Build, prove, measure in turn, publish."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        commits = {count: history.build(root / str(count), count) for count in (SMALL, LARGE)}
        print(f"commits on main: {commits}", flush=True)
        peers.registry(root / "gto", LARGE)
        costs = in_turn(processes(root, SMALL, LARGE), RUNS) | in_turn(
            {"gto show": partial(run, root / "gto", "gto", "show")}, PEER_RUNS
        )
        warm = in_turn(decisions(root, SMALL, LARGE), WARM_RUNS)
    publish("gate", [*growth(costs), *whole(costs), *warmed(warm)])


def processes(root: Path, *counts: int) -> Works:
    """Prepare the whole commands on desks of several sizes, and Python's start alone; each must succeed, so the gate must allow."""
    commands = {
        f"{name} {count}": partial(run, root / str(count), "bot-core", *words)
        for name, words in COMMANDS.items()
        for count in counts
    }
    return commands | {"imports": partial(run, root, "python", "-c", IMPORTS)}


def run(path: Path, program: str, *arguments: str) -> str:
    """Run a program of `.venv` in a folder and return what it printed; a failure ends the benchmark with the command's own words."""
    done = subprocess.run([BIN / program, *arguments], cwd=path, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"gate: {program} {' '.join(arguments)}: expected success, got {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def decisions(root: Path, *counts: int) -> Works:
    """Prepare one decision on each desk, the four sign-offs of the small one's proposal, and an idle line for OpenSSH."""
    works: dict[str, Callable[[], object]] = {f"decide {count}": decision(root / str(count)) for count in counts}
    files = signoffs(root / str(counts[0]))
    four = peers.SignOffs(root, files)
    return works | {"ours": four.ours, "ssh-keygen": four.openssh}


def decision(path: Path) -> Callable[[], None]:
    """Prepare the decision on the routine proposal: four sign-offs, judged on the merge's result."""
    git = Git(path)
    tip = git.resolve("main")
    base, tree = git.tree(tip), git.merged(tip, git.resolve("routine"))
    proposed = frozenset(change.path for change in git.changes(base, tree))
    policy = policy_of(Snapshot(git, tip, base, history.NOW))
    models = frozenset(name.split("/")[3] for name in proposed if name.startswith("compliance/signoffs/"))

    def once() -> None:
        view = Snapshot(git, tip, tree, history.NOW, proposed)
        (found,) = decide(view, "production", policy, history.NOW, models=models)
        if found.verdict != Verdict.ALLOW or len(found.roles) != len(papers.SIGNERS):
            sys.exit(f"gate: expected four approvals that suffice, got {found}")

    return once


def signoffs(path: Path) -> papers.Files:
    """Read the sign-offs of the routine proposal."""
    git = Git(path)
    tip, head = (git.tree(git.resolve(name)) for name in ("main", "routine"))
    names = [change.path for change in git.changes(tip, head) if change.path.startswith("compliance/signoffs/")]
    return {name: git.blob(head, name) or b"" for name in names}


def growth(costs: Mapping[str, Cost]) -> list[Figure]:
    """Compare ten times the past with the past: the same command, the same proposal."""
    return [
        at_most(
            f"{name}, {LARGE:,} releases: {clock} (ratio: ours / peer)",
            "s",
            (costs[f"{name} {LARGE}"][i], costs[f"{name} {SMALL}"][i]),
            f"{SMALL} releases",
            GROWTH,
        )
        for name in COMMANDS
        for i, clock in enumerate(CLOCKS)
    ]


def whole(costs: Mapping[str, Cost]) -> list[Figure]:
    """Hold whole commands against the time allowed, and show them and Python's start beside the peer."""
    allowed, beside = [], []
    named = {
        **{f"{name}, {LARGE:,} releases": costs[f"{name} {LARGE}"] for name in COMMANDS},
        "Python and imports alone": costs["imports"],
    }
    for name, cost in named.items():
        if cost is not costs["imports"]:
            allowed.append(at_most(f"{name}: wall (ratio: of what is allowed)", "s", (cost.wall, COMMAND_S), "allowed", 1.0))
        for i, clock in enumerate(CLOCKS):
            beside.append(shown(f"{name}: {clock}", "s", (cost[i], costs["gto show"][i]), f"gto show, {LARGE:,} releases"))
    return [*allowed, *beside]


def warmed(costs: Mapping[str, Cost]) -> list[Figure]:
    """Hold a decision in a running process against the time allowed, and show it beside OpenSSH's check of its sign-offs alone."""
    allowed, beside = [], []
    for i, clock in enumerate(CLOCKS):
        for count in (SMALL, LARGE):
            name, cost = f"warm decision with four sign-offs, {count:,} releases: {clock}", costs[f"decide {count}"][i]
            allowed.append(at_most(f"{name} (ratio: of what is allowed)", "ms", (cost, DECISION_S), "allowed", 1.0))
            beside.append(shown(name, "ms", (cost, costs["ssh-keygen"][i]), OPENSSH))
        beside.append(shown(f"four signatures verified: {clock}", "ms", (costs["ours"][i], costs["ssh-keygen"][i]), OPENSSH))
    return [*allowed, *beside]


def at_most(what: str, unit: Unit, times: tuple[float, float], peer_name: str, bound: float) -> Figure:
    """Make a figure whose ratio is ours over the peer's, and bounded above."""
    ours, peer = times
    scale, found = SCALE[unit], ours / peer
    numbers = {"ours": ours * scale, "peer": peer * scale, "ratio": found}
    return Figure(figure=what, unit=unit, peer_name=peer_name, target=f"<= {bound:g}x", met=found <= bound, **numbers)


def shown(what: str, unit: Unit, times: tuple[float, float], peer_name: str) -> Figure:
    """Make a figure that says how many times faster ours is, without a target."""
    ours, peer = times
    numbers = {"ours": ours * SCALE[unit], "peer": peer * SCALE[unit], "ratio": peer / ours}
    return Figure(figure=what, unit=unit, peer_name=peer_name, target=NO_TARGET, met=True, **numbers)


if __name__ == "__main__":
    main()
