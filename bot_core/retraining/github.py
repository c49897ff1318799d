"""Three questions to GitHub, or to a server that speaks its endpoints, and what its refusals mean.

REST API of 2022-11-28: `GET` and `POST /repos/{owner}/{repo}/pulls`, `PATCH /repos/{owner}/{repo}/pulls/{number}`. The token is in the
`Authorization` header and nowhere else: redirects are not followed, and what a server says is shown without it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode
from urllib.request import Request

import msgspec

from bot_core.data import web
from bot_core.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

MOST = 10_000_000
VERSION = "2022-11-28"
GOOD, MOVED, FORBIDDEN, REFUSED, TOO_MANY, FAULT = (200, 201), (301, 302, 303, 307, 308), 403, 422, 429, 500
AGAIN = "the branch is pushed: run the same command again, and one pull request will stand"
_MEANINGS = {
    401: ("a token that counts", "make a new token, and put it into the variable that host.token_env names"),
    FORBIDDEN: ("the right to open pull requests", "give the token the permission `Pull requests: write` for the repository"),
    404: ("the repository", "mend host.repository, or let the token read it: what a token must not see is not there"),
    REFUSED: ("a branch with commits that host.base lacks", "see whether the branch is pushed, and whether host.base is right"),
}


class Head(msgspec.Struct, frozen=True):
    """The branch that a pull request brings."""

    ref: str


class Pull(msgspec.Struct, frozen=True):
    """A pull request; the rest of GitHub's fields is not read."""

    number: int
    html_url: str
    head: Head


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""
    errors: list[object] = []


@dataclass(frozen=True, slots=True)
class Pulls:
    """A repository's pull requests.

    Args:
        api: the root of the API, without a slash at its end.
        repository: `owner/name`.
        token: what may write pull requests there; never shown.
        base: the branch that changes go into.
        timeout_s: seconds per question.

    Every method raises `OSError` where the server is down or at fault, so that asking again may help, and `HostError` where it says no.
    """

    api: str
    repository: str
    token: str = field(repr=False)
    base: str
    timeout_s: float

    def open(self, branch: str) -> Pull | None:
        """Find the open pull request of a branch."""
        owner = self.repository.partition("/")[0]
        query = urlencode({"head": f"{owner}:{branch}", "base": self.base, "state": "open"})
        pulls = self._decoded(self._ask("GET", f"?{query}"), list[Pull])
        return next((pull for pull in pulls if pull.head.ref == branch), None)  # a server that ignores `head` lists all

    def create(self, branch: str, title: str, body: str) -> Pull:
        """Open a pull request."""
        return self._decoded(self._ask("POST", "", {"title": title, "body": body, "head": branch, "base": self.base}), Pull)

    def update(self, number: int, title: str, body: str) -> None:
        """Give a pull request another title and text."""
        self._ask("PATCH", f"/{number}", {"title": title, "body": body})

    @property
    def place(self) -> str:
        """The address, for people."""
        return f"{self.api}/repos/{self.repository}/pulls"

    def _ask(self, method: str, path: str, facts: Mapping[str, str] | None = None) -> bytes:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
            "Content-Type": "application/json",
            "User-Agent": "bot-core",
        }
        data = None if facts is None else msgspec.json.encode(facts)
        address = f"{self.api}/repos/{quote(self.repository)}/pulls{path}"
        request = Request(address, data, headers, method=method)  # noqa: S310  # http or https: the settings' type has looked
        answer = web.ask(request, timeout_s=self.timeout_s, most=MOST)
        if answer.status not in GOOD:
            raise self._refusal(answer)
        return answer.body

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            msg = f"{self.place}: expected pull requests as GitHub spells them, got {self._hidden(body[:60].decode(errors='replace'))!r}"
            hint = "see whether host.api is the root of the API: https://api.github.com, or https://SERVER/api/v3"
            raise HostError(msg, hint=hint) from error

    def _refusal(self, answer: web.Answer) -> OSError | HostError:
        """Say what a status means here, and what to do."""
        reason = self._reason(answer)
        if answer.status >= FAULT or (answer.status == REFUSED and "already exists" in reason):  # the list may lag behind
            return OSError(f"status {answer.status}{reason}")
        if limit := _limit(answer):
            return HostError(f"{self.place}: expected to be heard, got the rate limit", hint=f"wait {limit}; {AGAIN}")
        if answer.status in MOVED:
            place = self._hidden(web.shown(answer.headers.get("Location") or "nowhere"))
            hint = "mend host.api or host.repository: a token is sent to no other address"
            return HostError(f"{self.place}: expected an answer, got a redirect to {place}", hint=hint)
        expected, hint = _MEANINGS.get(answer.status, ("an answer", AGAIN))
        return HostError(f"{self.place}: expected {expected}, got status {answer.status}{reason}", hint=hint)

    def _reason(self, answer: web.Answer) -> str:
        try:
            problem = msgspec.json.decode(answer.body, type=_Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        details = [str(error.get("message") or "") for error in problem.errors if isinstance(error, dict)]
        words = " ".join(" ".join([problem.message, *details]).split())
        return f": {self._hidden(words)[:300]}" if words else ""

    def _hidden(self, text: str) -> str:
        return text.replace(self.token, "***")


def _limit(answer: web.Answer) -> str:
    """Say how long a rate limit lasts; nothing where there is none."""
    headers = answer.headers
    used_up = headers.get("X-RateLimit-Remaining") == "0"
    if answer.status not in {FORBIDDEN, TOO_MANY} or not (used_up or "Retry-After" in headers or answer.status == TOO_MANY):
        return ""
    seconds, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if seconds.isdecimal():
        return f"{seconds} s"
    if used_up and reset.isdecimal() and len(reset) <= len("9999999999"):
        return f"until {dt.datetime.fromtimestamp(int(reset), dt.UTC):%Y-%m-%d %H:%M} UTC"
    return "a few minutes"
