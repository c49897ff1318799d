"""A folder of released models, and one of them ready to be asked."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import multiprocessing
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.ai.inference import DecisionModelInference, ModelRepository
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import GoldenVector, ModelArtifact
from bot_core.documents.runtime import Servable
from bot_core.errors import AuditError, BotCoreError, DocumentError, GitError, PredictorError, ReleaseError
from tests.attacks.acts import revoke
from tests.evidence import artifact
from tests.world import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
VERSION = "20261101T080000Z-aa17c02e"
DAY = dt.timedelta(days=1)


def whole() -> ModelArtifact:
    """Make an artifact whose golden outputs are those it gives: sums of these are exact."""
    plain = artifact(MODEL, VERSION, NOW - DAY)
    rows = [[2.0, 4.0], [0.5, -8.0]]
    predictor = Predictor(lambda row: 0.5 + 0.25 * row[0] - 0.125 * row[1], plain.calibration)
    scored = [(row, predictor.predict(row)) for row in rows]
    golden = [GoldenVector(features=row, prediction=y, probability=predictor.probability(y)) for row, y in scored]
    return replace(plain, golden=golden)


WHOLE = whole()
DATA = encode_json(WHOLE)
RECORD = Servable(
    model=MODEL,
    version=VERSION,
    release=sha256(b"r"),
    artifact=sha256(DATA),
    domain=sha256(b"d"),
    rollout=100,
    commit="a" * 40,
    expires=NOW + DAY,
)


# --- the folder ---


@pytest.fixture
def desk(world: Callable[[Stage], World], monkeypatch: pytest.MonkeyPatch) -> World:
    desk = world("paper")
    monkeypatch.chdir(desk.path)
    return desk


@pytest.fixture
def repository(desk: World) -> ModelRepository:
    return ModelRepository((desk.path / f"models/{MODEL}").relative_to(Path.cwd()))


def test_a_model_is_found_by_version_by_name_and_by_path(desk: World, repository: ModelRepository) -> None:
    path = f"models/{MODEL}/{desk.version}.json"
    names = (desk.version, f"{desk.version}.json", path, Path(path), desk.path / path)
    assert {repository.find(name).resolve() for name in names} == {desk.path / path}
    assert all(repository.load(name).metadata.version == desk.version for name in names)


def test_a_copy_is_loaded_by_what_it_holds(desk: World, repository: ModelRepository) -> None:
    shutil.copy(repository.find(desk.version), repository.base_path / "rollback_target.json")
    assert repository.load(f"models/{MODEL}/rollback_target.json").metadata.version == desk.version
    assert repository.versions() == [desk.version]


@pytest.mark.parametrize("where", ["outside", "above", "link", "folder", "nothing"])
def test_a_file_that_does_not_lie_in_the_folder_is_none_of_its_models(
    desk: World, repository: ModelRepository, tmp_path: Path, where: str
) -> None:
    outside = tmp_path / f"{desk.version}.json"
    shutil.copy(repository.find(desk.version), outside)
    (repository.base_path / "folder").mkdir()
    (repository.base_path / "link.json").symlink_to(outside)
    names: dict[str, Path | str] = {
        "outside": outside,
        "above": f"../{MODEL}.json",
        "link": "link.json",
        "folder": "folder",
        "nothing": "nothing",
    }
    shutil.copy(outside, desk.path / f"models/{MODEL}.json")
    with pytest.raises(DocumentError, match="got no such model in this folder") as caught:
        repository.load(names[where])
    assert desk.version in caught.value.hint


def test_bytes_that_no_manifest_names_are_no_release(desk: World, repository: ModelRepository) -> None:
    path = repository.base_path / f"{desk.version}.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ReleaseError, match="expected a model that a manifest beside it names, got sha256:"):
        repository.load(desk.version)


@pytest.mark.parametrize("data", [b"", b"{}", b"junk", b"\x80\x04\x95"])
def test_what_is_no_whole_artifact_is_not_loaded(repository: ModelRepository, data: bytes) -> None:
    (repository.base_path / "other.json").write_bytes(data)
    with pytest.raises(DocumentError):
        repository.load("other")


def test_versions_are_in_order_of_time_and_nothing_else_is_one(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "m")
    assert repository.versions() == []
    assert not repository.base_path.exists()
    names = ["20261102T080000Z-00000000", "20261101T080000Z-ffffffff", "20251231T235959Z-aaaaaaaa"]
    repository.base_path.mkdir()
    for name in (*names, "manifest", "rollback_target", "20261101T080000Z", "latest"):
        (repository.base_path / f"{name}.json").write_bytes(b"{}")
    assert repository.versions() == sorted(names)


def test_the_last_signed_is_the_newest_that_everybody_approved(desk: World, repository: ModelRepository) -> None:
    assert repository.last_signed() == Path(f"models/{MODEL}/{desk.version}.json")
    desk.shift = DAY
    desk.release()
    assert len(repository.versions()) == 2
    assert repository.last_signed() == Path(f"models/{MODEL}/{desk.version}.json")
    revoke(desk)
    assert repository.last_signed() is None


def test_outside_a_repository_nobody_knows_what_is_signed(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "m")
    repository.save(WHOLE)
    with contextlib.chdir(tmp_path), pytest.raises(GitError):
        repository.last_signed()


# --- adding a version ---


def test_what_is_saved_is_there_once(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "m")
    path = repository.save(WHOLE)
    assert (path.name, path.read_bytes()) == (f"{VERSION}.json", DATA)
    assert repository.save(WHOLE) == path
    with pytest.raises(ReleaseError, match="got one that holds something else"):
        repository.save(replace(WHOLE, training_rows=1))
    assert path.read_bytes() == DATA
    assert list(repository.base_path.iterdir()) == [path]


def test_what_a_killed_writer_left_never_changes_a_release(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "m")
    path = repository.save(WHOLE)
    os.link(path, path.with_name(f".{path.name}.{os.getpid()}.part"))
    with pytest.raises(ReleaseError):
        repository.save(replace(WHOLE, training_rows=1))
    assert path.read_bytes() == DATA


def keep(root: Path, rows: int) -> None:
    with contextlib.suppress(ReleaseError):
        ModelRepository(root).save(replace(WHOLE, training_rows=rows))


@pytest.mark.parametrize("others", [(1000, 1000), (1, 2)])
def test_two_processes_at_once_leave_one_whole_file(tmp_path: Path, others: tuple[int, int]) -> None:
    context = multiprocessing.get_context("fork")
    spawned = [context.Process(target=keep, args=(tmp_path / "m", rows)) for rows in others * 3]
    for process in spawned:
        process.start()
    for process in spawned:
        process.join(30)
    assert [process.exitcode for process in spawned] == [0] * 6
    (path,) = (tmp_path / "m").iterdir()
    assert decode_json(path.read_bytes(), ModelArtifact, "it").training_rows in others


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditError, match="got Not a directory"):
        ModelRepository(tmp_path / "file/m").save(WHOLE)


# --- one that can be asked ---


def asked(
    data: bytes | None = DATA, record: Servable | None = RECORD, now: dt.datetime = NOW, **more: object
) -> DecisionModelInference:
    return DecisionModelInference(data, record, clock=lambda: now, **more)  # type: ignore[arg-type]  # max_age


def test_it_is_ready_when_everything_holds() -> None:
    model = asked()
    assert (model.is_ready, model.problem) == (True, None)
    assert list(model.feature_names) == WHOLE.feature_names
    golden = WHOLE.golden[0]
    score = model.score(dict(zip(model.feature_names, golden.features, strict=True)))
    assert score.success_probability == golden.probability


OTHER = encode_json(replace(WHOLE, training_rows=1))
WRONG = encode_json(replace(WHOLE, golden=[replace(golden, prediction=golden.prediction + 1e-12) for golden in WHOLE.golden]))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"data": None}, "expected an artifact and its approval, got none"),
        ({"record": None}, "expected an artifact and its approval, got none"),
        ({"data": OTHER}, "expected the approved bytes"),
        ({"data": b"{}", "record": replace(RECORD, artifact=sha256(b"{}"))}, "expected a value, got nothing"),
        ({"data": b"junk", "record": replace(RECORD, artifact=sha256(b"junk"))}, "expected JSON"),
        ({"data": WRONG, "record": replace(RECORD, artifact=sha256(WRONG))}, "golden"),
        ({"now": NOW + DAY}, None),
        ({"record": replace(RECORD, expires=None), "now": NOW + 400 * DAY}, None),
        ({"max_age": DAY}, None),
    ],
)
def test_whatever_is_missing_it_is_not_ready(facts: dict[str, object], problem: str | None) -> None:
    model = asked(**facts)  # type: ignore[arg-type]
    assert not model.is_ready
    if problem is None:
        assert model.problem is None
        return
    assert problem in str(model.problem)
    with pytest.raises(BotCoreError) as caught:
        model.score({})
    assert caught.value is model.problem


def test_it_ends_by_the_clock_and_nothing_else_need_happen() -> None:
    times = iter([NOW, NOW + DAY - dt.timedelta(microseconds=1), NOW + DAY])
    model = DecisionModelInference(DATA, RECORD, clock=lambda: next(times))
    assert [model.is_ready for _ in range(3)] == [True, True, False]


def test_a_missing_feature_is_named() -> None:
    with pytest.raises(PredictorError, match="features: expected range_24, got none") as caught:
        asked().score({"range_1": 1.0})
    assert caught.value.hint == "the model reads range_1, range_24"


def test_a_missing_value_stays_one() -> None:
    assert math.isnan(asked().score({"range_1": math.nan, "range_24": 1.0}).success_probability)


def test_the_order_of_features_does_not_matter_and_others_are_left_alone() -> None:
    model = asked()
    plain = {"range_1": 2.0, "range_24": 3.0}
    assert model.score(plain) == model.score(dict(reversed(plain.items()))) == model.score({**plain, "other": math.nan})
