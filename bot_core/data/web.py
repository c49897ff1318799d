"""One question over HTTP, bounded in time and size: the answer comes back whole, whatever its status, or an `OSError` says why not.

Standard library only. Nothing but http and https is spoken. Redirects are followed only where the caller says so, never from https to
http, nor in plain http from this machine to another. A question that carries a token must not ask for it: the token would travel along.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPMessage
    from typing import IO

PIECE = 65_536
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class TooLarge(OSError):  # noqa: N818  # a state of the answer, told apart by the caller
    """The answer is larger than what was allowed."""


class _Response(Protocol):
    length: int | None

    def read1(self, n: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, its headers (named in any case) and the whole body."""

    status: int
    headers: Message
    body: bytes


def ask(request: Request, *, timeout_s: float, most: int, follow: bool = False) -> Answer:
    """Send a request and return the whole answer.

    Args:
        request: what to ask of whom.
        timeout_s: seconds for everything, from the first byte to the last.
        most: bytes of the body at most.
        follow: go where a redirect points.

    Raises:
        OSError: no connection, no whole answer in time, or (`TooLarge`) more of it than allowed.
    """
    deadline = time.monotonic() + timeout_s
    try:
        with _opener(follow=follow).open(request, timeout=timeout_s) as response:
            return Answer(response.status, response.headers, _body(response, deadline, most))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, _body(error, deadline, most))
    except HTTPException as error:
        msg = f"the connection broke off ({type(error).__name__})"
        raise ConnectionError(msg) from error


def why(error: OSError) -> str:
    """Say in a few words what went wrong."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return (reason.strerror if isinstance(reason, OSError) else None) or " ".join(str(reason).split())


def shown(address: str) -> str:
    """Return an address without what may be a secret: its query, its user and password.

    >>> shown("https://me:secret@prices.example:8443/eurusd.csv?key=secret")
    'https://prices.example:8443/eurusd.csv'
    """
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl() if parts.scheme else address


class _Careful(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        leaves = here.hostname in _LOCAL and there.hostname not in _LOCAL
        if there.scheme != "https" and (here.scheme == "https" or leaves or there.scheme != "http"):
            refused = "a redirect to an address without https"
            raise URLError(refused)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(*, follow: bool) -> OpenerDirector:
    opener = OpenerDirector()
    handlers = [ProxyHandler(), HTTPHandler(), HTTPSHandler(), UnknownHandler()]
    if follow:
        handlers += [_Careful(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()]
    for handler in handlers:
        opener.add_handler(handler)
    return opener


def _body(response: _Response, deadline: float, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(PIECE):
        parts.append(part)
        size += len(part)
        if size > most:
            msg = f"more than {most:,} bytes"
            raise TooLarge(msg)
        if time.monotonic() > deadline:
            raise TimeoutError
    if response.length:
        msg = f"the answer broke off {response.length:,} bytes before its end"
        raise ConnectionError(msg)
    return b"".join(parts)
