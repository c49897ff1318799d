"""Against a real server that keeps pull requests as GitHub does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from bot_core.config.runtime import GitHubSettings
from bot_core.errors import AuditError, HostError
from bot_core.retraining.hosts import GitHub, PlainRemote, Proposal, host_of
from tests.webserver import Question, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "ghp_secret0123456789"  # noqa: S105  # of a server in this file
BRANCH = "retrain/eurusd_range/20261121T101500Z"
Pull = dict[str, object]


@dataclass
class Forge:
    """GitHub's pull requests of o/r. `faults` come first, one a question; `drop`: the answer to a POST is lost so many times."""

    faults: list[Reply] = field(default_factory=list)
    drop: int = 0
    pulls: list[Pull] = field(default_factory=list)

    def __call__(self, asked: Question) -> Reply:
        """Answer a question."""
        if self.faults:
            return self.faults.pop(0)
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        assert asked.headers["X-Github-Api-Version"] == "2022-11-28"
        path = urlsplit(asked.path)
        assert re.fullmatch(r"/api/v3/repos/o/r/pulls(/\d+)?", path.path)
        if asked.method == "GET":
            return self._list(parse_qs(path.query))
        facts = json.loads(asked.body)
        return self._create(facts) if asked.method == "POST" else self._update(int(path.path.rpartition("/")[2]), facts)

    def _list(self, query: dict[str, list[str]]) -> Reply:
        assert query["state"] == ["open"]
        wanted = [pull for pull in self.pulls if [f"o:{ref(pull)}"] == query["head"] and [pull["base"]] == query["base"]]
        return said(200, [pull for pull in wanted if pull["state"] == "open"])

    def _create(self, facts: dict[str, str]) -> Reply:
        if any(ref(pull) == facts["head"] and pull["state"] == "open" for pull in self.pulls):
            return said(422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for o:x."}]})
        number = len(self.pulls) + 1
        address = f"https://forge.example/o/r/pull/{number}"
        self.pulls.append({**facts, "head": {"ref": facts["head"]}, "number": number, "html_url": address, "state": "open"})
        if self.drop:
            self.drop -= 1
            return Reply(cut=-1)
        return said(201, self.pulls[-1])

    def _update(self, number: int, facts: Pull) -> Reply:
        self.pulls[number - 1] |= facts
        return said(200, self.pulls[number - 1])


def ref(pull: Pull) -> object:
    head = pull["head"]
    assert isinstance(head, dict)
    return head["ref"]


def said(status: int, value: object, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def propose(forge: Callable[[Question], Reply], title: str = "Retrain", body: str = "Why: … é", timeout_s: float = 5.0) -> Proposal:
    waits: list[float] = []
    with serving(forge) as server:
        host = GitHub(f"{server.address}/api/v3", "o/r", TOKEN, timeout_s=timeout_s, wait=waits.append)
        assert TOKEN not in repr(host)
        try:
            return host.propose(BRANCH, title, body)
        finally:
            assert waits == [1.0, 2.0][: len(waits)]


def test_a_pull_request_is_opened_once_and_then_updated() -> None:
    forge = Forge()
    url = "https://forge.example/o/r/pull/1"
    assert propose(forge) == Proposal(url, created=True, said=f"opened {url}")
    assert propose(forge, "Retrain again", "new") == Proposal(url, created=False, said=f"updated {url}")
    assert [(pull["title"], pull["body"], pull["base"], ref(pull)) for pull in forge.pulls] == [
        ("Retrain again", "new", "main", BRANCH)
    ]


def test_a_closed_one_is_left_alone_and_another_is_opened() -> None:
    forge = Forge()
    propose(forge)
    forge.pulls[0]["state"] = "closed"
    assert propose(forge).url.endswith("/2")
    assert [pull["state"] for pull in forge.pulls] == ["closed", "open"]


def test_a_server_that_ignores_the_branch_does_not_get_another_s_request_updated() -> None:
    forge = Forge()
    forge.pulls.append({"number": 1, "html_url": "x", "head": {"ref": "other"}, "title": "theirs", "state": "open", "base": "main"})

    def answer(asked: Question) -> Reply:
        return said(200, forge.pulls) if asked.method == "GET" else forge(asked)

    assert propose(answer).url.endswith("/2")
    assert forge.pulls[0]["title"] == "theirs"


@pytest.mark.parametrize(
    "fault", [Reply(status=502), Reply(status=500, body=b"<html>"), Reply(cut=-1), Reply(body=b"[]" * 99, cut=7)]
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_that_passes_ends_as_one_pull_request(fault: Reply, times: int) -> None:
    forge = Forge(faults=[fault] * times)
    assert propose(forge).created
    assert len(forge.pulls) == 1


def test_a_request_that_was_opened_although_the_connection_broke_is_found() -> None:
    forge = Forge(drop=1)
    assert propose(forge) == Proposal(
        "https://forge.example/o/r/pull/1", created=True, said="opened https://forge.example/o/r/pull/1"
    )
    assert len(forge.pulls) == 1


def test_a_list_that_lags_behind_is_asked_again() -> None:
    forge = Forge()
    propose(forge)
    lagging = Forge(faults=[said(200, [])], pulls=forge.pulls)
    assert propose(lagging).url.endswith("/1")
    assert len(forge.pulls) == 1


@pytest.mark.parametrize(
    ("fault", "sentence", "hint"),
    [
        (
            said(401, {"message": "Bad credentials"}),
            "expected a token that counts, got status 401: Bad credentials",
            "make a new token",
        ),
        (
            said(403, {"message": "Resource not accessible"}),
            "expected the right to open pull requests, got status 403: Res",
            "Pull requests: write",
        ),
        (said(404, {"message": "Not Found"}), "expected the repository, got status 404: Not Found", "host.repository"),
        (
            said(422, {"message": "Validation Failed", "errors": [{"message": "No commits between main and x"}, "odd"]}),
            "expected a branch with commits that host.base lacks, got status 422: Validation Failed No commits between main and x",
            "see whether the branch is pushed",
        ),
        (said(422, {"message": f"bad {TOKEN} here"}), "got status 422: bad *** here", "see whether"),
        (Reply(status=418, body=b"tea"), "expected an answer, got status 418", "run the same command again"),
        (
            Reply(status=301, headers={"Location": f"https://x.example/2?t={TOKEN}"}),
            "got a redirect to https://x.example/2",
            "no other address",
        ),
        (Reply(status=307), "got a redirect to nowhere", "no other address"),
        (said(429, {}), "got the rate limit", "wait a few minutes; "),
        (said(403, {}, Retry_After="60"), "got the rate limit", "wait 60 s; "),
        (
            said(403, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="1795257000"),
            "got the rate limit",
            "wait until 2026-11-21 10:30 UTC; ",
        ),
        (said(403, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="soon"), "got the rate limit", "wait a few minutes; "),
        (Reply(body=b"<html>log in</html>"), "expected pull requests as GitHub spells them, got '<html>log in</html>'", "host.api"),
        (said(200, {"number": 1}), "expected pull requests as GitHub spells them", "host.api"),
    ],
)
def test_a_refusal_is_one_sentence_with_a_next_step(fault: Reply, sentence: str, hint: str) -> None:
    forge = Forge(faults=[fault])
    with pytest.raises(HostError) as caught:
        propose(forge)
    assert "/api/v3/repos/o/r/pulls: expected " in caught.value.message
    assert sentence in caught.value.message
    assert hint in caught.value.hint
    assert TOKEN not in str(caught.value)
    assert (forge.pulls, forge.faults) == ([], [])  # one question was enough


@pytest.mark.parametrize(
    ("fault", "got"),
    [
        (Reply(status=503), "status 503"),
        (said(500, {"message": f"boom {TOKEN}"}), "status 500: boom ***"),
        (Reply(after_s=9.0), "no answer in time"),
        (Reply(cut=-1), ""),
    ],
)
def test_a_server_that_stays_down_says_that_the_branch_is_pushed(fault: Reply, got: str) -> None:
    with pytest.raises(HostError, match=f"expected a pull request for {BRANCH}, got: {re.escape(got)}") as caught:
        propose(Forge(faults=[fault] * 3), timeout_s=0.3)
    assert caught.value.hint == "the branch is pushed: run the same command again, and one pull request will stand"
    assert TOKEN not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_plain_remote_writes_the_text_and_says_which_branch(tmp_path: Path) -> None:
    host = PlainRemote(tmp_path / "texts", "upstream")
    path = tmp_path / "texts/retrain-eurusd_range-20261121T101500Z.md"
    sentence = f"{BRANCH} is pushed to upstream; open a pull request with the text in {path}"
    assert host.propose(BRANCH, "Title", "Body\n") == Proposal(str(path), created=True, said=sentence)
    assert host.propose(BRANCH, "Title", "New body\n").created is False
    assert path.read_text() == "Title\n\nNew body\n"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_branch_s_name_leads_out_of_no_folder(tmp_path: Path) -> None:
    PlainRemote(tmp_path / "texts").propose("../../etc/x", "T", "B")
    assert [path.name for path in tmp_path.rglob("*.md")] == ["..-..-etc-x.md"]
    assert (tmp_path / "texts/..-..-etc-x.md").is_file()


def test_a_text_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("")
    with pytest.raises(AuditError, match="expected to write"):
        PlainRemote(tmp_path / "texts").propose(BRANCH, "T", "B")


def test_the_settings_choose_the_host(tmp_path: Path) -> None:
    assert host_of(None, {}, tmp_path, "upstream") == PlainRemote(tmp_path, "upstream")
    settings = GitHubSettings(repository="o/r", base="trunk", token_env="T", api="https://forge.example/api/v3/")  # noqa: S106  # a name
    assert host_of(settings, {"T": f" {TOKEN}\n"}, tmp_path) == GitHub("https://forge.example/api/v3", "o/r", TOKEN, "trunk")


@pytest.mark.parametrize(
    ("token", "got"), [(None, "nothing"), (" ", "nothing"), ("two\nlines", "another text"), ("schlüssel", "another text")]
)
def test_without_a_token_it_says_where_one_belongs(tmp_path: Path, token: str | None, got: str) -> None:
    environment = {} if token is None else {"GITHUB_TOKEN": token}
    with pytest.raises(HostError, match=f"GITHUB_TOKEN: expected a token in this environment variable, got {got}") as caught:
        host_of(GitHubSettings(repository="o/r"), environment, tmp_path)
    assert "pull requests of o/r" in caught.value.hint
    assert not token or not token.strip() or token not in str(caught.value)
