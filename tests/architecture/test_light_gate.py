"""The gate and `status` start without the training libraries, and the required check runs nobody's code but the base branch's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.world import World, build

HEAVY = {"pandas", "polars", "hydra", "dvc", "lightgbm", "sklearn", "numba", "numpy", "scipy", "matplotlib", "pandera"}
PROBE = """
import json, sys
from bot_core.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print(json.dumps([code, sorted(name for name in sys.modules if "." not in name)]), file=sys.stderr)
"""
COMMANDS = {
    "gate --help": 0,
    "gate --base main --head HEAD": 10,
    "gate --base main --head HEAD --format github": 10,
    "gate --base main --head HEAD --format junit": 10,
    "status": 0,
    "docs render --check": 20,
}
WORKFLOWS = sorted(Path(".github/workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A released model, proposed for paper."""
    world = build(tmp_path_factory.mktemp("light"), "released")
    world.ok("promote", "eurusd_range", world.version, "--env", "paper")
    return world


@pytest.mark.parametrize("words", COMMANDS)
def test_it_imports_nothing_heavy(words: str, world: World) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, *words.split()], cwd=world.path, capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == COMMANDS[words], done.stdout + done.stderr
    assert HEAVY & set(modules) == set()


def test_the_light_requirements_are_the_package_s_own_and_locked_as_for_training() -> None:
    wanted = tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]
    lines = Path("requirements/gate.in").read_text().splitlines()
    assert [line for line in lines if line[0] not in "#-"] == wanted
    light, train = (_pinned(f"requirements/{name}.txt") for name in ("gate", "train"))
    assert light.items() <= train.items()
    assert HEAVY & light.keys() == set()


def test_the_required_check_checks_out_and_installs_the_base_alone() -> None:
    text = Path(".github/workflows/gate.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow[True]) == {"pull_request_target", "merge_group"}  # YAML 1.1 reads `on` as true
    job = workflow["jobs"]["gate"]
    (checkout,) = [step["with"] for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert checkout == {"ref": "${{ env.BASE }}", "fetch-depth": 0}
    assert "head" not in job["env"]["BASE"]
    assert "secrets" not in text
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if path.stem != "ci"], ids=str)
def test_what_a_workflow_uses_is_named_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text())
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def _pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)==(\S+)", Path(lock).read_text()))
