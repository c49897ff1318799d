from __future__ import annotations

import doctest
from email.message import Message
from http.client import HTTPMessage
from io import BytesIO
from urllib.error import URLError
from urllib.request import Request

import pytest

from bot_core.data import web
from bot_core.data.web import Answer, TooLarge, ask, shown, why
from bot_core.retraining import appending
from tests.webserver import Question, Reply, serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def answer(reply: Reply, *, follow: bool = False, most: int = 100, timeout_s: float = 5.0) -> Answer:
    with serving(lambda asked: reply if asked.path == "/" else Reply(body=asked.path.encode())) as server:
        request = Request(f"{server.address}/")  # noqa: S310  # our own
        return ask(request, timeout_s=timeout_s, most=most, follow=follow)


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("status", [200, 201, 204, 404, 500])
def test_an_answer_is_whole_whatever_its_status(status: int, follow: bool) -> None:  # noqa: FBT001  # a row of a table
    body = b"" if status == 204 else b"text"
    found = answer(Reply(status, body, {"X-Some-Thing": "1"}), follow=follow)
    assert (found.status, found.body, found.headers["x-some-thing"]) == (status, body, "1")


def test_a_redirect_is_followed_only_where_that_was_asked_for() -> None:
    there = Reply(302, headers={"Location": "/there"})
    assert answer(there).status == 302
    assert answer(there, follow=True).body == b"/there"


def test_a_token_does_not_travel_with_a_redirect() -> None:
    seen: list[Question] = []

    def elsewhere(asked: Question) -> Reply:
        seen.append(asked)
        return Reply()

    with serving(elsewhere) as other, serving(lambda _: Reply(307, headers={"Location": other.address})) as server:
        request = Request(server.address, b"{}", {"Authorization": "Bearer secret"}, method="POST")  # noqa: S310  # our own
        assert ask(request, timeout_s=5, most=100).status == 307
    assert seen == []


def test_nobody_is_led_away_from_https() -> None:
    handler = web._Careful()
    facts = (BytesIO(), 302, "Found", HTTPMessage())
    with pytest.raises(URLError, match="a redirect to an address without https"):
        handler.redirect_request(Request("https://prices.example/x"), *facts, "http://prices.example/x")
    found = handler.redirect_request(Request("https://prices.example/x"), *facts, "https://other.example/x")
    assert found is not None
    assert found.full_url == "https://other.example/x"


@pytest.mark.parametrize(("size", "most"), [(100, 100), (0, 0)])
def test_as_much_as_was_allowed_is_read(size: int, most: int) -> None:
    assert answer(Reply(body=b"x" * size), most=most).body == b"x" * size


def test_more_is_not_read() -> None:
    with pytest.raises(TooLarge, match="more than 100 bytes"):
        answer(Reply(body=b"x" * 101))


def test_a_broken_answer_is_no_answer() -> None:
    with pytest.raises(ConnectionError, match="broke off 60 bytes before its end"):
        answer(Reply(body=b"x" * 99, cut=39))


def test_what_is_not_spoken_is_not_asked() -> None:
    with pytest.raises(OSError, match="unknown url type: file") as caught:
        ask(Request("file:///etc/hostname"), timeout_s=1, most=100, follow=True)  # noqa: S310  # what must not work
    assert why(caught.value) == "unknown url type: file"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (URLError(TimeoutError("timed out")), "no answer in time"),
        (URLError(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (ConnectionError("broke\noff"), "broke off"),
    ],
)
def test_why_is_a_few_words(error: OSError, words: str) -> None:
    assert why(error) == words


def test_a_path_is_shown_as_it_is_and_an_address_without_secrets() -> None:
    assert shown("incoming/a?b.csv") == "incoming/a?b.csv"
    assert shown("http://u:p@h:1/x?k=v#f") == "http://h:1/x"
    assert isinstance(answer(Reply()).headers, Message)


@pytest.mark.parametrize("module", [web, appending])
def test_the_examples_hold(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]  # a module
    assert found.attempted > 0
    assert found.failed == 0
