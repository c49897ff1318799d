"""The whole story on the real models, in a temporary clone with throwaway keys: `make demo`, after `make repro`.

A model of returns asks for production and is refused on its evidence. A model of volatility goes through paper to production: paper's
service publishes what it shows, four people sign, it is merged, its drift turns critical, one person halts it, and one commit takes it
back.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
BIN = HERE / ".venv/bin"
PEOPLE = {"anna": "risk", "carl": "compliance", "petra": "platform", "dan": "data", "quinn": ""}
SERVICE = "runtime-1"
SIGNERS = {role: name for name, role in PEOPLE.items() if role}
ANSWERS: dict[str, tuple[str, ...]] = {"risk": ("C7",), "platform": (), "data": ("C6",), "compliance": ("C6",)}
REFUSED, PENDING, ALLOWED = 20, 10, 0
MINUTES = "audit/ai_decision/go_live_minutes.md"


class Demo:
    """A clone with its keys."""

    def __init__(self, folder: Path) -> None:
        self.path, self.keys = folder / "models", folder / "keys"

    def run(self, *words: str, expect: int = 0, show: bool = True) -> str:
        """Run a command in the clone as a person would, show what it says, and insist on the exit code."""
        environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "120"}
        done = subprocess.run(words, cwd=self.path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # own commands
        if show:
            shown = " ".join(word if " " not in word else f'"{word}"' for word in words).replace(str(self.keys), "~/.ssh")
            print(f"$ {shown}\n" + "".join(f"  {line}\n" for line in (done.stdout + done.stderr).splitlines()), flush=True)
        if done.returncode != expect:
            sys.exit(f"expected exit code {expect}, got {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def quiet(self, *words: str) -> str:
        """Run a command without showing it."""
        return self.run(*words, show=False).strip()

    def signer(self, name: str) -> tuple[str, ...]:
        """Spell who signs with which key."""
        return "--signer", name, "--key", str(self.keys / name)

    def merge(self) -> None:
        """Merge the branch that is checked out into main, as a forge does once the gate allows it."""
        branch = self.quiet("git", "rev-parse", "--abbrev-ref", "HEAD")
        self.quiet("git", "switch", "--quiet", "main")
        self.quiet("git", "merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)
        print(f"(merged {branch} into main)\n", flush=True)


def main() -> None:
    """Tell the story."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        prepare(demo)
        say("Two releases, each signed by its author")
        returns, volatility = release(demo, "decision_engine"), release(demo, "eurusd_range")
        say("Paper asks for reports, not for success: both go there")
        for model, version in (("decision_engine", returns), ("eurusd_range", volatility)):
            to_paper(demo, model, version)
        refused(demo, returns)
        promoted(demo, volatility)
        taken_back(demo, volatility)


def prepare(demo: Demo) -> None:
    """Clone what is committed, borrow the built files, make keys and the first policy."""
    say("A clone, throwaway keys, and a policy whose waiting times are zero days (the template keeps seven)")
    demo.keys.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", str(HERE), str(demo.path)], check=True)  # noqa: S603, S607  # own repository
    demo.quiet("git", "switch", "--quiet", "--force-create", "main")
    for name, value in (("user.name", "Demo"), ("user.email", "demo@desk.example")):
        demo.quiet("git", "config", name, value)
    shutil.copy(HERE / "dvc.lock", demo.path / "dvc.lock")  # what was computed here, on this kind of processor
    demo.quiet("git", "commit", "--quiet", "--allow-empty", "--all", "--message", "What was computed here")
    demo.quiet("dvc", "cache", "dir", "--local", str(HERE / ".dvc/cache"))
    demo.quiet("dvc", "checkout", "--quiet")
    for name in (*PEOPLE, SERVICE):
        demo.quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(demo.keys / name))
    roots = [f"{name}={demo.keys / name}.pub" for name in ("anna", "carl")]
    people = [f"{name}={demo.keys / name}.pub:{role}" for name, role in PEOPLE.items()]
    named = [word for root in roots for word in ("--root", root)] + [word for person in people for word in ("--person", person)]
    named += ["--service", f"{SERVICE}={demo.keys / SERVICE}.pub:head,report"]
    demo.run("bot-core", "policy", "init", *named, "--repository", "quant/models", "--waiting-days", "0")
    for name in ("anna", "carl"):
        demo.run("bot-core", "policy", "sign", *demo.signer(name))


def release(demo: Demo, model: str) -> str:
    """Release a built model and commit what that wrote."""
    demo.run("bot-core", "release", model, "--author", "quinn", "--key", str(demo.keys / "quinn"))
    demo.quiet("git", "add", "models", "audit")
    demo.quiet("git", "commit", "--quiet", "--message", f"Release {model}")
    return next((demo.path / "models" / model).glob("*.release.yaml")).name.removesuffix(".release.yaml")


