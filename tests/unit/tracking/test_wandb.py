"""The real library, offline, and online against an address where nobody answers; a server of W&B's is not among what can be run here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot_core.config.tracking import WandbTracking
from bot_core.errors import TrackingError
from bot_core.tracking.port import tell
from bot_core.tracking.wandb import WandbTracker
from tests.tracked import CONTENT, FILE, tracked

pytestmark = pytest.mark.xdist_group("wandb")

OFFLINE, ONLINE = WandbTracking(project="p", mode="offline"), WandbTracking(project="p", timeout_s=3)
WRITE = """\
import sys
from pathlib import Path
from bot_core.config.tracking import WandbTracking
from bot_core.tracking.wandb import WandbTracker
from tests.tracked import METRICS, PARAMS, tracked
begun = WandbTracker(WandbTracking(project="p", mode="offline"), Path(sys.argv[1]), {}).start(tracked(int(sys.argv[2])))
begun.params(PARAMS)
begun.metrics(METRICS)
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _nobody_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home/.netrc"))


def folders(root: Path) -> list[Path]:
    """List the runs that lie here for `wandb sync`."""
    return sorted((root / "var/tracking/wandb").glob("offline-run-*"))


def test_offline_a_run_is_a_folder_with_everything_in_it(tmp_path: Path) -> None:
    run = tracked(1, tmp_path)
    told = tell(WandbTracker(OFFLINE, tmp_path, {}), run, [(FILE, tmp_path / FILE)])
    (folder,) = folders(tmp_path)
    assert (told.state, told.where) == ("delivered", f"{folder.relative_to(tmp_path)}, sent by wandb sync")
    assert (folder / "files" / FILE).read_bytes() == CONTENT
    written = (folder / f"run-{run.id}.wandb").read_bytes()
    assert all(
        text in written for text in (b"model.family", b"fold/1/auc", b"11.9557", run.origin.data.encode(), b"bot_core.commit")
    )


def test_offline_a_run_is_written_once(tmp_path: Path) -> None:
    tracker, run = WandbTracker(OFFLINE, tmp_path, {}), tracked(2, tmp_path)
    assert tell(tracker, run, []).state == "delivered"
    (folder,) = folders(tmp_path)
    again = tell(tracker, run, [])
    assert (again.state, again.where) == ("already", f"{folder.relative_to(tmp_path)}, sent by wandb sync")
    assert folders(tmp_path) == [folder]


def test_offline_what_a_killed_process_left_is_written_anew(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if "WANDB_SERVICE" not in name}  # it shall have its own
    environment = kept | {"PYTHONPATH": str(Path.cwd())}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITE, str(tmp_path), "3"]
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    (torn,) = folders(tmp_path)
    time.sleep(1.1)  # W&B names a folder by the second
    assert tell(WandbTracker(OFFLINE, tmp_path, {}), tracked(3), []).state == "delivered"
    (whole,) = folders(tmp_path)
    assert whole != torn


def test_the_environment_may_say_offline(tmp_path: Path) -> None:
    assert WandbTracker(ONLINE, tmp_path, {"WANDB_MODE": "offline"}).check() == "offline: var/tracking/wandb, sent by wandb sync"
    assert not (tmp_path / "var").exists()


def test_who_is_not_logged_in_is_told_how(tmp_path: Path) -> None:
    tracker = WandbTracker(ONLINE, tmp_path, {})
    for ask in (tracker.check, lambda: tracker.start(tracked(5))):
        with pytest.raises(TrackingError, match="wandb: expected to be logged in, got No API key configured") as caught:
            ask()
        assert caught.value.hint == "wandb login, or set WANDB_API_KEY; WANDB_MODE=offline needs neither"


def test_an_address_where_nobody_answers_is_given_up_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    began = time.monotonic()
    with pytest.raises(TrackingError, match="wandb: expected ") as caught:
        WandbTracker(ONLINE, tmp_path, {}).start(tracked(6))
    assert time.monotonic() - began < 30
    assert caught.value.hint.startswith("WANDB_MODE=offline")


def test_a_file_that_cannot_be_copied_is_for_another_time(tmp_path: Path) -> None:
    run = tracked(7, tmp_path)
    with pytest.raises(TrackingError, match=r"wandb: expected W&B to answer, got .*No such file"):
        tell(WandbTracker(OFFLINE, tmp_path, {}), run, [(FILE, tmp_path / "gone")])
    time.sleep(1.1)  # as above
    assert tell(WandbTracker(OFFLINE, tmp_path, {}), run, [(FILE, tmp_path / FILE)]).state == "delivered"
    assert len(folders(tmp_path)) == 1
    shutil.rmtree(folders(tmp_path)[0])
