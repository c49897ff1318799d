"""The architecture page and the code say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from bot_core.documents.artifact import ModelArtifact
from pipelines import PINNED

PAGE = Path("docs/architecture/ai_decision_pipeline.md").read_text()


def test_it_lists_the_pinned_variables_with_their_values() -> None:
    assert dict(re.findall(r"(?m)^\| `([A-Z_]+)` \| `([^`]*)` \|", PAGE)) == PINNED


def test_it_lists_the_stages_in_their_order_with_what_they_write() -> None:
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    rows = re.findall(r"(?m)^\| (\d) \| (\w+) \|.*\| ([^|]*) \|$", PAGE)
    assert [(int(number), name) for number, name, _ in rows] == list(enumerate(stages))
    for _, name, writes in rows:
        outs = [str(out) for out in stages[name].get("do", stages[name])["outs"] if not str(out).endswith(".md")]
        key = "<table>" if name == "events" else "<model>"
        shown = [re.sub(r"code/\w+", "code/<stage>", out.replace("${key}", key)) for out in outs]
        assert [out for out in shown if out not in writes] == []


def test_it_names_every_field_of_the_artifact_and_no_other() -> None:
    table = PAGE.partition("## The artifact")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"(?m)^\| (`[^|]*) \|", table) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(ModelArtifact.__struct_fields__) - {"schema"}


def test_it_draws_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    drawn = PAGE.partition("## Layers")[2].partition("```text\n")[2].partition("```")[0]
    assert [re.split(r"  +", line)[0] for line in drawn.splitlines()] == contracts[0]["layers"]
