from __future__ import annotations

import pytest

from bot_core.documents.signoff import Subject
from bot_core.governance import layout
from bot_core.governance.layout import classify
from tests.memory_view import DIGEST, MODEL, T0, VERSION

HEX = DIGEST.removeprefix("sha256:")
SIGNED = (
    f"compliance/signoffs/production/{MODEL}/{VERSION}/release.risk.anna.nowak.20261121T100000Z.yaml",
    f"compliance/signoffs/production/{MODEL}/{VERSION}/rollout5.risk.ann.20261121T100000Z.yaml",
    f"compliance/signoffs/production/trade_entry/{HEX}/domain.risk.ann.20261121T100000Z.yaml",
    f"compliance/rollbacks/production/{MODEL}/20261121-back.yaml",
    "compliance/halts/production/20261121-all.yaml",
    "compliance/resumes/production/20261121-all/risk.ann.yaml",
    "compliance/revocations/20261121-key-ann.yaml",
    f"compliance/reviews/minutes/production.{MODEL}/risk.ann.20261121T100000Z.yaml",
)
KINDS = {
    "policy": ("compliance/policy.yaml", "compliance/policy.yaml.anna.nowak.sig", "compliance/checklists/model-promotion-v1.yaml"),
    "environment": ("compliance/environments/production.yaml",),
    "add_only": (
        *SIGNED,
        *(f"{path}.sig" for path in SIGNED),
        f"compliance/domains/trade_entry/{HEX}.yaml",
        f"audit/ai_decision/walk_forward/{VERSION}.json",
        f"audit/ai_decision/operation/paper/{VERSION}/scheduler.json",
        f"audit/ai_decision/operation/paper/{VERSION}/scheduler.json.sig",
    ),
    "immutable": tuple(f"models/{MODEL}/{VERSION}.{end}" for end in ("json", "md", "release.yaml", "release.yaml.sig")),
    "generated": ("compliance/allowed_signers", "CODEOWNERS"),
    "living": ("audit/ai_decision/scheduler.json", "audit/ai_decision/incident_journal.md", layout.MINUTES),
    "other": ("conf/decision/trade_entry.yaml", "README.md", "compliance/README.md", "models/eurusd/.gitkeep", "docs/policy.yaml"),
    "unknown": (
        "compliance/policy.yml",
        "compliance/policy.yaml.sig",
        "compliance/Environments/production.yaml",
        "compliance/environments/Production.yaml",
        "compliance/environments/a/b.yaml",
        f"compliance/domains/trade_entry/{HEX[:-1]}.yaml",
        f"compliance/signoffs/production/{MODEL}/{VERSION}/release.risk.ann.yaml",
        f"compliance/signoffs/production/{MODEL}/latest/release.risk.ann.20261121T100000Z.yaml",
        "compliance/halts/production/../../policy.yaml",
        f"models/{MODEL}/{VERSION}.pkl",
        f"models/{MODEL}/{VERSION}.json.bak",
        f"models/{MODEL}/{VERSION}.json\n",
        "models/model.joblib",
        "audit/notes.md",
    ),
}


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in KINDS.items() for path in paths])
def test_every_path_has_one_kind(kind: str, path: str) -> None:
    assert classify(path) == kind


def test_paths_are_made_as_they_are_read() -> None:
    subject = Subject(kind="release", name=MODEL, version=VERSION, digest=DIGEST)
    made = {
        "environment": [layout.environment("production")],
        "policy": [layout.checklist("model-promotion-v1")],
        "immutable": [layout.manifest(MODEL, VERSION), layout.artifact(MODEL, VERSION)],
        "add_only": [layout.domain("trade_entry", DIGEST), layout.signoff("production", subject, "risk", "ann", T0)],
    }
    assert {kind: {classify(path) for path in paths} for kind, paths in made.items()} == {kind: {kind} for kind in made}


def test_a_step_of_a_rollout_is_a_subject_of_its_own() -> None:
    steps = [Subject(kind="rollout", name=MODEL, version=VERSION, digest=DIGEST, percent=percent) for percent in (5, 50)]
    assert [layout.signoff_prefix(step) for step in steps] == ["rollout5.", "rollout50."]
    assert len({layout.signoff("production", step, "risk", "ann", T0) for step in steps}) == 2


def test_a_domain_is_filed_under_its_digest() -> None:
    subject = Subject(kind="domain", name="trade_entry", digest=DIGEST)
    assert layout.signoffs("production", subject) == f"compliance/signoffs/production/trade_entry/{HEX}"


def test_each_kind_of_document_has_a_namespace_of_its_own() -> None:
    kinds = [value for value in vars(layout).values() if isinstance(value, layout.Signable)]
    assert len({kind.namespace for kind in kinds}) == len(set(kinds))
    assert {kind.namespace for kind in kinds} >= {
        f"{name}@bot-core" for name in ["policy", "release", "signoff", "review", "rollback", "halt", "resume", "revocation"]
    }
    assert [kind for kind in kinds if kind.comments] == [layout.POLICY_KIND]
