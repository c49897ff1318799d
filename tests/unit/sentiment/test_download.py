"""Files of a model from a hub: a real server on this machine, in its good and its bad hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.errors import AuditError, ConfigError, InputError, SnapshotError
from bot_core.sentiment.download import FILES, Hub, fill, known
from tests.full_disk import full_disk
from tests.webserver import Question, Reply, serving

if TYPE_CHECKING:
    from pathlib import Path

MODEL, COMMIT = "house/words", "0123456789abcdef0123456789abcdef01234567"
CONTENT = {"onnx/model.onnx": b"network" * 1000, "tokenizer.json": b"{}"}


def hub(address: str, **more: object) -> Hub:
    return msgspec.convert({"endpoint": address, "files": dict.fromkeys(CONTENT, ""), "timeout_s": 5.0} | more, Hub)


def answer(asked: Question) -> Reply:
    """Serve the files at the one commit."""
    place = asked.path.removeprefix(f"/{MODEL}/resolve/{COMMIT}/")
    return Reply(body=CONTENT[place]) if place in CONTENT else Reply(status=404, body=b"no such file")


class Waits(list[float]):
    """How long was waited."""

    def __call__(self, seconds: float) -> None:
        """Wait no longer than it takes to note it."""
        self.append(seconds)


def got(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_comes_from_its_address_at_the_commit(tmp_path: Path) -> None:
    with serving(answer) as server:
        fill(hub(server.address), MODEL, COMMIT, tmp_path)
    assert got(tmp_path) == CONTENT
    assert [asked.path for asked in server.asked] == [f"/house/words/resolve/{COMMIT}/{name}" for name in CONTENT]


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:12], COMMIT.upper(), ""])
def test_a_revision_that_can_move_is_refused_before_anything_is_asked(tmp_path: Path, revision: str) -> None:
    with serving(answer) as server, pytest.raises(ConfigError, match="expected a commit of 40 hex digits as its revision"):
        fill(hub(server.address), MODEL, revision, tmp_path)
    assert server.asked == []


@pytest.mark.parametrize("cut", [0, 10, 6999, -1])
def test_what_broke_off_is_asked_for_again_from_the_beginning(tmp_path: Path, cut: int) -> None:
    waits = Waits()

    def torn(asked: Question) -> Reply:
        reply = answer(asked)
        return Reply(body=reply.body, cut=cut) if len(server.asked) <= 2 else reply

    with serving(torn) as server:
        fill(hub(server.address), MODEL, COMMIT, tmp_path, waits)
    assert got(tmp_path) == CONTENT
    assert waits == [1.0, 2.0]


def test_a_hub_that_always_breaks_off_gives_nothing(tmp_path: Path) -> None:
    with serving(lambda _: Reply(body=b"1" * 1000, cut=10)) as server, pytest.raises(InputError) as refused:
        fill(hub(server.address), MODEL, COMMIT, tmp_path, Waits())
    assert refused.value.message.endswith(
        "onnx/model.onnx: expected a model's file from this address, got the answer broke off 990 bytes before its end"
    )
    assert (len(server.asked), got(tmp_path)) == (3, {})


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (401, 1), (429, 3), (503, 3)])
def test_what_may_pass_is_tried_again_and_what_will_not_is_not(tmp_path: Path, status: int, asked: int) -> None:
    with serving(lambda _: Reply(status=status)) as server, pytest.raises(InputError, match=f"got status {status}"):
        fill(hub(server.address), MODEL, COMMIT, tmp_path, Waits())
    assert len(server.asked) == asked


def test_a_hub_that_is_away_is_named(tmp_path: Path) -> None:
    with serving(answer) as server:
        pass
    with pytest.raises(InputError, match="got Connection refused"):
        fill(hub(server.address), MODEL, COMMIT, tmp_path, Waits())


def test_a_slow_hub_is_not_waited_for(tmp_path: Path) -> None:
    with serving(lambda _: Reply(after_s=30.0)) as server, pytest.raises(InputError, match="got no answer in time"):
        fill(hub(server.address, timeout_s=0.2, attempts=1), MODEL, COMMIT, tmp_path)


def test_a_file_that_is_not_the_one_it_is_known_by_is_refused(tmp_path: Path) -> None:
    named = {"onnx/model.onnx": sha256(b"another"), "tokenizer.json": ""}
    with serving(answer) as server, pytest.raises(SnapshotError, match=r"model\.onnx: expected sha256:.*, got sha256:"):
        fill(hub(server.address, files=named), MODEL, COMMIT, tmp_path)
    assert got(tmp_path) == {}
    assert known(hub(server.address, files=named)) == {"onnx/model.onnx": sha256(b"another")}


def test_more_than_allowed_is_not_taken(tmp_path: Path) -> None:
    with (
        serving(lambda _: Reply(body=b"1" * 1_000_001)) as server,
        pytest.raises(InputError, match="expected at most 1 MB, got more"),
    ):
        fill(hub(server.address, most_megabytes=1), MODEL, COMMIT, tmp_path)
    assert len(server.asked) == 1


def test_an_answer_without_a_length_could_be_a_part_of_one(tmp_path: Path) -> None:
    def endless(_: Question) -> Reply:
        return Reply(body=b"network", headers={"Content-Length": ""})

    with serving(endless) as server, pytest.raises(InputError, match="got an answer that does not say how long it is"):
        fill(hub(server.address, attempts=1), MODEL, COMMIT, tmp_path)


def test_a_redirect_is_followed_on_this_machine_and_not_to_one_without_https(tmp_path: Path) -> None:
    with serving(answer) as store:
        with serving(lambda asked: Reply(status=302, headers={"Location": store.address + asked.path})) as server:
            fill(hub(server.address), MODEL, COMMIT, tmp_path)
        assert got(tmp_path) == CONTENT
        for location in ("http://example.com/x", "ftp://127.0.0.1/x", "file:///etc/passwd"):
            with serving(lambda _, there=location: Reply(status=302, headers={"Location": there})) as server:  # type: ignore[misc]
                with pytest.raises(InputError) as refused:
                    fill(hub(server.address, attempts=1), MODEL, COMMIT, tmp_path)
                assert refused.value.message.endswith(("got a redirect to an address without https", "got status 302"))


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    with serving(answer) as server, full_disk(100), pytest.raises(AuditError, match=r"model\.onnx: expected to write 7000 bytes"):
        fill(hub(server.address), MODEL, COMMIT, tmp_path)
    assert got(tmp_path) == {}


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a//b", "", "a/./b", "a/.."])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected names inside the model's folder"):
        fill(hub("http://127.0.0.1:1", files={name: ""}), MODEL, COMMIT, tmp_path)


@pytest.mark.parametrize(
    "address", ["http://example.com", "ftp://127.0.0.1", "https://me:secret@example.com", "http://127.0.0.1.example.com"]
)
def test_an_endpoint_is_https_or_this_machine(address: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        hub(address)


def test_by_default_it_is_the_public_hub_and_the_usual_files() -> None:
    assert (Hub().endpoint, tuple(Hub().files)) == ("https://huggingface.co", FILES)
    assert known(Hub()) == {}
