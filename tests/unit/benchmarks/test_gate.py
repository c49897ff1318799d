from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from benchmarks import gate
from benchmarks.gate_sides import history, papers, peers
from benchmarks.gate_sides.clock import Cost, in_turn
from benchmarks.gate_sides.stream import git
from bot_core.documents.signoff import SignOff
from bot_core.governance.git import Git
from bot_core.governance.reading import parse
from bot_core.governance.sshsig import SignatureError, verify

if TYPE_CHECKING:
    from pathlib import Path

RELEASES = 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gate") / str(RELEASES)
    production = RELEASES - history.LAG - 1  # nine days behind, and the newcomer waits
    assert history.build(path, RELEASES) == 1 + 3 * RELEASES + 2 * production
    return path


@pytest.mark.parametrize("proposal", history.PROPOSALS)
def test_every_proposal_is_allowed(desk: Path, proposal: str) -> None:
    assert "ALLOW" in gate.run(desk, "bot-core", *gate.COMMANDS[f"gate, {proposal}"])


def test_what_stands_may_decide(desk: Path) -> None:
    said = gate.run(desk, "bot-core", *gate.COMMANDS["status"])
    assert "paper  Ready" in said
    assert "production  Ready" in said


def test_a_proposal_without_its_sign_offs_ends_the_benchmark(desk: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(desk), "copy")
    copy = tmp_path / "copy"
    git(copy, "switch", "-qc", "routine", "origin/routine")
    git(copy, "rm", "-rq", "--", *(path for path in gate.signoffs(desk) if ".risk." in path))
    git(copy, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "Take one out")
    with pytest.raises(SystemExit, match=r"gate: bot-core gate .*: expected success, got 10: PENDING"):
        gate.run(copy, "bot-core", *gate.COMMANDS["gate, routine"])


def test_commits_are_dated_so_that_nine_days_pass_in_paper(desk: Path) -> None:
    times = [commit.seconds for commit in Git(desk).first_parents(git(desk, "rev-parse", "main"))]
    assert times == sorted(times, reverse=True)
    assert times[0] < history.NOW.timestamp()
    assert (history.NOW.timestamp() - times[-1]) / history.STEP.total_seconds() == RELEASES + 1


def test_the_decision_rests_on_four_sign_offs(desk: Path) -> None:
    once = gate.decision(desk)
    once()
    once()
    words = [parse(data, SignOff, path) for path, data in gate.signoffs(desk).items() if path.endswith(".yaml")]
    assert {word.role for word in words} == set(papers.SIGNERS)


def test_ssh_keygen_accepts_our_signatures_and_no_others(desk: Path, tmp_path: Path) -> None:
    four = peers.SignOffs(tmp_path, gate.signoffs(desk))
    assert len(four.pairs) == 4
    four.ours()
    four.openssh()
    four.pairs = [(data + b"#", armored) for data, armored in four.pairs]
    with pytest.raises(SignatureError):
        four.ours()
    with pytest.raises(subprocess.CalledProcessError):
        four.openssh()


def test_a_key_signs_like_openssh() -> None:
    key = papers.KEYS["ann"]
    assert verify(b"text", key.sign(b"text", "signoff@bot-core"), "signoff@bot-core").key == key.blob


def test_gto_reads_its_registry(tmp_path: Path) -> None:
    peers.registry(tmp_path / "gto", 4)
    said = gate.run(tmp_path / "gto", "gto", "show", "--plain")
    assert "decision-engine" in said
    assert "v1.0.1" in said


def test_growth_is_ours_over_the_smaller_past() -> None:
    costs = {f"{name} {count}": Cost(0.3 if count == gate.SMALL else 0.48, 0.2) for name in gate.COMMANDS for count in (100, 1000)}
    wall, cpu = gate.growth(costs)[:2]
    assert (round(wall.ratio, 6), wall.met, wall.target) == (1.6, False, "<= 1.5x")
    assert (cpu.ratio, cpu.met) == (1.0, True)


def test_a_bound_is_met_or_not_and_what_is_only_shown_has_none() -> None:
    late = gate.at_most("x", "ms", (0.012, 0.01), "allowed", 1.0)
    assert (round(late.ours, 6), round(late.ratio, 6), late.met, late.target) == (12.0, 1.2, False, "<= 1x")
    beside = gate.shown("x", "s", (0.5, 1.0), "peer")
    assert (beside.ours, beside.ratio, beside.met, beside.target) == (0.5, 2.0, True, "none")


def test_works_are_done_in_turn_once_more_than_measured() -> None:
    done: list[str] = []
    costs = in_turn({name: lambda name=name: done.append(name) for name in ("a", "b")}, 2)  # type: ignore[misc]  # bound early
    assert done == ["a", "b"] * 3
    assert set(costs) == {"a", "b"}
