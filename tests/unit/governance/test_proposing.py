from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.errors import BotCoreError, ConfigError
from bot_core.governance import layout
from bot_core.governance.chain import load_policy
from bot_core.governance.proposing import files, first, following, roots
from bot_core.governance.reasons import Refused
from tests.authenticator import join
from tests.memory_view import T0, device, make

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    People = Mapping[str, tuple[str, Sequence[str]]]

ROOT = Path(__file__).parents[3]
DESK: People = {name: (device(name).public, roles) for name, roles in {"ann": ["root", "risk"], "ben": ["root"], "eve": []}.items()}
CID: People = {"cid": (device("cid").public, ["platform"])}


def template(**changed: object) -> bytes:
    facts = {"root": ROOT, "repository": "quant/models", "people": DESK, "quorum": 2, "days": 7, "now": T0, **changed}
    return make(first, facts)


def next_(old: bytes, edited: bytes | None = None, added: People | None = None, dropped: Sequence[str] = ()) -> bytes:
    return following(old, old if edited is None else edited, added or {}, dropped, T0)


def test_the_template_gives_a_policy_that_makes_sense() -> None:
    policy = load_policy(template())
    assert (policy.version, policy.root_quorum, policy.repository, roots(policy)) == (1, 2, "quant/models", ["ann", "ben"])
    assert [rules.name for rules in policy.environments] == ["paper", "production"]
    production = policy.environment("production")
    assert production is not None
    assert production.checklist is not None
    assert production.checklist.digest == sha256((ROOT / layout.checklist(production.checklist.id)).read_bytes())
    assert (production.after, production.distinct_people, production.author_may_sign) != (None, False, True)


def test_services_are_spelled_after_people_and_only_where_there_are_any() -> None:
    plain, data = template(), template(services={"runtime-1": (device("box").public, ["head", "report"])})
    assert (load_policy(plain).services, b"services" in plain) == ([], False)
    (service,) = load_policy(data).services
    assert (service.name, service.may, service.keys[0].valid_from) == ("runtime-1", ["head", "report"], T0)
    assert data.replace(data[data.index(b"services:") : data.index(b"environments:")], b"") == plain
    with pytest.raises(ConfigError, match="runtime-1: expected an OpenSSH public key"):
        template(services={"runtime-1": ("ssh-rsa AAAA", ["head"])})


def test_a_hardware_key_must_be_touched_and_one_in_software_cannot() -> None:
    blob = join(b"ssh-ed25519", device("cid").secret.public_key().public_bytes_raw())
    software = f"ssh-ed25519 {base64.b64encode(blob).decode()} cid@laptop"
    people = {**DESK, "cid": (software, ["data"])}
    policy = load_policy(template(people=people))
    touch = {person.name: person.keys[0].require_touch for person in policy.people}
    assert touch == {"ann": True, "ben": True, "eve": True, "cid": False}
    assert policy.people[-1].keys[0].public == " ".join(software.split()[:2])


def test_a_name_that_looks_like_something_else_is_quoted() -> None:
    assert load_policy(template(repository='a "b": c')).repository == 'a "b": c'
    assert load_policy(template(repository="no")).repository == "no"


@pytest.mark.parametrize("key", ["", "ssh-rsa AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-ed25519 AAAA"])
def test_a_key_that_is_none_is_refused_with_its_owner(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        template(people={**DESK, "cid": (key, [])})
    assert caught.value.message.startswith("cid: expected an OpenSSH public key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com")


@pytest.mark.parametrize("name", ["Ann", "a b", "on", "x: y", "../x"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BotCoreError):
        load_policy(template(people={**DESK, name: CID["cid"]}))


def test_the_next_version_names_the_one_before_and_keeps_comments() -> None:
    old = template()
    new = next_(old)
    policy = load_policy(new)
    assert (policy.version, policy.previous) == (2, sha256(old))
    comments = [line for line in old.splitlines() if line.lstrip().startswith(b"#")]
    assert [line for line in new.splitlines() if line.lstrip().startswith(b"#")] == comments
    assert load_policy(next_(new)).previous == sha256(new)


def test_people_are_added_and_dropped_and_nothing_else_changes() -> None:
    old = template()
    new = load_policy(next_(old, added=CID, dropped=["eve"]))
    assert [person.name for person in new.people] == ["cid", "ann", "ben"]
    assert (new.people[0].roles, new.people[1:]) == (["platform"], load_policy(old).people[:2])
    assert new.environments == load_policy(old).environments


def test_an_own_edit_is_taken_over_and_spelled() -> None:
    old = template()
    edited = old.replace(b"root_quorum: 2", b"root_quorum:   1  # for now")
    new = next_(old, edited)
    assert load_policy(new).root_quorum == 1
    assert b"# for now\nroot_quorum: 1\n" in new


@pytest.mark.parametrize(
    ("edit", "added", "dropped", "sentence"),
    [
        (("", ""), None, ["zoe"], "people: expected zoe among them"),
        (("", ""), {"ann": CID["cid"]}, (), "people and services: expected each name once, got ann twice"),
        (("", ""), None, ["ben"], "root_quorum: expected at most 1"),
        (("root_quorum: 2", "root_quorum: many"), None, (), "root_quorum: expected int, got 'many'"),
        (("root_quorum: 2", "root_quorum: 2\nroot_quorum: 1"), None, (), "expected each key once, got root_quorum again"),
        (("policy/v1", "policy/v2"), None, (), "schema: expected one of bot-core/policy/v1; got 'bot-core/policy/v2'"),
    ],
)
def test_what_gives_no_policy_is_refused(
    edit: tuple[str, str], added: People | None, dropped: Sequence[str], sentence: str
) -> None:
    old = template()
    with pytest.raises((Refused, ConfigError, BotCoreError)) as caught:
        next_(old, old.decode().replace(*edit).encode() if edit[0] else old, added, dropped)
    assert caught.value.message.startswith(layout.POLICY)
    assert sentence in caught.value.message


def test_with_the_policy_comes_what_it_generates() -> None:
    data = template()
    assert set(files(data, load_policy(data))) == {layout.POLICY, layout.ALLOWED_SIGNERS, layout.CODEOWNERS}
