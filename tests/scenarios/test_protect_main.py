"""The protected branch: what lands on a bare server with the hook `scripts/pre-receive`, what the forges' jobs answer, what people read."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import blocks, same
from tests.world import MODEL, ROOT, World, build

PAGE = Path("docs/how-to/protect-main.md")
DECLINED = "pre-receive hook declined"
INSTALLED = Path(sys.executable).parent
GITHUB = (".github/workflows/gate.yml", "gate")
RENDER = (".github/workflows/docs-render.yml", "render")


@dataclass(frozen=True)
class Desk:
    """Somebody's clone and the server it pushes to."""

    world: World
    server: Path

    def push(self, *words: str) -> tuple[int, str]:
        """Push for real; return git's exit code and what the pusher reads."""
        done = subprocess.run(["git", "push", *words], cwd=self.world.path, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def lands(self, *words: str) -> str:
        """Push what must land as the branch's new tip; return what the pusher reads."""
        code, said = self.push(*words)
        assert code == 0, said
        assert self.tip == self.world.git("rev-parse", "HEAD")
        return said

    def refused(self, *words: str) -> str:
        """Push what must be refused and change nothing; return what the pusher reads."""
        before = self.tip
        code, said = self.push(*words)
        assert code == 1, said
        assert DECLINED in said
        assert self.tip == before
        return said

    @property
    def tip(self) -> str:
        """The server's protected branch."""
        return self.configure("rev-parse", "--verify", "main")

    def configure(self, *words: str) -> str:
        """Run git at the server."""
        return subprocess.run(["git", *words], cwd=self.server, capture_output=True, text=True, check=True).stdout.strip()

    def copy(self, folder: Path) -> Desk:
        """Copy clone and server."""
        other = Desk(self.world.clone(folder / "clone"), folder / "models.git")
        shutil.copytree(self.server, other.server)
        other.world.git("remote", "set-url", "origin", str(other.server))
        return other

    def proposal(self) -> str:
        """Propose the release for paper, unsigned; return the branch that holds it."""
        self.world.ok("promote", MODEL, self.world.version, "--env", "paper")
        return self.world.git("rev-parse", "--abbrev-ref", "HEAD")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A policy and a release on main; the server holds what was there before both."""
    folder = tmp_path_factory.mktemp("protected")
    world, server = build(folder / "desk", "released"), folder / "models.git"
    world.git("init", "--quiet", "--bare", "--initial-branch=main", str(server))
    shutil.copy(ROOT / "scripts/pre-receive", server / "hooks/pre-receive")
    desk = Desk(world, server)
    desk.configure("config", "bot-core.command", str(INSTALLED / "bot-core"))
    world.git("remote", "add", "origin", str(server))
    code, said = desk.push("origin", f"{world.git('rev-list', '--max-parents=0', 'main')}:refs/heads/main")
    assert code == 0, said
    return desk


@pytest.fixture(scope="module")
def governed(first: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The same, pushed."""
    desk = first.copy(tmp_path_factory.mktemp("governed"))
    desk.lands("origin", "main")
    return desk


@pytest.fixture
def unconfigured(first: Desk, tmp_path: Path) -> Desk:
    """A server that has no policy yet."""
    return first.copy(tmp_path)


@pytest.fixture
def desk(governed: Desk, tmp_path: Path) -> Desk:
    """A server that has the policy and the release."""
    return governed.copy(tmp_path)


# --- the first policy ---


def test_the_first_policy_lands_by_direct_push(unconfigured: Desk) -> None:
    said = unconfigured.lands("origin", "main")
    assert "ALLOW" in said
    assert unconfigured.configure("show", "main:compliance/policy.yaml").startswith("# Who may sign what")


def test_before_it_anything_that_is_not_governed_may_be_pushed(unconfigured: Desk) -> None:
    unconfigured.world.git("reset", "-q", "--hard", "origin/main")
    unconfigured.world.put("conf/notes.yaml", "a: 1\n")
    unconfigured.world.commit()
    unconfigured.lands("origin", "main")


def test_the_first_policy_and_a_promotion_cannot_share_a_push(unconfigured: Desk) -> None:
    branch = unconfigured.proposal()
    unconfigured.world.merge(branch)
    assert "MIXED-CHANGE: compliance/" in unconfigured.refused("origin", "main")


def test_a_first_policy_that_nobody_could_read_is_refused(unconfigured: Desk) -> None:
    unconfigured.world.edit("compliance/policy.yaml", "root_quorum: 2", "root_quorum: 9")
    unconfigured.world.commit()
    said = unconfigured.refused("origin", "main")
    assert "POLICY-CHAIN: compliance/policy.yaml: root_quorum: expected at most 2" in said


# --- what the gate answers ---


def test_a_promotion_that_everybody_signed_lands(desk: Desk) -> None:
    branch = desk.proposal()
    desk.world.sign_off("risk", env="paper")
    desk.world.merge(branch)
    said = desk.lands("origin", "main")
    assert "ALLOW" in said
    assert "✓ risk  approved  1 of 1  ann" in said


def test_an_unsigned_promotion_is_refused_with_the_command_that_supplies_what_is_missing(desk: Desk) -> None:
    desk.world.merge(desk.proposal())
    said = desk.refused("origin", "main")
    assert "PENDING" in said
    assert "ROLE-MISSING: compliance/environments/paper.yaml" in said
    assert f"→ bot-core sign-off {MODEL} {desk.world.version} --env paper --role risk --signer NAME --key KEY" in said
    assert "refused: main: expected the gate to allow this push, got what is said above" in said
    (shown,) = [block.text for block in blocks(PAGE.read_text()) if block.text.startswith("$ git push")]
    assert same(shown.partition("\n")[2], said), said


def test_a_release_that_was_tampered_with_is_refused(desk: Desk) -> None:
    desk.world.edit(f"models/{MODEL}/{desk.world.version}.json", '"target_scale":', '"target_scale": ')
    desk.world.commit("Tidy up")
    said = desk.refused("origin", "main")
    assert "TAMPER" in said
    assert f"REL-IMMUTABLE: models/{MODEL}/{desk.world.version}.json: expected a release that never changes, got it changed" in said


def test_what_is_not_governed_lands(desk: Desk) -> None:
    desk.world.put("README.md", "# Models\n")
    desk.world.commit()
    desk.lands("origin", "main")


def test_another_branch_takes_any_push(desk: Desk) -> None:
    branch = desk.proposal()
    code, said = desk.push("origin", branch)
    assert code == 0, said
    code, said = desk.push("origin", "--delete", branch)
    assert code == 0, said


def test_without_the_gate_s_program_nothing_lands(desk: Desk) -> None:
    desk.configure("config", "bot-core.command", "no-such-program")
    desk.world.put("README.md", "# Models\n")
    desk.world.commit()
    assert "no-such-program" in desk.refused("origin", "main")


# --- history ---


def test_the_protected_branch_cannot_be_deleted(desk: Desk) -> None:
    assert "refused: main: expected the branch to stay, got its deletion" in desk.refused("origin", "--delete", "main")


def test_a_force_push_is_refused(desk: Desk) -> None:
    desk.world.git("commit", "-q", "--amend", "-m", "Another past")
    said = desk.refused("--force", "origin", "main")
    assert "refused: main: expected a push that goes on from the branch's tip, got a rewritten history" in said
    assert "→ git fetch && git merge origin/main, and push without --force" in said


def test_a_merge_made_the_other_way_round_is_refused(desk: Desk) -> None:
    """Its first parents are the branch's own commits: whoever wrote them would choose when a sign-off counts from."""
    world = desk.world
    world.git("switch", "-q", "-c", "other", "HEAD~1")
    world.put("README.md", "# Models\n")
    world.commit()
    world.git("merge", "-q", "--no-ff", "-m", "Merge main", "main")
    said = desk.refused("origin", "other:main")
    assert "expected the tip as first parent, got it merged into something else" in said


def test_a_state_that_came_and_went_within_one_push_is_refused(desk: Desk) -> None:
    """It would stay in the history: the model would have been active before, and its go-live would ask for no minutes."""
    world, branch = desk.world, desk.proposal()
    world.git("revert", "--no-edit", "HEAD")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--ff-only", branch)
    assert "ROLE-MISSING: compliance/environments/paper.yaml" in desk.refused("origin", "main")
    world.git("reset", "-q", "--hard", "origin/main")
    world.merge(branch)
    desk.lands("origin", "main")


@pytest.mark.parametrize("shift", [dt.timedelta(hours=-2), dt.timedelta(minutes=30)])
def test_governed_files_in_a_commit_of_another_time_are_refused(desk: Desk, shift: dt.timedelta) -> None:
    branch = desk.proposal()
    desk.world.sign_off("risk", env="paper")
    desk.world.merge(branch, after=shift)
    said = desk.refused("origin", "main")
    assert f"expected governed files in commits of the last hour, got them in {desk.world.git('rev-parse', 'HEAD')}" in said
    desk.world.shift = dt.timedelta()
    desk.world.git("commit", "-q", "--amend", "--no-edit")
    desk.lands("origin", "main")


def test_the_server_may_protect_another_branch(desk: Desk) -> None:
    desk.configure("config", "bot-core.branch", "trunk")
    desk.world.git("commit", "-q", "--amend", "-m", "Another past")
    code, said = desk.push("--force", "origin", "main", "main:trunk")
    assert code == 0, said
    code, said = desk.push("origin", "--delete", "trunk")
    assert "refused: trunk: expected the branch to stay, got its deletion" in said


# --- the forges' jobs, in the words of their files ---


def _github(name: str, job: str) -> str:
    """Return the last step of a workflow's job; the ones before it check out and install."""
    return str(yaml.safe_load((ROOT / name).read_text())["jobs"][job]["steps"][-1]["run"])


def _gitlab() -> str:
    """Return the job's script, less what it installs."""
    lines = yaml.safe_load((ROOT / "docs/how-to/gitlab-ci.yml").read_text())["gate"]["script"]
    return "\n".join(line for line in lines if not line.startswith("pip install"))


def _run(desk: Desk, folder: Path, script: str, ref: str = "main", **variables: str) -> tuple[int, str]:
    """Clone the server, check a ref out and run a script there, as a forge would."""
    desk.world.git("clone", "-q", "--branch", ref, str(desk.server), str(folder))
    environment = os.environ | variables | {"PATH": f"{INSTALLED}:{os.environ['PATH']}"}
    environment["GITHUB_STEP_SUMMARY"] = str(folder.with_suffix(".summary.md"))
    done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _propose(desk: Desk, *, signed: bool) -> str:
    """Push a proposal that also brings a gate of its own, one that allows everything; return its branch."""
    branch = desk.proposal()
    desk.world.put("bot_core/__init__.py", "")
    desk.world.put("bot_core/cli/__init__.py", "")
    desk.world.put("bot_core/cli/main.py", 'print("verdict: ALLOW")\n')
    desk.world.commit("Bring my own gate")
    if signed:
        desk.world.sign_off("risk", env="paper")
    code, said = desk.push("origin", branch, f"{branch}:refs/pull/7/head")
    assert code == 0, said
    return branch


def test_github_s_job_judges_with_the_base_s_code_and_annotates(desk: Desk, tmp_path: Path) -> None:
    _propose(desk, signed=False)
    variables = {"FROM": "refs/pull/7/head", "HEAD": desk.world.git("rev-parse", "HEAD")}
    code, said = _run(desk, tmp_path / "job", _github(*GITHUB), **variables)
    assert code == 10, said
    assert "::warning file=compliance/environments/paper.yaml,title=ROLE-MISSING::" in said
    assert "| risk | missing |" in (tmp_path / "job.summary.md").read_text()


def test_github_s_job_passes_what_everybody_signed(desk: Desk, tmp_path: Path) -> None:
    _propose(desk, signed=True)
    variables = {"FROM": "refs/pull/7/head", "HEAD": desk.world.git("rev-parse", "HEAD")}
    assert _run(desk, tmp_path / "job", _github(*GITHUB), **variables) == (0, "verdict: ALLOW\n")


def test_github_s_job_says_so_where_there_is_no_policy(unconfigured: Desk, tmp_path: Path) -> None:
    code, said = _run(unconfigured, tmp_path / "job", _github(*GITHUB))
    assert (code, said[:29]) == (0, "::notice title=unconfigured::")


def test_gitlab_s_job_judges_with_the_target_s_code(desk: Desk, tmp_path: Path) -> None:
    branch = _propose(desk, signed=False)
    variables = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_SHA": desk.world.git("rev-parse", "HEAD")}
    code, said = _run(desk, tmp_path / "job", _gitlab(), ref=branch, **variables)
    assert code == 10, said
    assert "ROLE-MISSING: compliance/environments/paper.yaml" in said


def test_the_pages_are_rendered_after_a_merge_and_only_when_they_change(desk: Desk, tmp_path: Path) -> None:
    code, said = _run(desk, tmp_path / "job", _github(*RENDER))
    assert code == 0, said
    assert desk.configure("ls-tree", "--name-only", "main:docs/compliance").startswith("ai_pipeline_signoff.md")
    tip = desk.tip
    assert _run(desk, tmp_path / "again", _github(*RENDER))[0] == 0
    assert desk.tip == tip


def test_pages_that_the_protected_branch_does_not_take_wait_on_a_branch(desk: Desk, tmp_path: Path) -> None:
    desk.configure("config", "bot-core.command", "no-such-program")
    assert _run(desk, tmp_path / "job", _github(*RENDER))[0] == 0
    assert desk.configure("ls-tree", "--name-only", "docs-render:docs/compliance").startswith("ai_pipeline_signoff.md")
