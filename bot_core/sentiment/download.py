"""Fetch a model's files from a hub, at one commit, each as `{endpoint}/{organisation}/{name}/resolve/{revision}/{file}`.

Only https is asked and followed; plain http is for this machine alone. A file counts when all of it came: as long as the hub
said, and with the digest it is known by, if it is known. What broke off is asked for again from its beginning.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote
from urllib.request import Request

import msgspec
from msgspec import Meta

from bot_core._digest import sha256
from bot_core._parse import write_bytes
from bot_core.config.models import Group, Positive
from bot_core.data import web
from bot_core.errors import ConfigError, InputError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HUB = "https://huggingface.co"
FILES = ("onnx/model_quantized.onnx", "tokenizer.json", "config.json")
"""What a hub usually calls an exported network with int8 weights, its tokenizer, and the names of what it tells apart."""
MEGABYTE = 1_000_000
GOOD, TOO_MANY, SERVER_FAULTS = 200, 429, 500
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DOWN = "nothing was recorded; try again when the hub answers, or copy a verified cache from another machine"


class Hub(Group, frozen=True, kw_only=True):
    """Where models come from, which files of one, and how much of them at most; a file's digest where it is known, else empty."""

    endpoint: Annotated[str, Meta(pattern=r"^(https://[^\s/@?#]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?)(/[^\s@?#]*)?$")] = HUB
    files: dict[str, str] = msgspec.field(default_factory=lambda: dict.fromkeys(FILES, ""))
    most_megabytes: Annotated[int, Meta(ge=1)] = 1000
    timeout_s: Positive = 600.0
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3


def known(hub: Hub) -> dict[str, str]:
    """Return the digests that are known beforehand, by file name."""
    return {name: digest for name, digest in hub.files.items() if digest}


def fill(hub: Hub, model: str, revision: str, folder: Path, wait: Callable[[float], None] = time.sleep) -> None:
    """Write every file of a model into a folder.

    Args:
        hub: where from.
        model: organisation/name.
        revision: the commit, 40 hex digits: a branch would be something else tomorrow.
        folder: empty.
        wait: called with seconds between two attempts.

    Raises:
        ConfigError: the revision is no commit, or a file's name leaves the folder.
        InputError: the hub does not answer, breaks off, has no such file, or sends more than allowed.
        SnapshotError: a file is not the one it is known by.
        AuditError: it could not be written.
    """
    if not _COMMIT.fullmatch(revision):
        msg = f"{model}: expected a commit of 40 hex digits as its revision, got {revision!r}"
        raise ConfigError(msg, hint="the hub shows it beside the files; a branch or a tag can move")
    for name, digest in hub.files.items():
        _require_inside(name)
        address = f"{hub.endpoint.rstrip('/')}/{model}/resolve/{revision}/{quote(name)}"
        data = _download(hub, address, wait)
        if digest and (got := sha256(data)) != digest:
            msg = f"{address}: expected {digest}, got {got}"
            raise SnapshotError(msg, hint="nothing was recorded; ask who serves it, or correct the digest in the settings")
        write_bytes(folder / name, data, sync=True)


def _require_inside(name: str) -> None:
    if not name or any(part in {"", ".", ".."} for part in name.split("/")):
        msg = f"files: expected names inside the model's folder, got {name!r}"
        raise ConfigError(msg)


def _download(hub: Hub, address: str, wait: Callable[[float], None]) -> bytes:
    problem = "nothing"
    for attempt in range(hub.attempts):
        if attempt:
            wait(2.0 ** (attempt - 1))
        try:
            answer = _asked(hub, address)
        except OSError as error:
            problem = web.why(error)
            continue
        if answer.status == GOOD:
            return answer.body
        problem = f"status {answer.status}"
        if answer.status != TOO_MANY and answer.status < SERVER_FAULTS:
            break
    msg = f"{address}: expected a model's file from this address, got {problem}"
    raise InputError(msg, hint=_DOWN)


def _asked(hub: Hub, address: str) -> web.Answer:
    """Ask once; a good answer says how long it is, or comes in chunks, whose end is marked."""
    request = Request(address, headers={"User-Agent": "bot-core"})  # noqa: S310  # https, or this machine: the settings' pattern
    try:
        answer = web.ask(request, timeout_s=hub.timeout_s, most=hub.most_megabytes * MEGABYTE, follow=True)
    except web.TooLarge as error:
        msg = f"{address}: expected at most {hub.most_megabytes} MB, got more"
        raise InputError(msg, hint="see whether that is the right file, then raise most_megabytes") from error
    said = answer.headers.get("Content-Length", "").isdecimal() or "Transfer-Encoding" in answer.headers
    if answer.status == GOOD and not said:
        msg = "an answer that does not say how long it is"
        raise ConnectionError(msg)
    return answer
