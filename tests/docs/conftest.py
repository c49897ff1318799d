"""What the pages' commands are run in."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs.deciding import DecidingRepository, add_model, prepare
from tests.docs.feed import Feed
from tests.docs.repositories import ROOT, GovernedRepository, Repository, copied, govern, make_repository
from tests.gating import release_meta
from tests.runtime_world import RuntimeWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUILT = "aapl_barrier"


@pytest.fixture
def proposed(tmp_path: Path) -> GovernedRepository:
    """A release proposed for production, which nobody has signed yet."""
    govern(tmp_path, "proposed")
    return GovernedRepository(tmp_path / "repository", tmp_path / "home")


@pytest.fixture(scope="session")
def _live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    govern(folder, "ready")
    return folder


@pytest.fixture
def live(tmp_path: Path, _live: Path) -> GovernedRepository:
    """A release that stands in production."""
    return copied(_live, tmp_path / "governed")


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def standing_still(tmp_path: Path, _prepared: Path) -> Iterator[DecidingRepository]:
    """A model in paper with an earlier release, and bars that keep coming, on a machine where nothing runs yet."""
    yield from _machine(_prepared, tmp_path)


@pytest.fixture
def confirming(standing_still: DecidingRepository) -> DecidingRepository:
    """The same with a meta-label model in paper beside it, which nothing asks yet."""
    folder = standing_still.path.parent
    release_meta(RuntimeWorld(standing_still.path, folder / "keys", dt.datetime.now(dt.UTC).replace(microsecond=0)))
    return standing_still


@pytest.fixture
def routing(standing_still: DecidingRepository) -> DecidingRepository:
    """The same with a router's configuration, and a roster whose model may be trained anew."""
    here = standing_still.path
    for folder in ("conf/routing", "conf/schedule"):
        shutil.copytree(ROOT / folder, here / folder)
    shutil.copy(ROOT / "conf/config.yaml", here / "conf/config.yaml")
    (here / "params.yaml").write_text("models: {decision_engine: {schedule: weekly}}\n")
    (here / ".gitignore").write_text((here / ".gitignore").read_text() + "state/\n")
    standing_still.ok("git add -A && git commit -qm 'What a router is told' && git push -q origin HEAD:main")
    return standing_still


@pytest.fixture
def deciding(standing_still: DecidingRepository) -> DecidingRepository:
    """The same while the model decides, in another process."""
    standing_still.start()
    return standing_still


@pytest.fixture
def drifted(deciding: DecidingRepository) -> DecidingRepository:
    """The same after the world has moved: the other process has reported it, and stopped its model."""
    deciding.drift()
    return deciding


@pytest.fixture
def several(tmp_path: Path, _prepared: Path) -> Iterator[DecidingRepository]:
    """Two models that decide, in another process; only the first has an earlier release."""
    for repository in _machine(_prepared, tmp_path, second=True):
        repository.start()
        yield repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A fresh clone, as it were, in which nothing has been reproduced and nothing is cached."""
    return make_repository(tmp_path / "project")


@pytest.fixture
def reproduced(repository: Repository) -> Repository:
    """One model of the roster reproduced and committed."""
    repository.ok(f"dvc repro --quiet report@{BUILT} && git add -A && git commit -qm reproduced --allow-empty")
    return repository


@pytest.fixture
def cached(repository: Repository) -> Repository:
    """A clone with the working copy's cache: what was computed there is not computed again."""
    repository.ok(f"dvc cache dir --local '{ROOT / '.dvc/cache'}'")
    return repository


def _machine(prepared: Path, folder: Path, *, second: bool = False) -> Iterator[DecidingRepository]:
    place = folder / "machine"
    plain = copied(prepared, place)
    if second:
        add_model(place)
    with Feed(plain.path / "var/feed/eurusd.csv", plain.path / "data/eurusd_1h.csv") as feed:
        repository = DecidingRepository(plain.path, plain.home, feed)
        try:
            yield repository
        finally:
            repository.stop()
