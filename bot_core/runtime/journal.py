"""The founding names of the journal: what an event holds, and a file that records events."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from bot_core.errors import AuditError
from bot_core.governance import sshsig
from bot_core.journal.append import Fsync, Journal, utc_now
from bot_core.journal.chain import Link, event
from bot_core.journal.event import EVENTS, Spelled, TradingDecisionEvent, decode, spelled
from bot_core.journal.head import NAMESPACE, Statement
from bot_core.journal.rotation import Follower

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

    from bot_core.journal.recovery import Repair

__all__ = ["EVENTS", "JsonlTradingDecisionJournal", "TradingDecisionEvent", "recorded", "signer"]


class JsonlTradingDecisionJournal:
    """A journal of events in one file; several processes may record in it. See `bot_core.journal` for how.

    Args:
        path: the file. Nothing is created before the first record.
        fsync: `always`, `batch` or `os`; when a record waits for the disk.
        signing_key: signs heads: a service's private key file, or the `.pub` file of a key in the agent. Without it heads are unsigned.
        rotate_bytes: begin another file once this one has this size; by default never.
        clock: the time for heads and the journal's own events.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        fsync: Fsync = "batch",
        signing_key: Path | None = None,
        rotate_bytes: int | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.path = Path(path)
        sign = signer(signing_key, self.path.name) if signing_key else None
        self._journal = Journal(self.path, fsync=fsync, rotate_bytes=rotate_bytes, sign=sign, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def repaired(self) -> list[Repair]:
        """What this journal found torn or lost at the end of its file; each is also an event `journal_repaired`."""
        return self._journal.repaired

    def record(self, event: TradingDecisionEvent) -> Link:
        """Record an event; return its place, whose `entry` other documents name.

        Raises:
            AuditError: it is not recorded, so what it records must not happen.
        """
        return self._journal.append((spelled(event),))

    def record_all(self, events: Iterable[TradingDecisionEvent | Spelled]) -> Link:
        """Record several events in one write, all or none; return the place of the last.

        Raises:
            AuditError: none is recorded, so what they record must not happen.
        """
        return self._journal.append([each if isinstance(each, bytes) else spelled(each) for each in events])

    def export(self) -> Iterator[dict[str, str]]:
        """Yield every event of all files, oldest first, as text by name.

        Raises:
            AuditError: a line does not follow the one before it.
        """
        for _, found in recorded(self.path):
            yield found.as_dict()

    def checkpoint(self) -> Statement:
        """Write the head now: the newest place, signed if there is a key.

        Raises:
            AuditError: it could not be written.
            SigningError: the key gave no signature.
        """
        return self._journal.checkpoint()

    def rotate(self) -> None:
        """Close the file as a segment; see `checkpoint` for what is raised."""
        self._journal.rotate()

    def close(self) -> None:
        """Write the head and close the files; see `checkpoint` for what is raised."""
        self._journal.close()


def recorded(path: Path) -> Iterator[tuple[int, TradingDecisionEvent]]:
    """Yield every event of a journal with its line's number, oldest first, through all its files.

    Raises:
        AuditError: a line does not follow the one before it, or its event is none of these.
    """
    with Follower(path) as follower:
        try:
            for line in follower.lines():
                yield follower.place.sequence, decode(event(line))
        except (ValueError, msgspec.DecodeError) as error:
            msg = f"{path}: line {follower.place.sequence}: {error}"
            raise AuditError(msg, hint=f"bot-core journal verify {path}") from error


def signer(key: Path, name: str) -> Callable[[bytes], bytes]:
    """Make what signs the heads of the journal of that name with a service's key, by ssh-keygen."""

    def sign(said: bytes) -> bytes:
        with TemporaryDirectory() as folder:
            copy = Path(folder, f"{name}.head")
            copy.write_bytes(said)
            return sshsig.sign(copy, NAMESPACE, key)

    return sign
