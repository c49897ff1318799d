from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.domain import Domain, Rule
from bot_core.documents.environment import Environment
from bot_core.documents.policy import Rollout
from bot_core.errors import ConfigError
from bot_core.governance import layout
from bot_core.governance.promotion import compose_domain, desired, promoted, with_entry, without_entry
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused
from tests.memory_view import MODEL, VERSION, MemoryView, entry, put_environment, rules

if TYPE_CHECKING:
    from pathlib import Path

TEXT = f"purpose: To enter.\nmodels:\n  - {MODEL}\nactions:\n  - wait\nrules:\n  - when: always\n    action: wait\n"
DOMAIN = Domain(
    schema="bot-core/domain/v1",
    name="trade_entry",
    purpose="To enter.",
    models=[MODEL],
    actions=["wait"],
    rules=[Rule(when="always", action="wait")],
)
NEWER = "20261110T080000Z-bb17c02e"
STEPS = Rollout(steps=[100, 0, 5])


def put(root: Path, name: str, text: str = TEXT) -> None:
    path = root / f"conf/decision/{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def view() -> MemoryView:
    found = MemoryView()
    for version in (VERSION, NEWER):
        found.put(layout.manifest(MODEL, version), version.encode())
    return found


# --- the domain ---------------------------------------------------------------------------------------------------------------------


def test_the_domain_is_the_one_that_lists_the_model(tmp_path: Path) -> None:
    put(tmp_path, "trade_entry")
    put(tmp_path, "other", TEXT.replace(MODEL, "other"))
    assert compose_domain(tmp_path, MODEL, None) == DOMAIN
    assert compose_domain(tmp_path, MODEL, "trade_entry") == DOMAIN


@pytest.mark.parametrize(("names", "got"), [((), "none"), (("a", "b"), "a, b")])
def test_no_domain_or_several_are_said(tmp_path: Path, names: tuple[str, ...], got: str) -> None:
    for name in names:
        put(tmp_path, name)
    with pytest.raises(ConfigError) as caught:
        compose_domain(tmp_path, MODEL, None)
    assert caught.value.message == f"conf/decision: expected one domain that lists {MODEL} under models, got {got}"
    assert caught.value.hint == f"add {MODEL} to one of conf/decision/*.yaml, or choose with --domain NAME"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (TEXT.replace("purpose: To enter.\n", ""), "purpose: expected a value, got nothing"),
        (TEXT + "force: true\n", "got the unknown key force"),
        ("- a\n", ""),
        ("a: [\n", "expected YAML"),
    ],
)
def test_a_domain_that_is_none_is_said_with_its_file(tmp_path: Path, text: str, sentence: str) -> None:
    put(tmp_path, "trade_entry", text)
    with pytest.raises(ConfigError) as caught:
        compose_domain(tmp_path, MODEL, None)
    assert caught.value.message.startswith(str(tmp_path / "conf/decision/trade_entry.yaml"))
    assert sentence in caught.value.message


def test_a_domain_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file"):
        compose_domain(tmp_path, MODEL, "nowhere")


# --- the entry ------------------------------------------------------------------------------------------------------------------------


def test_a_first_entry_starts_at_the_lowest_step_and_falls_back_to_rules(view: MemoryView) -> None:
    (found,) = promoted(view, rules(rollout=STEPS), MODEL, VERSION, DOMAIN, None).models
    assert (found.version, found.release, found.rollout, found.fallback) == (VERSION, sha256(VERSION.encode()), 0, "rules")
    assert found.domain == layout.domain("trade_entry", sha256(spell(DOMAIN)))


def test_without_steps_everything_is_decided_at_once(view: MemoryView) -> None:
    assert promoted(view, rules(), MODEL, VERSION, DOMAIN, None).models[0].rollout == 100


def test_a_newer_release_starts_again_and_falls_back_to_the_one_before(view: MemoryView) -> None:
    put_environment(view, entry(rollout=100))
    (found,) = promoted(view, rules(rollout=STEPS), MODEL, NEWER, DOMAIN, None).models
    assert (found.rollout, found.fallback) == (0, VERSION)


def test_a_step_of_the_same_release_keeps_its_fallback(view: MemoryView) -> None:
    put_environment(view, entry(NEWER, rollout=5, fallback=VERSION))
    for asked, percent in ((None, 5), (100, 100)):
        (found,) = promoted(view, rules(rollout=STEPS), MODEL, NEWER, DOMAIN, asked).models
        assert (found.rollout, found.fallback) == (percent, VERSION)


def test_a_release_that_is_not_there_and_a_step_that_is_none_are_refused(view: MemoryView) -> None:
    with pytest.raises(Refused) as caught:
        promoted(view, rules(), "other", VERSION, DOMAIN, None)
    assert caught.value.message == f"models/other/{VERSION}.release.yaml: expected a committed manifest, got no file"
    with pytest.raises(Refused) as caught:
        promoted(view, rules(rollout=STEPS), MODEL, VERSION, DOMAIN, 7)
    assert (caught.value.code, caught.value.message) == ("ROLLOUT-STEP", "--rollout: expected one of 100, 0, 5; got 7")


def test_other_models_and_maintenance_stay_as_they_are(view: MemoryView) -> None:
    others = [entry(model="zeta"), entry(model="alpha")]
    held = Environment(schema="bot-core/environment/v1", environment="paper", maintenance=True, models=others)
    view.put(layout.environment("paper"), b"# ours\n" + spell(held))
    found = promoted(view, rules(), MODEL, VERSION, DOMAIN, None)
    assert ([one.model for one in found.models], found.maintenance) == (["alpha", MODEL, "zeta"], True)
    assert without_entry(found, MODEL).models == with_entry(without_entry(found, MODEL), others[1]).models


def test_where_there_is_no_file_nothing_is_desired() -> None:
    assert desired(MemoryView(), "paper").models == []
