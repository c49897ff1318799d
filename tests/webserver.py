"""A real HTTP server on this machine: each question is answered by a function of the test, in a thread, and remembered."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Question:
    """What a client asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    """What the server says. `cut`: so many bytes of the body, then it hangs up; -1: it hangs up at once. `after_s`: not before then."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    after_s: float = 0.0


@dataclass
class Server:
    """Its address, and what it was asked."""

    address: str
    asked: list[Question] = field(default_factory=list)


@contextlib.contextmanager
def serving(answer: Callable[[Question], Reply]) -> Iterator[Server]:
    """Answer on a free port of 127.0.0.1 until the block ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            asked = Question(self.command, self.path, dict(self.headers), self.rfile.read(size))
            server.asked.append(asked)
            reply = answer(asked)
            over.wait(reply.after_s)
            with contextlib.suppress(ConnectionError):  # the client may have gone
                self._say(reply)

        do_GET = do_POST = do_PATCH = do_PUT = _any  # noqa: N815  # the names http.server looks for

        def _say(self, reply: Reply) -> None:
            if reply.cut == -1:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        over.set()
        http.shutdown()
        thread.join()
        http.server_close()
