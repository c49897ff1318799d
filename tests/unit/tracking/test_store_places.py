from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import TrackingError
from bot_core.tracking.store_places import Folder, open_place
from tests.bucket import MISSING, NAME, bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot_core.tracking.store_places import Place
    from tests.bucket import Bucket

NOTES = {"commit": "c" * 40, "manifest": "sha256:00"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with bucket(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(params=["folder", "dvc folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of place, empty."""
    if request.param == "s3":
        found: Bucket = request.getfixturevalue("s3")
        found.remote(tmp_path, "writer", prefix=tmp_path.name)
    elif request.param == "dvc folder":
        (tmp_path / ".dvc").mkdir()
        (tmp_path / ".dvc/config").write_text("[core]\n    remote = here\n['remote \"here\"']\n    url = ../kept\n")
    return open_place(tmp_path)


def test_what_was_kept_comes_back_byte_for_byte(place: Place) -> None:
    assert place.create("a/b/one.json", b"\x00one\n", NOTES)
    assert place.read("a/b/one.json") == b"\x00one\n"


def test_what_is_not_there_is_nothing(place: Place) -> None:
    assert place.read("a/none.json") is None
    assert place.names("a") == []


def test_an_object_is_never_replaced(place: Place) -> None:
    assert place.create("a/one.json", b"first", NOTES)
    assert not place.create("a/one.json", b"second", NOTES)
    assert place.read("a/one.json") == b"first"


def test_names_are_those_below_a_folder_in_order(place: Place) -> None:
    for name in ("a/two", "a/deep/one", "ab/three"):
        assert place.create(name, b"x", NOTES)
    assert place.names("a") == ["a/deep/one", "a/two"]


def test_what_is_removed_is_gone_and_its_name_is_free(place: Place) -> None:
    assert place.create("probe", b"x", NOTES)
    place.remove("probe")
    assert place.read("probe") is None
    assert place.create("probe", b"y", NOTES)


def test_of_many_writers_one_wins_and_the_others_are_told(place: Place) -> None:
    won: list[bytes] = []
    start = threading.Barrier(6)

    def write(number: int) -> None:
        data = b"%d" % number * 50_000
        start.wait()
        if place.create("a/raced", data, NOTES):
            won.append(data)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 if isinstance(place, Folder) else won  # the server of the test looks and writes in two steps
    assert place.read("a/raced") in won


def test_s3_keeps_the_notes_as_metadata(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, "writer", prefix="noted")
    assert open_place(tmp_path).create("a/one", b"x", NOTES)
    assert s3.client().head_object(Bucket=NAME, Key="noted/a/one")["Metadata"] == NOTES


def test_wrong_keys_are_one_sentence(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, ("AKIANOBODY", "wrong"))
    with pytest.raises(TrackingError, match=rf"^s3://{NAME}/models: expected a store that answers, got: [^\n]*$") as caught:
        open_place(tmp_path).read("a")
    assert "dvc remote modify --local" in caught.value.hint


def test_a_wrong_secret_is_refused(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, (s3.keys["writer"][0], "wrong"))
    with pytest.raises(TrackingError, match="expected a store that answers"):
        open_place(tmp_path).create("a", b"x", NOTES)


def test_who_may_only_read_cannot_write(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, "reader")
    with pytest.raises(TrackingError, match="expected a store that answers"):
        open_place(tmp_path).create("a/mine", b"x", NOTES)
    assert open_place(tmp_path).read("a/mine") is None


def test_a_bucket_that_is_not_there_is_no_missing_object(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, "writer", name=MISSING)
    with pytest.raises(TrackingError, match=rf"^s3://{MISSING}/models: expected .* got: The specified bucket does not exist"):
        open_place(tmp_path).read("a")


def test_a_server_that_is_away_is_said_soon(s3: Bucket, tmp_path: Path) -> None:
    s3.remote(tmp_path, "writer")
    config = (tmp_path / ".dvc/config").read_text()
    (tmp_path / ".dvc/config").write_text(config.replace(s3.endpoint, "http://127.0.0.1:9"))
    with pytest.raises(TrackingError, match=r"expected a store that answers, got: .*127\.0\.0\.1:9"):
        open_place(tmp_path).read("a")


def test_a_remote_that_nobody_declared_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("['remote \"here\"']\n    url = ../kept\n")
    with pytest.raises(TrackingError, match=r"^remote: expected one of here; got there "):
        open_place(tmp_path, "there")
    assert open_place(tmp_path, "here") == Folder(tmp_path / "kept")


def test_a_place_whose_package_is_missing_names_the_package(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    remote = far\n['remote \"far\"']\n    url = gs://quant/models\n")
    with pytest.raises(TrackingError, match=r"^gs://quant/models: expected the package that speaks to it, got: ") as caught:
        open_place(tmp_path)
    assert caught.value.hint == "pip install dvc-gs"


@pytest.mark.parametrize(("package", "extra"), [("dvc_s3", "s3"), ("dvc", "train")])
def test_without_an_extra_it_is_named(package: str, extra: str, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    remote = far\n['remote \"far\"']\n    url = s3://quant/models\n")
    script = (
        f"import sys; sys.modules[{package!r}] = None\n"  # as where it is not installed
        "from pathlib import Path\nfrom bot_core.cli.boundary import outcome\nfrom bot_core.tracking.store_places import open_place\n"
        f"sys.exit(outcome(open_place, Path({str(tmp_path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"  → pip install 'bot-core[{extra}]'")


def test_a_damaged_configuration_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core\n")
    with pytest.raises(TrackingError, match="expected DVC's configuration, got: "):
        open_place(tmp_path)


def test_without_a_default_remote_it_is_a_folder_here(tmp_path: Path) -> None:
    assert open_place(tmp_path) == Folder(tmp_path / "var/store")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    analytics = false\n")
    assert open_place(tmp_path) == Folder(tmp_path / "var/store")
    assert not (tmp_path / "var").exists()


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(TrackingError, match="kept: expected a store that answers, got"):
        Folder(tmp_path / "kept").create("a/b", b"x", NOTES)


def test_a_writer_that_was_killed_leaves_no_object(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".one.0123456789abcdef.part").write_bytes(b"half")
    assert Folder(tmp_path).names("a") == []
    assert Folder(tmp_path).create("a/one", b"whole", NOTES)
    assert Folder(tmp_path).read("a/one") == b"whole"


def test_opening_a_folder_loads_nothing_of_s3() -> None:
    found = "[name for name in ('dvc', 'boto3', 's3fs') if name in sys.modules]"
    script = f"import sys; from bot_core.tracking import store, store_places; print({found})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
