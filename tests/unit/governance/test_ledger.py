from __future__ import annotations

import pytest

from bot_core.governance.ledger import kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("compliance/policy.yaml", "policy"),
        ("compliance/checklists/model-promotion-v1.yaml", "checklist"),
        ("compliance/environments/paper.yaml", "environment"),
        ("compliance/signoffs/paper/m/v/release.risk.ann.20261121T101500Z.yaml", "signoff"),
        ("compliance/domains/trade_entry/abc.yaml", "domain"),
        ("compliance/halts/paper/x.yaml", "halt"),
        ("compliance/revocations/x.yaml", "revocation"),
        ("compliance/reviews/minutes/x/risk.ann.20261121T101500Z.yaml", "review"),
        ("models/m/20261121T101500Z-3f2a9c41.release.yaml", "release"),
        ("models/m/20261121T101500Z-3f2a9c41.json", "artifact"),
        ("audit/ai_decision/drift/20261121T101500Z-3f2a9c41.json", "drift"),
        ("audit/ai_decision/go_live_minutes.md", "go_live_minutes"),
        ("CODEOWNERS", "CODEOWNERS"),
    ],
)
def test_a_path_says_which_kind_of_document_it_holds(path: str, kind: str) -> None:
    assert kind_of(path) == kind
