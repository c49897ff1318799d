from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bot_core._digest import sha256
from bot_core.documents.policy import Policy, PublicKey
from bot_core.governance import chain, layout
from bot_core.governance.crew import Withdrawn
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused
from tests.memory_view import T0, MemoryView, device, person, policy, rules

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD = policy(person("ann", "root"), person("ben", "root", "risk"), root_quorum=2)


def following(**changed: object) -> Policy:
    return msgspec.structs.replace(OLD, **{"version": 2, "previous": sha256(spell(OLD)), **changed})


def judged(new: Policy, *signers: str, withdrawn: Sequence[Withdrawn] = ()) -> list[str]:
    view, data = MemoryView(), spell(new)
    for name in signers:
        view.put(f"{layout.POLICY}.{name}.sig", device(name).sign(data, "policy@bot-core"))
    found = chain.judge(spell(OLD), data, view.read, T0, withdrawn=withdrawn)
    return [f"{reason.code}: {reason.message.removeprefix(f'{layout.POLICY}: ')}" for reason in found]


def test_the_next_policy_names_the_one_before_and_is_signed_by_its_roots() -> None:
    assert judged(following(), "ann", "ben") == []


def test_too_few_roots_of_either_policy_are_said() -> None:
    assert judged(following(), "ann") == [
        "POLICY-SELF: expected the signatures of 2 root people of the old policy, got 1 (ann)",
        "POLICY-SELF: expected the signatures of 2 root people of the new policy, got 1 (ann)",
    ]
    both = [person("ann", "root"), person("cid", "root")]
    assert judged(following(people=both), "ann", "cid") == [
        "POLICY-SELF: expected the signatures of 2 root people of the old policy, got 1 (ann)"
    ]
    assert judged(following(people=both), "ann", "ben", "cid") == []


def test_nobody_who_is_revoked_signs_a_policy() -> None:
    found = judged(following(), "ann", "ben", withdrawn=[Withdrawn(T0, person="ben")])
    assert [sentence[:11] for sentence in found] == ["POLICY-SELF", "POLICY-SELF"]


@pytest.mark.parametrize("changed", [{"version": 3}, {"version": 1}, {"previous": sha256(b"another")}, {"previous": None}])
def test_another_predecessor_breaks_the_chain(changed: dict[str, Any]) -> None:
    (sentence,) = judged(following(**changed), "ann", "ben")
    assert sentence.startswith(f"POLICY-CHAIN: expected version 2 and previous {sha256(spell(OLD))}, got ")


def test_a_policy_never_changes_its_repository() -> None:
    (sentence,) = judged(following(repository="quant/other"), "ann", "ben")
    assert sentence == "POLICY-CHAIN: repository: expected quant/models, got quant/other"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"people": [person("ann", "root"), person("ann")]}, "people and services: expected each name once, got ann twice"),
        ({"environments": [rules(), rules()]}, "environments: expected each name once, got paper twice"),
        ({"root_quorum": 3}, "root_quorum: expected at most 2, as many as hold the role root, got 3"),
        (
            {"people": [*OLD.people, msgspec.structs.replace(person("cid"), keys=OLD.people[0].keys)]},
            "cid: keys: expected keys of nobody else, got one of ann",
        ),
        (
            {
                "people": [
                    *OLD.people,
                    msgspec.structs.replace(person("cid"), keys=[PublicKey(public="ssh-rsa AAAA", valid_from=T0)]),
                ]
            },
            "cid: keys: expected",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        chain.load_policy(spell(following(**changed)))
    assert caught.value.message.startswith(f"{layout.POLICY}: {sentence}")
    assert caught.value.code == "POLICY-CHAIN"


def test_a_signature_of_somebody_else_or_of_another_text_does_not_count() -> None:
    view, data = MemoryView(), spell(OLD)
    view.put(f"{layout.POLICY}.ann.sig", device("ben").sign(data, "policy@bot-core"))
    view.put(f"{layout.POLICY}.ben.sig", device("ben").sign(data + b"# more\n", "policy@bot-core"))
    assert chain.signed_by(data, OLD, view.read, T0) == set()
    view.put(f"{layout.POLICY}.ann.sig", device("ann").sign(data, "policy@bot-core"))
    assert chain.signed_by(data, OLD, view.read, T0) == {"ann"}
