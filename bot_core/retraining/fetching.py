"""Get what a source holds now: a file, or an address that is asked several times before it counts as down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import Request

from bot_core.data import web
from bot_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.config.update import Update

MEGABYTE = 1_000_000
OK, TOO_MANY, SERVER_FAULTS = 200, 429, 500
_DOWN = "nothing was changed; ask who runs the source, and start the run again when it answers"


def fetch(update: Update, home: Path, wait: Callable[[float], None]) -> bytes:
    """Return the bytes of a source.

    Args:
        update: where they come from, and the bounds.
        home: the folder that a relative path starts from.
        wait: called with seconds between two attempts.

    Raises:
        InputError: it is down, has no such file, or holds more than allowed.
        ConfigError: the address is no http(s) one.
    """
    if "://" not in update.source:
        return _read(update, home / update.source)
    _require_address(update.source)
    return _download(update, wait)


def _require_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        known = parts.scheme in {"http", "https"} and parts.hostname is not None and parts.port != 0 and parts.username is None
    except ValueError:  # a port that is no number, a bracket that is not closed
        known = False
    if not known:
        msg = f"data.update.from: expected a path, or an address of http or https without a user; got {address.partition('://')[0]}://…"
        raise ConfigError(msg, hint="fetch such a source to a file first, and name the file")


def _read(update: Update, path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(update.most_megabytes * MEGABYTE + 1)
    except OSError as error:
        msg = f"{path}: expected newer rows in this file, got {error.strerror or error}"
        raise InputError(msg, hint=_DOWN) from error
    if len(data) > update.most_megabytes * MEGABYTE:
        raise _too_large(update)
    return data


def _download(update: Update, wait: Callable[[float], None]) -> bytes:
    place, problem = web.shown(update.source), "nothing"
    for attempt in range(update.attempts):
        if attempt:
            wait(2.0 ** (attempt - 1))
        try:
            answer = web.ask(
                Request(update.source, headers={"User-Agent": "bot-core"}),  # noqa: S310  # http or https: the caller has looked
                timeout_s=update.timeout_s,
                most=update.most_megabytes * MEGABYTE,
                follow=True,
            )
        except web.TooLarge as error:
            raise _too_large(update) from error
        except OSError as error:
            problem = web.why(error)
            continue
        if answer.status == OK:
            return answer.body
        problem = f"status {answer.status}"
        if answer.status != TOO_MANY and answer.status < SERVER_FAULTS:
            break
    msg = f"{place}: expected newer rows from this address, got {problem}"
    raise InputError(msg, hint=_DOWN)


def _too_large(update: Update) -> InputError:
    msg = f"{web.shown(update.source)}: expected at most {update.most_megabytes} MB, got more"
    return InputError(msg, hint="see whether that is the right file, then raise data.update.most_megabytes")
