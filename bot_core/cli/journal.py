"""`bot-core journal verify | show | follow | export`: what was recorded, and whether it still is."""

from __future__ import annotations

import csv
import sys
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot_core._parse import read_bytes
from bot_core.cli.gate import moment
from bot_core.cli.show import say
from bot_core.errors import ConfigError, GitError
from bot_core.governance import sshsig
from bot_core.governance.reasons import Refused
from bot_core.journal.chain import event
from bot_core.journal.findings import Finding
from bot_core.journal.rotation import Follower
from bot_core.journal.verification import Verdict, verify
from bot_core.runtime.heads import crew_here, publisher, require_key, signature_of
from bot_core.runtime.journal import TradingDecisionEvent, recorded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot_core.governance.crew import Crew
    from bot_core.journal.head import Head

EPILOG = """\
  bot-core journal verify FILE      is every line there, in order and unchanged? exit 30 names those that are not
  bot-core journal verify FILE --head <(git show origin/audit-log:audit/ai_decision/heads/ENV/FILE.head)   and is it what was published?
  bot-core journal show FILE        the newest events
  bot-core journal follow FILE      events as they come, each checked against the one before
  bot-core journal export FILE      all events of a whole journal, as text, --format json or csv

verify compares with FILE.tip, FILE.head and every --head; signatures with the policy here, or with --key.
"""
FORMATS = ("text", "json", "csv")
TAMPER = 30
POLL = 0.1
_COLUMNS = tuple(field.name for field in msgspec.structs.fields(TradingDecisionEvent))
_SHOWN = ("event", "timestamp", "environment", "portfolio", "risk_profile")
_decode = msgspec.json.Decoder(TradingDecisionEvent).decode


