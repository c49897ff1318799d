"""Laws of the journal: whatever is done to a file is found and named; whoever writes, however many and however killed, the chain holds."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from bot_core.journal.append import Journal
from bot_core.journal.chain import START, chained, walk
from bot_core.journal.head import tip_bytes, tip_path
from bot_core.journal.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot_core.journal.findings import Finding

LINES = 5
WRITERS, EACH = 4, 60
PREAMBLE = """
import sys
from pathlib import Path
from bot_core.journal.append import Journal
path, who = Path(sys.argv[1]), sys.argv[2]
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small closed journal of one file."""
    path = tmp_path_factory.mktemp("sound") / "small.log"
    write(path, LINES)
    return path


def write(path: Path, lines: int) -> None:
    with Journal(path, fsync="os") as journal:
        for number in range(lines):
            journal.append((json.dumps({"event_type": "decision", "n": number}).encode(),))


def found(path: Path, data: bytes) -> list[Finding]:
    path.write_bytes(data)
    return verify(path).findings


def names(findings: list[Finding], *sequences: int) -> bool:
    """Whether a finding names one of these lines."""
    return any(finding.first <= sequence <= finding.last for finding in findings for sequence in sequences)


def chains(lines: list[bytes]) -> bool:
    """Follow the chain as its format says, by other means than the code under test."""
    digest = "0" * 64
    for number, line in enumerate(lines, 1):
        said = json.loads(line)
        if (said["seq"], said["prev"]) != (number, digest):
            return False
        digest = hashlib.sha256(line).hexdigest()
    return True


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    for file in sound.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / sound.name


# --- what is done to a file ---


def test_every_change_of_a_single_byte_is_found_and_its_line_named(copy: Path) -> None:
    data, draw = copy.read_bytes(), random.Random(1)  # noqa: S311  # not for secrets
    for place in range(len(data)):
        line = data.count(b"\n", 0, place) + 1
        for byte in {ord("\n"), data[place] ^ 1, draw.randrange(256)} - {data[place]}:
            findings = found(copy, data[:place] + bytes([byte]) + data[place + 1 :])
            assert names(findings, line), (place, byte, findings)


def test_every_byte_taken_out_or_put_in_is_found_and_its_line_named(copy: Path) -> None:
    data = copy.read_bytes()
    for place in range(len(data)):
        line = data.count(b"\n", 0, place) + 1
        assert names(found(copy, data[:place] + data[place + 1 :]), line), place
        assert names(found(copy, data[:place] + b"7" + data[place:]), line, line - 1), place


def test_every_removed_run_of_lines_is_found_and_named_exactly(copy: Path) -> None:
    lines = copy.read_bytes().splitlines(keepends=True)
    for first in range(LINES):
        for last in range(first + 1, LINES + 1):
            findings = found(copy, b"".join(lines[:first] + lines[last:]))
            kind = "truncated" if last == LINES else "removed"
            assert [finding[:3] for finding in findings] == [(kind, first + 1, last)]


def test_every_truncation_is_found_and_the_lines_that_are_gone_are_named(copy: Path) -> None:
    data = copy.read_bytes()
    for size in range(len(data)):
        findings = found(copy, data[:size])
        first = data.count(b"\n", 0, size) + 1
        assert all(names(findings, sequence) for sequence in range(first, LINES + 1)), (size, findings)
        assert {finding.kind for finding in findings} == {"truncated"}, (size, findings)


def test_every_pair_of_swapped_lines_is_found_and_named(copy: Path) -> None:
    lines = copy.read_bytes().splitlines(keepends=True)
    for first, second in pairs():
        swapped = list(lines)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        findings = found(copy, b"".join(swapped))
        assert {finding.kind for finding in findings} == {"reordered"}
        assert names(findings, first + 1, second + 1)  # of the two either may be called the one that moved


def test_every_line_moved_copied_or_replaced_by_another_is_found(copy: Path) -> None:
    lines = copy.read_bytes().splitlines(keepends=True)
    for first, second in pairs():
        rest = lines[:first] + lines[first + 1 :]
        findings = found(copy, b"".join([*rest[:second], lines[first], *rest[second:]]))
        assert {finding.kind for finding in findings} == {"reordered"}
        assert names(findings, first + 1, first + 2)
        assert [finding.kind for finding in found(copy, b"".join([*lines[:second], lines[first], *lines[second:]]))] == ["inserted"]
        replaced = found(copy, b"".join([*lines[:second], lines[first], *lines[second + 1 :]]))
        assert names(replaced, second + 1)


def pairs() -> Iterator[tuple[int, int]]:
    return ((first, second) for first in range(LINES) for second in range(first + 1, LINES))


def test_a_chain_that_is_written_anew_from_any_line_on_contradicts_the_head(copy: Path) -> None:
    lines, forged = copy.read_bytes().splitlines(keepends=True), [b'{"event_type":"decision","n":99}']
    for kept in range(LINES):
        place = walk([lines[:kept]], START, {})[0]
        rest, place = chained(place, forged * (LINES - kept + 1))
        copy.write_bytes(b"".join([*lines[:kept], *rest]))
        tip_path(copy).write_bytes(tip_bytes(place))
        findings = verify(copy).findings
        assert [(finding.kind, finding.first) for finding in findings] == [("edited", LINES)]
        assert "small.log.head states" in findings[0].message


# --- who writes ---


def start(program: str, path: Path, who: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PREAMBLE + program, str(path), who])


APPENDING = """
with Journal(path, fsync="os", rotate_bytes=4000 if who.endswith("rotating") else None) as journal:
    for number in range(0, 60, 3):
        journal.append((b'{"event_type":"decision","who":"%b","n":%d}' % (who.encode(), number),))
        journal.append([b'{"event_type":"decision","who":"%b","n":%d}' % (who.encode(), number + more) for more in (1, 2)])
