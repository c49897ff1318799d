from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bot_core.documents.policy import PublicKey, Service
from bot_core.errors import GitError
from bot_core.governance.crew import Crew, Withdrawn
from bot_core.governance.reasons import Refused
from bot_core.journal.head import NAMESPACE, Head, Statement
from bot_core.runtime.heads import crew_here, publisher, require_key, signature_of
from tests.memory_view import DAY, T0, device, person, policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    from tests.world import World

    May = Literal["head", "report", "propose_revert"]

STATEMENT = Statement(journal="a.log", sequence=7, hash="0" * 64, taken=T0)


def head(name: str = "box", namespace: str = NAMESPACE) -> Head:
    said = STATEMENT.spelled()
    return Head(STATEMENT, said, device(name).sign(said, namespace))


def crew(*withdrawn: Withdrawn, may: May = "head") -> Crew:
    service = Service(name="runtime-1", may=[may], keys=[PublicKey(public=device("box").public, valid_from=T0)])
    return Crew(policy(person("ann", "root"), services=[service]), withdrawn)


def refused(crew: Crew, name: str = "box") -> str:
    found = signature_of(head(name), "a.head")
    assert found
    with pytest.raises(Refused) as caught:
        publisher(head(name), found, crew, "a.head")
    return caught.value.code


def test_a_head_of_a_service_that_may_publish_heads_counts() -> None:
    found = signature_of(head(), "a.head")
    assert found
    assert publisher(head(), found, crew(), "a.head") == "runtime-1"


def test_other_keys_do_not() -> None:
    assert refused(crew(), "ann") == "SIG-UNKNOWN-KEY"  # a person publishes no heads
    assert refused(crew(may="report")) == "SIG-UNKNOWN-KEY"
    assert refused(crew(Withdrawn(T0 - DAY, key=device("box").blob))) == "SIG-REVOKED"


def test_a_signature_must_fit_the_head_and_its_kind() -> None:
    assert signature_of(Head(STATEMENT, b"", b""), "a.head") is None
    with pytest.raises(Refused) as caught:
        signature_of(head(namespace="report@bot-core"), "a.head")
    assert caught.value.code == "SIG-NAMESPACE"
    good = head()
    with pytest.raises(Refused, match=r"a\.head: expected a signature of these") as caught:
        signature_of(Head(STATEMENT, good.said + b" ", good.signature), "a.head")
    assert caught.value.code == "SIG-BAD"


def test_one_key_can_be_asked_for() -> None:
    found = signature_of(head(), "a.head")
    require_key(found, device("box").blob, "a.head")
    with pytest.raises(Refused, match="got one signed with SHA256:"):
        require_key(found, device("ann").blob, "a.head")
    with pytest.raises(Refused, match="got an unsigned one"):
        require_key(None, device("box").blob, "a.head")


def test_the_policy_is_that_of_the_repository_here(tmp_path: Path, world: Callable[[str], World]) -> None:
    with contextlib.chdir(tmp_path), pytest.raises(GitError):
        crew_here()
    with contextlib.chdir(world("configured").path):
        found = crew_here()
    assert found
    assert found.policy.repository == "quant/models"