class _Signed(NamedTuple):
    """A head, and in words who signed it."""

    file: str
    head: Head
    key: str | None
    by: str

    def as_json(self) -> dict[str, object]:
        said = self.head.statement
        return {
            "file": self.file,
            "sequence": said.sequence,
            "hash": said.hash,
            "taken": said.taken,
            "key": self.key,
            "by": self.by,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="verify|show|follow|export", required=True)
    check = verbs.add_parser("verify", help="check every line, tip, head and signature")
    show = verbs.add_parser("show", help="print the newest events")
    follow = verbs.add_parser("follow", help="print events as they come, until interrupted")
    export = verbs.add_parser("export", help="print the events of a whole journal")
    for verb in (check, show, follow, export):
        verb.add_argument("file", type=Path, help="the journal; its segments, tip and head lie beside it")
    for verb in (check, show, export):
        verb.add_argument(
            "--head", type=Path, action="append", default=[], help="a copy of its head kept elsewhere; may be repeated"
        )
        verb.add_argument("--key", type=Path, metavar="FILE.pub", help="every head must be signed with this key")
    for verb in (show, follow):
        verb.add_argument(
            "--last", type=int, default=20 if verb is show else 0, metavar="N", help="how many (default: %(default)s)"
        )
    follow.add_argument("--seconds", type=float, help="stop after so long (default: never)")
    for verb in (show, follow, export):
        verb.add_argument("--event", action="append", help="only events of this type; may be repeated")
    export.add_argument("--since", type=moment, help="only events from this UTC time on, 2026-11-21T10:15:00Z")
    export.add_argument("--until", type=moment, help="only events before this UTC time")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the four."""
    if arguments.format == "csv" and arguments.verb != "export":
        msg = "--format: expected text or json, got csv: only export writes it"
        raise ConfigError(msg)
    if arguments.verb == "follow":
        return _follow(arguments)
    verdict = verify(arguments.file, arguments.head)
    signed, wrong = _signatures(verdict, arguments.key)
    findings = [*verdict.findings, *wrong]
    if arguments.verb == "verify":
        say(arguments, _facts(arguments.file, verdict, signed, findings), _lines(arguments.file, verdict, signed, findings))
    elif findings:
        sys.stderr.write("\n".join([*_lines(arguments.file, verdict, signed, findings), "nothing is shown of it\n"]))
    else:
        (_show if arguments.verb == "show" else _export)(arguments, _facts(arguments.file, verdict, signed, findings))
    return TAMPER if findings else 0


# --- verify ---


def _signatures(verdict: Verdict, pinned: Path | None) -> tuple[list[_Signed], list[Finding]]:
    """Say who signed each head; a signature that does not count is a finding."""
    signed: list[_Signed] = []
    wrong: list[Finding] = []
    blob = _blob(pinned) if pinned else None
    crew, note = _crew() if any(head.signature for head in verdict.heads.values()) else (None, "")
    for file, head in verdict.heads.items():
        try:
            signed.append(_signed(file, head, blob, crew, note))
        except Refused as problem:
            sequence = head.statement.sequence
            wrong.append(Finding("head", sequence, sequence, file, f"{problem.message} [{problem.code}]"))
    return signed, wrong


def _signed(file: str, head: Head, blob: bytes | None, crew: Crew | None, note: str) -> _Signed:
    found = signature_of(head, file)
    if blob is not None:
        require_key(found, blob, file)
    if found is None:
        return _Signed(file, head, None, "unsigned")
    key = sshsig.fingerprint(found.key)
    if crew is not None:
        return _Signed(file, head, key, f"signed by {publisher(head, found, crew, file)}")
    return _Signed(file, head, key, f"signed with {key}, the one that --key names" if blob else f"signed with {key}; {note}")


def _blob(file: Path) -> bytes:
    try:
        return sshsig.key_blob(read_bytes(file).decode().rstrip("\n"))
    except ValueError as error:
        msg = f"--key: {file}: {error}"
        raise ConfigError(msg, hint="name the .pub file of an Ed25519 key") from error


def _crew() -> tuple[Crew | None, str]:
    try:
        crew = crew_here()
    except GitError:
        return None, "not compared with a policy, for here is no repository with its full history"
    return crew, "there is no policy here to compare with"


def _facts(path: Path, verdict: Verdict, signed: list[_Signed], findings: list[Finding]) -> dict[str, object]:
    return {
        "journal": str(path),
        "whole": not findings,
        "lines": verdict.place.sequence,
        "hash": verdict.place.hash,
        "files": verdict.files,
        "proven": verdict.proven,
        "torn_bytes": verdict.torn,
        "heads": [each.as_json() for each in signed],
        "findings": [finding._asdict() for finding in findings],
    }


def _lines(path: Path, verdict: Verdict, signed: list[_Signed], findings: list[Finding]) -> Iterator[str]:
    sequence, digest = verdict.place
    files = "1 file" if verdict.files == 1 else f"{verdict.files} files"
    reach = f"chains as far as line {sequence}" if findings else f"{sequence} lines in {files}, whole"
    yield f"{path}: {reach}, {digest[:12]}…"
    yield from (f"  {finding.kind}: {finding.message}" for finding in findings)
    for each in signed:
        yield f"  head {each.file}: line {each.head.statement.sequence}, {each.by}"
    if not findings and sequence > verdict.proven:
        yield f"  newer than tip and heads: {sequence - verdict.proven} lines, of a write that was stopped before it ended"
    if verdict.torn:
        yield f"  torn: {verdict.torn} bytes of a line that was not finished; the next writer puts them aside and journals that"


# --- events ---


def _show(arguments: argparse.Namespace, facts: dict[str, object]) -> None:
    found = deque(_chosen(arguments), maxlen=arguments.last)
    say(arguments, {**facts, "events": [_plain(*each) for each in found]}, [_row(*each) for each in found])


def _export(arguments: argparse.Namespace, facts: dict[str, object]) -> None:
    def within(found: TradingDecisionEvent) -> bool:
        early = arguments.since is not None and found.timestamp < arguments.since
        return not early and (arguments.until is None or found.timestamp < arguments.until)

    found = ((sequence, each) for sequence, each in _chosen(arguments) if within(each))
    if arguments.format == "csv":
        _as_csv(found)
    elif arguments.format == "json":
        say(arguments, {**facts, "events": [_plain(*each) for each in found]}, ())
    else:
        for each in found:
            print(_row(*each))


def _as_csv(found: Iterator[tuple[int, TradingDecisionEvent]]) -> None:
    writer = csv.DictWriter(sys.stdout, ("sequence", *_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for sequence, each in found:
        plain = _plain(sequence, each)
        writer.writerow({**plain, "metadata": msgspec.json.encode(each.metadata).decode()})


def _chosen(arguments: argparse.Namespace) -> Iterator[tuple[int, TradingDecisionEvent]]:
    for sequence, found in recorded(arguments.file):
        if not arguments.event or found.event_type in arguments.event:
            yield sequence, found


def _plain(sequence: int, found: TradingDecisionEvent) -> dict[str, object]:
    return {"sequence": sequence, **msgspec.to_builtins(found)}


def _row(sequence: int, found: TradingDecisionEvent) -> str:
    words = found.as_dict()
    rest = " ".join(f"{name}={value}" for name, value in words.items() if name not in _SHOWN)
    desk = f"{words['environment']}/{words['portfolio']}"
    return f"{sequence:>6}  {found.timestamp:%Y-%m-%d %H:%M:%S}  {words['event']:<28} {desk}  {rest}".rstrip()


# --- follow ---


def _follow(arguments: argparse.Namespace) -> int:
    """Print what is new until the time is up; a line that does not follow the one before it ends it."""
    deadline = None if arguments.seconds is None else time.monotonic() + arguments.seconds
    with Follower(arguments.file) as follower:
        texts = partial(_texts, arguments, follower)
        try:
            for text in deque(texts(), maxlen=arguments.last):
                print(text, flush=True)
            while deadline is None or time.monotonic() < deadline:
                for text in texts():
                    print(text, flush=True)
                time.sleep(POLL)
        except (ValueError, msgspec.DecodeError) as error:
            sys.stderr.write(f"{error}\n  → bot-core journal verify {arguments.file}\n")
            return TAMPER
    return 0


def _texts(arguments: argparse.Namespace, follower: Follower) -> Iterator[str]:
    for line in follower.lines():
        found = _decode(event(line))
        if not arguments.event or found.event_type in arguments.event:
            sequence = follower.place.sequence
            yield msgspec.json.encode(_plain(sequence, found)).decode() if arguments.format == "json" else _row(sequence, found)
