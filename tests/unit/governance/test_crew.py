from __future__ import annotations

from typing import Any

import pytest

from bot_core.documents.policy import PublicKey, Service
from bot_core.governance.crew import Crew, Withdrawn
from bot_core.governance.reasons import Refused
from bot_core.governance.sshsig import Signature, fingerprint
from tests.memory_view import DAY, T0, device, person, policy


def signature(name: str = "ann", *, touched: bool = True) -> Signature:
    return Signature(device(name).blob, "signoff@bot-core", touched, verified=False, counter=1)


def refused(crew: Crew, name: str = "ann", by: str = "ann", *, touched: bool = True) -> str:
    with pytest.raises(Refused) as caught:
        crew.key_of(name, signature(by, touched=touched), T0, "a.yaml")
    return f"{caught.value.code}: {caught.value.message}"


def crew(*withdrawn: Withdrawn, **key: object) -> Crew:
    return Crew(policy(person("ann", "root", "risk", **key), person("ben")), withdrawn)


def test_a_key_leads_to_its_person() -> None:
    owner, key = crew().key_of("ann", signature(), T0, "a.yaml")
    assert (owner.name, key.public) == ("ann", device("ann").public)


def test_a_person_may_have_several_keys_and_a_service_one() -> None:
    keys = [PublicKey(public=device(name).public, valid_from=T0) for name in ("ann", "ann at home")]
    service = Service(name="runtime-1", may=["head"], keys=[PublicKey(public=device("box").public, valid_from=T0)])
    both = Crew(policy(person("ann", "root"), services=[service]))
    both.policy.people[0].keys[:] = keys
    assert both.key_of("ann", signature("ann at home"), T0, "a.yaml")[1] == keys[1]
    assert both.key_of("runtime-1", signature("box"), T0, "a.yaml")[0] == service


def test_a_key_of_somebody_else_is_unknown() -> None:
    shown = fingerprint(device("ben").blob)
    assert (
        refused(crew(), "ann", "ben")
        == f"SIG-UNKNOWN-KEY: a.yaml: expected a key that the policy gives ann, got {shown} (none of ann's keys)"
    )
    assert refused(crew(), "zoe", "ben").endswith("(no such person)")


def test_names_are_exact() -> None:
    assert refused(crew(), "Ann").endswith("(no such person)")


@pytest.mark.parametrize("key", [{"valid_from": T0 + DAY}, {"valid_until": T0}, {"valid_until": T0 - DAY}])
def test_a_key_counts_within_its_time_only(key: dict[str, Any]) -> None:
    assert refused(crew(**key)).startswith("SIG-EXPIRED-KEY: a.yaml: expected a key of ann that is valid at 2026-11-21T10:00:00Z")


def test_a_key_counts_from_its_first_moment_to_before_its_last() -> None:
    crew(valid_from=T0, valid_until=T0 + DAY).key_of("ann", signature(), T0, "a.yaml")


def test_a_touch_is_asked_for_where_the_policy_says_so() -> None:
    assert refused(crew(require_touch=True), touched=False) == (
        "SIG-NO-TOUCH: a.yaml: expected a signature for which ann touched the key, got one made without touch"
    )
    crew(require_touch=True).key_of("ann", signature(), T0, "a.yaml")
    crew().key_of("ann", signature(touched=False), T0, "a.yaml")


@pytest.mark.parametrize(("gone", "what"), [({"person": "ann"}, "the person"), ({"key": device("ann").blob}, "the key")])
def test_what_is_withdrawn_counts_no_more_from_then_on(gone: dict[str, Any], what: str) -> None:
    said = refused(crew(Withdrawn(T0, **gone)))
    assert said == f"SIG-REVOKED: a.yaml: expected a signer that counts, got ann: {what} is revoked since 2026-11-21T10:00:00Z"
    crew(Withdrawn(T0 + DAY, **gone)).key_of("ann", signature(), T0, "a.yaml")
