"""Where a pushed branch becomes a pull request: on a forge, or, with a plain remote, as a text that somebody pastes.

Proposing is idempotent: one branch has one open pull request, whatever was interrupted. So every attempt looks first, and creates only
what is not there; a connection that breaks after the forge has created the pull request still ends as one.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot_core._parse import write_bytes
from bot_core.data import web
from bot_core.errors import HostError
from bot_core.retraining.github import AGAIN, Pulls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot_core.config.runtime import GitHubSettings


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where the pull request is, or its text; whether it was created now; and what to tell people."""

    url: str
    created: bool
    said: str


class Host(Protocol):
    """Makes one open pull request of a pushed branch."""

    def propose(self, branch: str, title: str, body: str) -> Proposal:
        """Open a pull request, or give the open one this title and text.

        Raises:
            HostError: the forge did not take it.
            AuditError: the text could not be written.
        """


@dataclass(frozen=True, slots=True)
class PlainRemote:
    """No forge: the text goes to a file.

    Args:
        folder: where texts lie, one per branch.
        remote: where branches are pushed, for people.
    """

    folder: Path
    remote: str = "origin"

    def propose(self, branch: str, title: str, body: str) -> Proposal:
        """Write the text; see `Host.propose`."""
        path = self.folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', branch)}.md"
        created = not path.exists()
        write_bytes(path, f"{title}\n\n{body}".encode())
        return Proposal(str(path), created, f"{branch} is pushed to {self.remote}; open a pull request with the text in {path}")


@dataclass(frozen=True, slots=True)
class GitHub:
    """GitHub, or a server that speaks its endpoints.

    Args:
        api: the root of the API, without a slash at its end.
        repository: `owner/name`.
        token: what may write pull requests there; never shown.
        base: the branch that changes go into.
        timeout_s: seconds per question.
        attempts: how often a server that is down is asked.
        wait: called with seconds between two attempts.
    """

    api: str
    repository: str
    token: str = field(repr=False)
    base: str = "main"
    timeout_s: float = 20.0
    attempts: int = 3
    wait: Callable[[float], None] = time.sleep

    def propose(self, branch: str, title: str, body: str) -> Proposal:
        """Look for the branch's open pull request and update it, else open one; see `Host.propose`."""
        pulls = Pulls(self.api, self.repository, self.token, self.base, self.timeout_s)
        created, problem = False, "nothing"
        for attempt in range(self.attempts):
            if attempt:
                self.wait(2.0 ** (attempt - 1))
            try:
                found = pulls.open(branch)
                if found is None:
                    created = True  # also when the answer is lost: the next attempt finds what this one made
                    found = pulls.create(branch, title, body)
                else:
                    pulls.update(found.number, title, body)
            except OSError as error:
                problem = web.why(error)
            else:
                return Proposal(found.html_url, created, f"{'opened' if created else 'updated'} {found.html_url}")
        msg = f"{pulls.place}: expected a pull request for {branch}, got: {problem}"
        raise HostError(msg, hint=AGAIN)


def host_of(settings: GitHubSettings | None, environment: Mapping[str, str], texts: Path, remote: str = "origin") -> Host:
    """Return the host that the settings name; without any the plain remote.

    Args:
        settings: `host` of the runtime's settings.
        environment: the process's variables, one of which holds the token.
        texts: where a plain remote's texts lie.
        remote: where branches are pushed.

    Raises:
        HostError: the variable holds no token.
    """
    if settings is None:
        return PlainRemote(texts, remote)
    token = environment.get(settings.token_env, "").strip()
    if not re.fullmatch(r"[!-~]+", token):
        got = "another text" if token else "nothing"
        msg = f"{settings.token_env}: expected a token in this environment variable, got {got}"
        raise HostError(msg, hint=f"export {settings.token_env}=…, a token that may write pull requests of {settings.repository}")
    return GitHub(settings.api.rstrip("/"), settings.repository, token, settings.base)