"""


@pytest.mark.parametrize("kind", ["", "rotating"])
def test_processes_that_append_at_once_lose_nothing_and_keep_the_chain(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    running = [start(APPENDING, path, f"{number}{kind}") for number in range(WRITERS)]
    assert [process.wait() for process in running] == [0] * WRITERS
    lines = [line for file in files(path) for line in file.read_bytes().splitlines(keepends=True)]
    assert chains(lines)
    events = [json.loads(line)["event"] for line in lines]
    for number in range(WRITERS):
        assert [event["n"] for event in events if event.get("who") == f"{number}{kind}"] == list(range(EACH))
    verdict = verify(path)
    assert (verdict.whole, verdict.place.sequence, verdict.torn) == (True, len(lines), 0)
    assert (verdict.files > 2) == bool(kind)


def files(path: Path) -> list[Path]:
    return [*sorted(path.parent.glob("shared.[0-9]*.jsonl")), *([path] if path.exists() else [])]


ENDLESS = """
journal = Journal(path, fsync="os")
number = 0
while True:
    journal.append([b'{"event_type":"decision","n":%d,"filler":"%b"}' % (number + more, b"x" * 300) for more in range(200)])
    number += 200
    print(journal._tail.place.sequence, flush=True) if number % 2000 == 0 else None
"""


def test_a_writer_that_is_killed_at_any_time_leaves_a_chain_that_the_next_one_goes_on_with(tmp_path: Path) -> None:
    path, draw = tmp_path / "killed.log", random.Random(2)  # noqa: S311  # not for secrets
    for _ in range(8):
        size = path.stat().st_size if path.exists() else 0
        running = subprocess.Popen([sys.executable, "-c", PREAMBLE + ENDLESS, str(path), ""], stdout=subprocess.DEVNULL)
        wait(lambda before=size: path.exists() and path.stat().st_size > before)  # type: ignore[misc]  # a default argument
        time.sleep(draw.random() * 0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert verify(path).whole
    write(path, 1)
    assert verify(path).whole
    assert chains(path.read_bytes().splitlines(keepends=True))


def wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until
        time.sleep(0.002)


TORN = """
import os, signal
journal = Journal(path)
journal.append((b'{"event_type":"decision","n":0}',))
whole = os.write
def half(descriptor, data):
    whole(descriptor, data[: int(who)])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = half
journal.append([b'{"event_type":"decision","n":1}', b'{"event_type":"decision","n":2}'])
"""


@pytest.mark.parametrize("written", [1, 60, 124, 125, 126, 200])
def test_a_kill_in_the_middle_of_an_append_leaves_a_torn_line_that_is_repaired_and_reported(written: int, tmp_path: Path) -> None:
    path = tmp_path / "torn.log"
    assert start(TORN, path, str(written)).wait() == -signal.SIGKILL
    lines = path.read_bytes().splitlines(keepends=True)
    before = verify(path)
    torn = b"" if lines[-1].endswith(b"\n") else lines.pop()
    assert (before.whole, before.place.sequence, before.torn) == (True, len(lines), len(torn))
    with Journal(path) as journal:
        journal.append((b'{"event_type":"decision","n":3}',))
    assert [repair[:3] for repair in journal.repaired] == ([("torn", len(lines) + 1, len(torn))] if torn else [])
    for repair in journal.repaired:
        assert (tmp_path / repair.kept).read_bytes() == torn
        assert json.loads(path.read_bytes().splitlines()[len(lines)])["event"]["metadata"] == repair._asdict()
    after = verify(path)
    assert (after.whole, after.torn) == (True, 0)
    assert chains(path.read_bytes().splitlines(keepends=True))


def test_a_child_process_does_not_share_its_parent_s_lock(tmp_path: Path) -> None:
    path = tmp_path / "forked.log"
    program = """
import os
journal = Journal(path, fsync="os")
journal.append((b'{"event_type":"decision"}',))
child = os.fork()
for number in range(300):
    journal.append((b'{"event_type":"decision"}',))
if child:
    assert os.waitpid(child, 0)[1] == 0
journal.close()
os._exit(0)
"""
    assert start(program, path, "").wait() == 0
    assert verify(path).place.sequence == 601
    assert os.path.getsize(path) == len(path.read_bytes())  # noqa: PTH202  # whole
