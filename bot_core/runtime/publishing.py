"""What a running environment publishes of itself, as one commit on a branch that only grows.

For each release that stands in the environment an extract of the scheduler's state and one of the journal, signed by the service; the
journal's signed head; reports that came after a release, signed where nobody has; and a page for people. What the branch holds already is
not published again. A head never goes back: a journal that ends before the published one, or has other lines, is refused. What is counted
and shown is what the published head covers.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from bot_core.errors import GitError
from bot_core.governance import branches, layout, sshsig
from bot_core.governance.reading import check
from bot_core.governance.reasons import Refused
from bot_core.journal.append import Journal
from bot_core.journal.head import head_path, read_head
from bot_core.journal.verification import verify
from bot_core.runtime.heads import publisher, signature_of
from bot_core.runtime.journal import signer
from bot_core.runtime.press import AUDIT, Press
from bot_core.runtime.showing import reports, shown
from bot_core.runtime.tally import placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot_core.governance.crew import Crew
    from bot_core.governance.desk import Desk
    from bot_core.governance.snapshot import Snapshot
    from bot_core.governance.writing import Files
    from bot_core.journal.event import TradingDecisionEvent
    from bot_core.journal.head import Head, Statement
    from bot_core.runtime.press import Wish

    Render = Callable[[str, str, Statement, Iterable[TradingDecisionEvent]], str]

PAGE, HEADS = f"{AUDIT}/decision_journal.md", f"{AUDIT}/heads"
TRIES = 5
_HEAD = layout.Signable("head")


class Published(NamedTuple):
    """The commit, or nothing where nothing was new; its files; and what could not be said, with why."""

    commit: str | None
    files: tuple[str, ...]
    notes: tuple[str, ...]


def publish(desk: Desk, view: Snapshot, wish: Wish, render: Render) -> Published:
    """Publish what is new.

    Args:
        desk: the repository and the time.
        view: the commit that says what stands in the environment.
        wish: what is to be published.
        render: makes the page of the page before, the environment, its journal's head and events.

    Raises:
        Refused: the signer is no service that may publish, or the key not its own; ANCESTRY: the journal is not what was published;
            ADD-ONLY: a published report was changed.
        InputError: there is no journal.
        DocumentError: the scheduler's state or a report cannot be read.
        AuditError: the journal cannot be written, or has other events.
        GitError: it was not pushed; nothing was published.
    """
    press = Press.of(desk, view, wish)
    for _ in range(TRIES):
        tip = branches.fetched(desk.git, wish.remote, wish.branch)
        files, notes = _files(press, tip, render)
        new = {path: data for path, data in files.items() if press.held(tip, path) != data}
        _require_growing(press, tip, new)
        if not new:
            return Published(None, (), notes)
        commit = branches.commit(desk.git, tip, new, f"Publish from {wish.environment}", wish.signer)
        if branches.moved(desk.git, wish.remote, wish.branch, tip, commit):
            return Published(commit, tuple(sorted(new)), notes)
    msg = f"{wish.branch}: expected to push to {wish.remote}, got somebody faster {TRIES} times"
    raise GitError(msg, hint="nothing was published; run the same command again")


def _files(press: Press, tip: str | None, render: Render) -> tuple[Files, tuple[str, ...]]:
    """Make everything that is to be on the branch."""
    journal, environment = press.wish.journal, press.wish.environment
    where = f"{HEADS}/{environment}/{head_path(journal).name}"
    head = _head(press, where, press.held(tip, where))
    extracts, notes = shown(press, tip, head.statement.sequence)
    events = (event for _, event in placed(journal, head.statement.sequence))
    before = (press.held(tip, PAGE) or b"").decode(errors="replace")
    page = render(before, environment, head.statement, events).encode()
    return {where: head.said + head.signature, **extracts, **reports(press, tip), PAGE: page}, notes


def _require_growing(press: Press, tip: str | None, new: Files) -> None:
    for path in new:
        if layout.classify(path) == "add_only" and press.held(tip, path) is not None:
            message = f"{path}: expected a new file, got another one than {press.wish.branch} holds"
            raise Refused(
                code="ADD-ONLY", path=path, message=message, hint="what is published never changes; publish under a new time"
            )


# --- the head ---


def _head(press: Press, where: str, published: bytes | None) -> Head:
    """Return the head to publish: the published one while nothing was added since, else one taken now."""
    journal = press.wish.journal
    with TemporaryDirectory() as folder:
        copy = Path(folder, head_path(journal).name)
        copy.write_bytes(published or b"")
        before = read_head(copy) if published is not None else None
        found = verify(journal, [copy] if before else [])
    if before is not None and before.statement.sequence > found.place.sequence:
        expected = f"line {before.statement.sequence} and more, as published {before.statement.taken:%Y-%m-%dT%H:%M:%SZ}"
        raise _not_published(journal, where, f"{journal}: expected {expected}, got {found.place.sequence} lines")
    if not found.whole:
        raise _not_published(journal, where, f"{journal}: {found.findings[0].message}")
    if before is not None and before.statement.sequence == found.place.sequence and _counts(before, press.crew, where):
        return before
    return _taken(press, where)


def _taken(press: Press, where: str) -> Head:
    """Take a head; with a key that is not the service's none is written."""
    wish, now = press.wish, press.desk.now
    sign = signer(wish.key, wish.journal.name)

    def proven(said: bytes) -> bytes:
        armored = sign(said)
        press.crew.key_of(wish.signer, check(said, armored, where, _HEAD, wish.signer, sshsig.verify), now, where)
        return armored

    with Journal(wish.journal, sign=proven, clock=lambda: now) as journal:
        journal.checkpoint()
    head = read_head(head_path(wish.journal))
    assert head is not None  # noqa: S101  # it was just written
    _require_proven(head, press.crew, str(head_path(wish.journal)))  # another process may have taken one since
    return head


def _require_proven(head: Head, crew: Crew, where: str) -> None:
    signature = signature_of(head, where)
    if signature is None:
        message = f"{where}: expected a signed head, got an unsigned one"
        raise Refused(code="SIG-BAD", path=where, message=message, hint="publish again")
    publisher(head, signature, crew, where)


def _counts(head: Head, crew: Crew, where: str) -> bool:
    """Say whether a published head still counts; one whose key was replaced is taken anew."""
    try:
        _require_proven(head, crew, where)
    except Refused:
        return False
    return True


def _not_published(journal: Path, where: str, message: str) -> Refused:
    hint = f"bot-core journal verify {journal} --head FILE, with the published {where}"
    return Refused(code="ANCESTRY", path=where, message=message, hint=hint)
