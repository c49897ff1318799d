"""A real MLflow server on this machine: SQLite and a folder behind it, a port that stays; it can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.webserver import Question, Reply, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 120.0


@dataclass
class MlflowServer:
    """Its folder and port; `process` while it runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{self.folder / 'runs.db'}"]
        command += ["--artifacts-destination", str(self.folder / "files"), "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", "1"], env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert time.monotonic() < until, (self.folder / "server.log").read_text()
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether it does."""
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=5):  # noqa: S310  # our own
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """Take it away at once, with all its processes."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def forward(self, asked: Question) -> Reply:
        """Answer as the server does."""
        headers = {name: value for name, value in asked.headers.items() if name.lower() in {"content-type", "authorization"}}
        request = urllib.request.Request(f"{self.address}{asked.path}", asked.body or None, headers, method=asked.method)  # noqa: S310  # our own
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # our own
                return Reply(answer.status, answer.read(), {"Content-Type": answer.headers["Content-Type"]})
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read(), {"Content-Type": error.headers["Content-Type"]})


@contextlib.contextmanager
def mlflow_server(folder: Path) -> Iterator[MlflowServer]:
    """Run one until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = MlflowServer(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def through(server: MlflowServer, at: Callable[[Question, int], Reply | None]) -> Iterator[Server]:
    """Stand before a server: `at` is told of each question and its number, and answers in the server's place or lets it through."""
    count = 0

    def answer(asked: Question) -> Reply:
        nonlocal count
        count += 1
        return at(asked, count) or server.forward(asked)

    with serving(answer) as front:
        yield front
