from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.documents.artifact import learned_digest
from bot_core.documents.domain import Domain, Rule
from bot_core.documents.environment import Environment
from bot_core.documents.interventions import Halt
from bot_core.documents.signoff import Subject
from bot_core.governance import layout
from bot_core.governance.decide import Decision, decide
from bot_core.governance.interventions import Memory
from bot_core.governance.manifest import manifest
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused, Verdict
from tests.evidence import ensemble, line, write_release
from tests.memory_view import (
    DAY,
    MODEL,
    REPOSITORY,
    T0,
    MemoryView,
    entry,
    policy,
    put_environment,
    put_release,
    put_signoff,
    rules,
    signoff,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.policy import EnvironmentPolicy

DOMAIN = spell(
    Domain(
        schema="bot-core/domain/v1",
        name="trade_entry",
        purpose="To enter.",
        models=[MODEL],
        actions=["wait"],
        rules=[Rule(when="always", action="wait")],
    )
)
PATH = layout.domain("trade_entry", sha256(DOMAIN))


class Case:
    """An entry in paper, signed by risk."""

    def __init__(self, folder: Path, **evidence: object) -> None:
        self.view = MemoryView()
        self.version, self.digest = put_release(self.view, folder, **evidence)
        self.view.put(PATH, DOMAIN)
        self.entry = entry(self.version, self.digest, domain=PATH)
        put_environment(self.view, self.entry)
        subject = Subject(kind="release", name=MODEL, version=self.version, digest=self.digest)
        self.word = signoff(subject=subject, conditions={"limit": 5})
        self.signed = put_signoff(self.view, self.word)

    def decide(self, memory: Memory | None = None, rule: EnvironmentPolicy | None = None) -> Decision:
        """Judge the one entry there is."""
        (found,) = decide(self.view, "paper", policy(environments=[rule or rules()]), T0 + DAY, memory=memory)
        return found

    def codes(self, memory: Memory | None = None, rule: EnvironmentPolicy | None = None) -> set[str]:
        """Return the reasons' codes."""
        return {reason.code for reason in self.decide(memory, rule).reasons}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_what_is_proven_may_decide_within_its_conditions(case: Case) -> None:
    found = case.decide()
    assert (found.verdict, found.reasons, found.notes) == (Verdict.ALLOW, (), ())
    assert (found.environment, found.model, found.version) == ("paper", MODEL, case.version)
    assert (dict(found.conditions), found.expires) == ({"limit": 5}, T0 + 30 * DAY)
    assert found.standing is not None
    assert found.standing.since == T0


def test_the_same_view_answers_the_same(case: Case) -> None:
    assert case.decide() == case.decide()


def test_expiry_is_judged_now(case: Case) -> None:
    (found,) = decide(case.view, "paper", policy(), T0 + 30 * DAY)
    assert {reason.code for reason in found.reasons} == {"ROLE-MISSING", "SIGNOFF-EXPIRED"}


def test_a_decision_names_everything_that_stands_against_it(tmp_path: Path) -> None:
    case = Case(tmp_path, quality="critical")
    case.view.put(case.signed + ".sig", None)
    case.view.put(f"{layout.halts('paper')}/stop.yaml", b"junk")
    reports = [msgspec.structs.replace(rules().reports[0], kind="data_quality")]
    assert case.codes(rule=rules(reports=reports)) == {"RPT-FAILED", "ROLE-MISSING", "SIG-BAD"}


def test_junk_beside_what_counts_is_a_note(case: Case) -> None:
    case.view.put(case.signed.replace("ann", "zoe"), b"junk")
    found = case.decide()
    assert (found.verdict, [note.code for note in found.notes]) == (Verdict.ALLOW, ["CANON"])


@pytest.mark.parametrize(
    ("place", "code"),
    [("manifest", "REL-DIGEST"), ("artifact", "REL-DIGEST"), ("domain", "REL-DIGEST")],
)
def test_what_is_not_as_it_was_signed_is_tampering(case: Case, place: str, code: str) -> None:
    paths = {"manifest": layout.manifest(MODEL, case.version), "artifact": layout.artifact(MODEL, case.version), "domain": PATH}
    case.view.put(paths[place], b"changed")
    assert (case.codes(), case.decide().verdict) == ({code}, Verdict.TAMPER)


def test_a_halt_that_was_seen_stops_even_what_is_broken(case: Case) -> None:
    halt = Halt(
        schema="bot-core/halt/v1",
        repository=REPOSITORY,
        environment="paper",
        id="stop",
        signer="ann",
        issued=T0,
        reason="It drifts.",
    )
    memory = Memory(halts=[halt])
    assert case.codes(memory) == {"HALTED"}
    case.view.put(PATH, None)
    assert case.codes(memory) == {"HALTED", "REL-DIGEST"}


def test_a_revoked_release_may_not_decide(case: Case) -> None:
    assert case.codes(memory=Memory(revoked=frozenset({case.digest}))) == {"REVOKED"}


def test_an_ensemble_goes_with_the_release_of_a_member(tmp_path: Path) -> None:
    case = Case(tmp_path, state=ensemble(ridge=line(0.5), other=line(1.5)))
    rule = policy(environments=[rules()], formats=["ensemble-json", "linear-json"])
    alone, gone = tmp_path / "alone", Memory(revoked=frozenset({learned_digest(line(1.5))}))
    version = write_release(alone, "single", T0 - DAY, state=line(1.5))
    released = spell(manifest(alone, "single", version, "eve"))
    case.view.put(layout.manifest("single", version), released)

    def codes(memory: Memory) -> set[str]:
        (found,) = decide(case.view, "paper", rule, T0 + DAY, memory=memory)
        return {reason.code for reason in found.reasons}

    assert codes(Memory()) == codes(Memory(revoked=frozenset({sha256(b"another")}))) == set()
    assert codes(Memory(revoked=frozenset({sha256(released)}))) == {"MEMBER-REVOKED"}
    case.view.put(layout.manifest("single", version), None)
    assert codes(gone) == {"MEMBER-REVOKED"}, "what was remembered needs no manifest"


def test_an_ensemble_needs_its_own_format_and_its_members_allowed(tmp_path: Path) -> None:
    case = Case(tmp_path, state=ensemble(ridge=line(0.5), other=line(1.5)))
    for formats in (["linear-json"], ["ensemble-json"]):
        (found,) = decide(case.view, "paper", policy(environments=[rules()], formats=formats), T0 + DAY)
        assert {reason.code for reason in found.reasons} == {"FORMAT"}


def test_a_domain_is_the_models_own(case: Case) -> None:
    other = DOMAIN.replace(MODEL.encode(), b"another")
    path = layout.domain("trade_entry", sha256(other))
    case.view.put(path, other)
    put_environment(case.view, msgspec.structs.replace(case.entry, domain=path), since=T0)
    (reason,) = case.decide().reasons
    assert reason.message == f"{path}: expected the domain of {MODEL}, got trade_entry of another"


@pytest.mark.parametrize("path", ["no such", "x", "compliance/policy.yaml", "../outside.yaml"])
def test_a_domain_that_is_no_domain_file_is_refused(case: Case, path: str) -> None:
    case.view.put("x", b"1")
    put_environment(case.view, msgspec.structs.replace(case.entry, domain=path), since=T0)
    assert case.codes() == {"REL-DIGEST"}


def test_only_the_models_asked_for_are_judged(case: Case) -> None:
    assert decide(case.view, "paper", policy(), T0, models=frozenset()) == []


def test_where_there_is_no_environment_file_there_is_nothing_to_decide(case: Case) -> None:
    assert decide(case.view, "production", policy(), T0) == []


def refused(view: MemoryView, environment: str = "paper") -> str:
    with pytest.raises(Refused) as caught:
        decide(view, environment, policy(), T0)
    return f"{caught.value.code}: {caught.value.message}"


def test_an_environment_file_is_of_a_known_environment_and_names_each_model_once(case: Case) -> None:
    put_environment(case.view, name="staging")
    expected = "expected an environment of the policy (paper), got staging"
    assert refused(case.view, "staging") == f"POLICY-MISSING: compliance/environments/staging.yaml: {expected}"
    put_environment(case.view, case.entry, case.entry)
    assert refused(case.view) == f"CANON: compliance/environments/paper.yaml: models: expected each model once, got {MODEL} twice"
    other = Environment(schema="bot-core/environment/v1", environment="production", maintenance=False)
    case.view.put(layout.environment("paper"), spell(other))
    assert refused(case.view).endswith("environment: expected paper, got production")
