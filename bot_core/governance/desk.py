"""What a command works at: the repository here, its trusted policy, its people, and the time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.errors import GitError
from bot_core.governance import chain, layout
from bot_core.governance.git import Git
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.reasons import Refused
from bot_core.governance.snapshot import Snapshot

if TYPE_CHECKING:
    from bot_core.documents.policy import EnvironmentPolicy, Policy
    from bot_core.governance.crew import Crew


@dataclass(frozen=True)
class Desk:
    """A repository (a work tree; a bare one to read from), what its newest commit holds, and the time."""

    root: Path
    now: dt.datetime

    @classmethod
    def here(cls, now: dt.datetime | None = None) -> Desk:
        """Find the repository around the current folder.

        Raises:
            GitError: there is none, or its history was cut off.
        """
        asked = ("--is-bare-repository", "--is-shallow-repository", "--absolute-git-dir", "--show-cdup")
        bare, shallow, folder, *up = Git(Path()).text("rev-parse", *asked, expected="a git repository").split("\n")
        root = Path(folder) if bare == "true" else Path(*up).resolve()
        if shallow == "true":
            msg = f"{root}: expected the full history, for sign-offs count from the commit that brought them; got a shallow clone"
            raise GitError(msg, hint="git fetch --unshallow")
        return cls(root, now or dt.datetime.now(dt.UTC).replace(microsecond=0))

    @cached_property
    def git(self) -> Git:
        """Read objects."""
        return Git(self.root)

    @cached_property
    def view(self) -> Snapshot:
        """What the newest commit here holds."""
        return self.at("HEAD")

    def at(self, name: str) -> Snapshot:
        """What a commit holds."""
        tip = self.git.resolve(name)
        return Snapshot(self.git, tip, self.git.tree(tip), self.now)

    @cached_property
    def policy(self) -> Policy:
        """The policy of the newest commit here.

        Raises:
            Refused: POLICY-MISSING, CANON or POLICY-CHAIN.
        """
        return policy_of(self.view)

    @cached_property
    def crew(self) -> Crew:
        """The people and keys that count."""
        return revocations(self.view, self.policy, Memory())[0]

    def rules(self, environment: str) -> EnvironmentPolicy:
        """Return what the policy asks of an environment.

        Raises:
            Refused: POLICY-MISSING: the policy does not know it.
        """
        found = self.policy.environment(environment)
        if found is None:
            known = ", ".join(rules.name for rules in self.policy.environments)
            raise Refused("POLICY-MISSING", layout.POLICY, f"--env: expected one of {known}; got {environment}", "bot-core status")
        return found


def policy_of(view: Snapshot) -> Policy:
    """Read a snapshot's policy.

    Raises:
        Refused: POLICY-MISSING, CANON or POLICY-CHAIN.
    """
    data = view.read(layout.POLICY)
    if data is None:
        message = f"{layout.POLICY}: expected a policy, got none: the repository is unconfigured"
        raise Refused("POLICY-MISSING", layout.POLICY, message, "bot-core policy init --root NAME=KEY.pub …")
    return chain.load_policy(data)
