from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.config.jobs import load_schedule, load_schedules
from bot_core.config.load import load_config, load_roster
from bot_core.config.schedule import ScheduleConfig
from bot_core.errors import ConfigError
from pipelines import compose

if TYPE_CHECKING:
    from collections.abc import Callable

ROSTER = """\
models:
  plain: {data: eurusd_1h, features: volatility, target: next_range, model: trees_range, validation: hourly}
  chosen: {data: eurusd_1h, features: volatility, target: next_range, model: trees_range, validation: hourly, schedule: nightly}
  own:
    data: eurusd_1h
    features: volatility
    target: next_range
    model: trees_range
    validation: hourly
    schedule: nightly
    set: {schedule: {cron: "0 1 * * *", calendar: fx, proposal: {margin: 0.5}}, model: {rounds: 5}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a repository of a roster and the project's groups."""
    shutil.copytree("conf", tmp_path / "conf")
    (tmp_path / "params.yaml").write_text(ROSTER)
    return tmp_path


def test_the_roster_s_default_is_that_of_the_root(root: Path) -> None:
    assert load_schedule(root, "plain") == ScheduleConfig(every="7d")
    assert load_schedule(root, "chosen").cron == "30 22 * * *"
    path = root / "conf/config.yaml"
    path.write_text(path.read_text().replace("schedule: weekly", "schedule: nightly"))
    assert load_schedule(root, "plain") == load_schedule(root, "chosen")


def test_an_entry_sets_single_values(root: Path) -> None:
    own, group = load_schedule(root, "own"), load_schedule(root, "chosen")
    assert (own.cron, own.calendar, own.timezone) == ("0 1 * * *", "fx", "America/New_York")
    assert (own.proposal.margin, own.proposal.least_rows) == (0.5, group.proposal.least_rows)
    assert load_schedules(root) == {name: load_schedule(root, name) for name in ("plain", "chosen", "own")}


def test_hydra_composes_the_same(root: Path) -> None:
    with contextlib.chdir(root):
        for model in load_roster(Path("params.yaml")):
            compose.main(model)
            assert load_config(Path("build", model, "config.json")).schedule == load_schedule(root, model)


def test_the_project_s_own_roster_has_schedules() -> None:
    assert load_schedules(Path()).keys() == load_roster(Path("params.yaml")).keys()


def test_where_there_is_no_roster_there_are_no_jobs(tmp_path: Path) -> None:
    assert load_schedules(tmp_path) == {}


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return edit


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (edited("params.yaml", "schedule: nightly\n", "schedule: daily\n"), "conf/schedule/daily.yaml: expected a readable file"),
        (edited("params.yaml", "calendar: fx", "calender: fx"), "params.yaml: models.own.set.schedule: calender: expected one of "),
        (edited("params.yaml", "margin: 0.5", "margin: -1"), "params.yaml: models.own.set.schedule: proposal.margin: expected "),
        (
            edited("params.yaml", 'cron: "0 1 * * *"', "every: 1d"),
            "conf/schedule/nightly.yaml: Expected either every or cron, got both",
        ),
        (edited("conf/schedule/nightly.yaml", "timezone", "zone"), "conf/schedule/nightly.yaml: zone: expected one of "),
        (edited("conf/schedule/nightly.yaml", "every: null", "- every"), "conf/schedule/nightly.yaml: expected "),
    ],
)
def test_what_is_wrong_names_its_file(edit: Callable[[Path], None], sentence: str, root: Path) -> None:
    edit(root)
    with pytest.raises(ConfigError) as caught:
        load_schedule(root, "own")
    assert caught.value.message.startswith(f"{root}/")
    assert sentence.lower() in caught.value.message.lower()


def test_a_root_without_a_default_and_a_model_without_an_entry_are_refused(root: Path) -> None:
    edited("conf/config.yaml", "  - schedule: weekly", "  # - schedule: weekly")(root)
    with pytest.raises(ConfigError, match=r"conf/config\.yaml: defaults: expected a line - schedule: NAME, got none"):
        load_schedule(root, "plain")
    with pytest.raises(ConfigError, match=r"params\.yaml: models: expected one of plain, chosen, own; got other"):
        load_schedule(root, "other")


def test_a_composed_configuration_from_before_there_were_schedules_is_weekly(root: Path) -> None:
    with contextlib.chdir(root):
        compose.main("chosen")
        path = Path("build/chosen/config.json")
        said = json.loads(path.read_text())
        del said["schedule"]
        path.write_text(json.dumps(said))
        assert load_config(path).schedule == ScheduleConfig(every="7d")