def to_paper(demo: Demo, model: str, version: str) -> None:
    """Promote to paper, sign, merge."""
    demo.quiet("bot-core", "promote", model, version, "--env", "paper")
    demo.run("bot-core", "sign-off", model, version, "--env", "paper", "--role", "risk", *demo.signer("anna"))
    demo.run("bot-core", "gate", "--base", "main", expect=ALLOWED)
    demo.merge()


def refused(demo: Demo, version: str) -> None:
    """Ask for production with a model that does not beat its baseline."""
    say("The model of returns asks for production: its walk-forward evidence says no, whoever signs")
    demo.quiet("bot-core", "promote", "decision_engine", version, "--env", "production")
    demo.run("bot-core", "gate", "--base", "main", expect=REFUSED)
    demo.quiet("git", "switch", "--quiet", "main")


def shown(demo: Demo, version: str) -> None:
    """Let paper decide, and publish what it shows."""
    say("Paper decides; its service publishes, signed, that the scheduler is current and the loop produces candidates")
    folder = demo.keys.parent / "paper"
    demo.quiet("python", str(HERE / "scripts/demo_paper.py"), "eurusd_range", version, str(folder))
    files = ("--journal", str(folder / "paper.jsonl"), "--scheduler", str(folder / "scheduler.json"))
    demo.run("bot-core", "audit", "publish", "--env", "paper", *files, *demo.signer(SERVICE), "--no-push")


def promoted(demo: Demo, version: str) -> None:
    """Take the volatility model to production."""
    shown(demo, version)
    say("The model of volatility asks for production: the gate names who must sign, and how")
    (demo.path / MINUTES).write_text(
        "# Go-live minutes\n\nRisk, Platform and Data looked at the paper journal and agreed.\n", encoding="utf-8"
    )
    demo.quiet("git", "add", MINUTES)
    demo.quiet("git", "commit", "--quiet", "--message", "Minutes of the go-live")
    demo.run("bot-core", "promote", "eurusd_range", version, "--env", "production")
    demo.run("bot-core", "gate", "--base", "main", expect=PENDING, show=False)
    say("Four people read and sign; two of them sign the limits, three the minutes")
    for role, name in SIGNERS.items():
        answers = [word for item in ANSWERS[role] for word in ("--answer", f"{item}=pass")]
        command = (
            "bot-core",
            "sign-off",
            "eurusd_range",
            version,
            "--env",
            "production",
            "--role",
            role,
            *demo.signer(name),
            *answers,
        )
        demo.run(*command, show=role == "risk")
    for role in ("risk", "compliance"):
        demo.quiet(
            "bot-core", "sign-off", "--domain", "trade_entry", "--env", "production", "--role", role, *demo.signer(SIGNERS[role])
        )
    for role in ("risk", "platform", "data"):
        minutes = ("minutes", "production.eurusd_range", MINUTES, "--role", role, "--approve")
        demo.quiet("bot-core", "review", *minutes, *demo.signer(SIGNERS[role]))
    demo.run("bot-core", "gate", "--base", "main", expect=ALLOWED)
    demo.merge()
    demo.run("bot-core", "status", "--env", "production")


def taken_back(demo: Demo, version: str) -> None:
    """Drift turns critical: halt, roll back."""
    say("Its inputs drift: a critical report takes it back to not eligible")
    path = f"audit/ai_decision/drift/{version}.{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}.json"
    demo.quiet("python", str(HERE / "scripts/demo_drift.py"), "eurusd_range", path)
    demo.quiet("ssh-keygen", "-q", "-Y", "sign", "-n", "report@bot-core", "-f", str(demo.keys / "dan"), path)
    demo.quiet("git", "switch", "--quiet", "--create", "report")
    demo.quiet("git", "add", path, f"{path}.sig")
    demo.quiet("git", "commit", "--quiet", "--message", "Drift report")
    demo.quiet("bot-core", "gate", "--base", "main")
    demo.merge()
    demo.run("bot-core", "status", "--env", "production")
    say("One person halts it; a pull request that only restricts can always merge")
    demo.quiet("git", "switch", "--quiet", "--create", "halt")
    demo.run("bot-core", "halt", "production", "eurusd_range", "--reason", "every feature drifted", *demo.signer("dan"))
    demo.run("bot-core", "gate", "--base", "main", expect=ALLOWED)
    demo.merge()
    say("One commit takes it back; here to the rules, for nothing was active before it")
    demo.quiet("git", "switch", "--quiet", "--create", "rollback")
    demo.run("bot-core", "rollback", "eurusd_range", "--env", "production", "--reason", "drift, see the journal")
    demo.run("bot-core", "gate", "--base", "main", expect=ALLOWED)
    demo.merge()
    demo.run("bot-core", "status", "--env", "production")


def say(sentence: str) -> None:
    """Print a heading."""
    print(f"\n=== {sentence}\n", flush=True)


if __name__ == "__main__":
    main()
