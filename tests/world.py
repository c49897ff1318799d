"""A desk to attack: a real repository, real keys, a signed policy, a release in paper and one on its way to production.

Commands run through `bot_core.cli.main`, as a person would type them; git through git. Commits can be dated, so that seven days pass.
Stages, each built on the one before: `configured` (a signed policy on main), `released` (a signed release on main), `paper` (active in
paper since T0), `proposed` (the branch that promotes it to production, unsigned, with what paper's service published of it on `audit-log`),
`ready` (the same, signed by everybody).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot_core._parse import encode_json
from bot_core.cli.main import main
from bot_core.governance import branches, extracts, layout, operation, writing
from bot_core.governance.git import Git
from bot_core.governance.manifest import manifest
from tests.authenticator import keypair
from tests.evidence import extracts as shown
from tests.evidence import write_release

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
MODEL = "eurusd_range"
PEOPLE = {"ann": "root,risk", "ben": "root,compliance", "cid": "platform", "dora": "data", "eve": "", "fay": "risk,data", "gus": ""}
SERVICE = "runtime-1"
SIGNERS = {"risk": "ann", "compliance": "ben", "platform": "cid", "data": "dora"}
ANSWERS: dict[str, tuple[str, ...]] = {"risk": ("C7",), "platform": (), "data": ("C6",), "compliance": ("C6",)}
WEEK = dt.timedelta(days=8)
Stage = Literal["configured", "released", "paper", "proposed", "ready"]


@dataclass
class World:
    """A repository with its keys; `version` is the release on its way."""

    path: Path
    keys: Path
    t0: dt.datetime
    version: str = ""
    shift: dt.timedelta = field(default_factory=dt.timedelta)

    # --- what people do ---

    def run(self, *words: object) -> tuple[int, str, str]:
        """Run `bot-core WORDS` here; return exit code, output and errors."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), self._dated():
            try:
                code = main([str(word) for word in words])
            except SystemExit as stop:
                code = int(stop.code or 0)
        return code, out.getvalue(), err.getvalue()

    def ok(self, *words: object) -> str:
        """Run a command that must succeed; return what it printed."""
        code, out, err = self.run(*words)
        assert code == 0, f"bot-core {' '.join(map(str, words))}: {code}\n{out}{err}"
        return out

    def gate(
        self, base: str = "main", head: str = "HEAD", *, after: dt.timedelta = WEEK
    ) -> tuple[int, set[str], dict[str, object]]:
        """Ask the gate, `after` T0; return exit code, reason codes and the whole answer."""
        code, out, err = self.run(
            "gate", "--base", base, "--head", head, "--now", f"{self.t0 + after:%Y-%m-%dT%H:%M:%SZ}", "--format", "json"
        )
        assert out, err
        answer = json.loads(out)
        return code, {reason["code"] for reason in answer["reasons"]}, answer

    def status(self, ref: str = "HEAD", *, after: dt.timedelta = WEEK) -> dict[str, object]:
        """Return `bot-core status` of a commit as of `after` T0."""
        return dict(
            json.loads(self.ok("status", "--ref", ref, "--now", f"{self.t0 + after:%Y-%m-%dT%H:%M:%SZ}", "--format", "json"))
        )

    def key(self, name: str) -> Path:
        """Return a person's private key."""
        return self.keys / name

    def sign_off(
        self, role: str, signer: str | None = None, *more: str, env: str = "production", subject: tuple[str, ...] | None = None
    ) -> str:
        """Sign as the role's usual person, with the answers the role owes in production."""
        who = signer or SIGNERS[role]
        items = ANSWERS[role] if env == "production" and subject is None else ()
        answers = [word for item in items for word in ("--answer", f"{item}=pass")]
        named = subject or (MODEL, self.version)
        return self.ok("sign-off", *named, "--env", env, "--role", role, "--signer", who, "--key", self.key(who), *answers, *more)

    def publish(self, version: str = "", *, env: str = "paper", key: str = SERVICE) -> dict[str, bytes]:
        """Publish on `audit-log` what the environment's service shows of the release, or of another one; return the files."""
        files: dict[str, bytes] = {}
        for extract in shown(MODEL, version or self.version, self.now, env):
            path, data = operation.path_of(extract), encode_json(extract)
            files |= {path: data, path + layout.SIG: writing.sign(data, path, layout.REPORT, self.key(key))}
        with self._dated():
            git = Git(self.path)
            tip = branches.fetched(git, None, extracts.BRANCH)
            branches.moved(git, None, extracts.BRANCH, tip, branches.commit(git, tip, files, f"Publish from {env}", SERVICE))
        return files

    # --- git ---

    def git(self, *words: str) -> str:
        """Run git here; it must succeed."""
        with self._dated():
            done = subprocess.run(["git", *words], cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def commit(self, message: str = "change") -> str:
        """Commit everything that changed."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, *, after: dt.timedelta | None = None) -> None:
        """Merge a branch into main, as a forge does; `after` T0."""
        self.git("switch", "-q", "main")
        self.shift = after if after is not None else self.shift
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)

    def put(self, path: str, data: bytes | str) -> None:
        """Write a file."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)

    def read(self, path: str) -> str:
        """Read a file."""
        return (self.path / path).read_text()

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that must be there."""
        text = self.read(path)
        assert old in text, text
        self.put(path, text.replace(old, new))

    def find(self, pattern: str) -> str:
        """Return the one path that matches."""
        (found,) = [path.relative_to(self.path) for path in self.path.glob(pattern)]
        return str(found)

    @property
    def now(self) -> dt.datetime:
        """The time here: `shift` later than it is."""
        return dt.datetime.now(dt.UTC).replace(microsecond=0) + self.shift

    @property
    def signoffs(self) -> str:
        """The folder of the release's sign-offs for production."""
        return f"compliance/signoffs/production/{MODEL}/{self.version}"

    def release(self, model: str = MODEL, author: str = "eve", **evidence: object) -> str:
        """Write, sign and commit a release; return its version."""
        stamps = {path.name[:16] for path in (self.path / "models" / model).glob("*.json")}
        while f"{self.now:%Y%m%dT%H%M%SZ}" in stamps:  # a version names its second
            time.sleep(0.05)
        created = self.now
        version = write_release(self.path, model, created, **evidence)  # type: ignore[arg-type]  # the keyword arguments of write_release
        document = manifest(self.path, model, version, author)
        path = layout.manifest(model, version)
        writing.write(self.path, writing.signed(document, path, layout.RELEASE, self.key(author), None, created))
        self.commit(f"Release {model} {version}")
        return version

    def clone(self, path: Path) -> World:
        """Copy everything."""
        shutil.copytree(self.path, path, symlinks=True)
        return World(path, self.keys, self.t0, self.version, self.shift)

    @contextlib.contextmanager
    def _dated(self) -> Iterator[None]:
        """Date commits `shift` later than they are."""
        if not self.shift:
            yield
            return
        when = f"{dt.datetime.now(dt.UTC) + self.shift:%Y-%m-%dT%H:%M:%SZ}"
        os.environ["GIT_COMMITTER_DATE"] = os.environ["GIT_AUTHOR_DATE"] = when
        try:
            yield
        finally:
            del os.environ["GIT_COMMITTER_DATE"], os.environ["GIT_AUTHOR_DATE"]


def build(folder: Path, stage: Stage) -> World:
    """Make a world up to a stage."""
    world = _configured(folder)
    for step in (_released, _paper, _proposed, _ready)[: ("configured", "released", "paper", "proposed", "ready").index(stage)]:
        step(world)
    return world


def _configured(folder: Path) -> World:
    keys, path = folder / "keys", folder / "repository"
    keys.mkdir(parents=True)
    for name in (*PEOPLE, SERVICE):
        keypair(keys, name)
    for place in ("compliance/checklists", "conf/decision", "docs/runbooks"):
        shutil.copytree(ROOT / place, path / place)
    world = World(path, keys, dt.datetime.now(dt.UTC).replace(microsecond=0))
    world.git("init", "-q", "-b", "main")
    for name, value in (("user.name", "Dev"), ("user.email", "dev@desk.example"), ("gc.auto", "0"), ("commit.gpgSign", "false")):
        world.git("config", name, value)
    world.commit("Start")
    roots = [word for name, roles in PEOPLE.items() if "root" in roles for word in ("--root", f"{name}={keys / name}.pub")]
    people = [
        word for name, roles in PEOPLE.items() for word in ("--person", f"{name}={keys / name}.pub:{roles.removeprefix('root,')}")
    ]
    machine = ("--service", f"{SERVICE}={keys / SERVICE}.pub:head,report")
    world.ok("policy", "init", *roots, *people, *machine, "--repository", "quant/models")
    for name in ("ann", "ben"):
        world.ok("policy", "sign", "--signer", name, "--key", world.key(name))
    return world


def _released(world: World) -> None:
    world.version = world.release()


def _paper(world: World) -> None:
    world.ok("promote", MODEL, world.version, "--env", "paper")
    branch = world.git("rev-parse", "--abbrev-ref", "HEAD")
    world.sign_off("risk", env="paper")
    world.merge(branch)


def _proposed(world: World) -> None:
    world.put("audit/ai_decision/go_live_minutes.md", "# Go-live minutes\n\nWe looked at the paper journal and agreed.\n")
    world.commit("Minutes of the go-live")
    world.publish()
    world.ok("promote", MODEL, world.version, "--env", "production")


def _ready(world: World) -> None:
    for role in SIGNERS:
        world.sign_off(role)
    for role in ("risk", "compliance"):
        world.sign_off(role, None, "--domain", "trade_entry", subject=())
    for role in ("risk", "platform", "data"):
        who = SIGNERS[role]
        name = f"production.{MODEL}"
        world.ok(
            "review",
            "minutes",
            name,
            "audit/ai_decision/go_live_minutes.md",
            "--role",
            role,
            "--signer",
            who,
            "--key",
            world.key(who),
            "--approve",
        )
