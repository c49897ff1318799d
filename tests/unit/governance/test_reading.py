from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.environment import Environment
from bot_core.documents.signoff import SignOff
from bot_core.governance import layout
from bot_core.governance.crew import Crew, Withdrawn
from bot_core.governance.reading import parse, read, read_signed, spell
from bot_core.governance.reasons import Refused
from tests.memory_view import DAY, T0, MemoryView, device, entry, person, policy, put_environment, put_signoff, signoff

if TYPE_CHECKING:
    from bot_core.documents.policy import Policy

PATH = layout.environment("paper")


def refused(data: bytes, kind: type = Environment) -> Refused:
    with pytest.raises(Refused) as caught:
        parse(data, kind, PATH, comments=True)
    assert caught.value.exit_code == 30
    return caught.value


@pytest.mark.parametrize(
    "document", [signoff(), signoff(conditions={"limit": 5, "size": "0.1"}, statement="Read: all of it."), policy()]
)
def test_what_is_spelled_is_read_back(document: SignOff | Policy) -> None:
    data = spell(document)
    assert parse(data, type(document), "a.yaml") == document
    assert spell(parse(data, type(document), "a.yaml")) == data


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("maintenance: false\n", "", "maintenance: expected a value, got nothing"),
        ("maintenance: false", "maintenance: 1", "maintenance: expected bool, got 1"),
        ("environment/v1", "environment/v2", "schema: expected one of bot-core/environment/v1; got 'bot-core/environment/v2'"),
        ("rollout: 100", "rollout: 101", "models[0].rollout: expected int <= 100, got 101"),
        ("fallback: rules", "fallback: newest", "models[0].fallback: expected str matching regex"),
        ("fallback: rules", "fallback: rules\n    force: true", "got the unknown key force"),
        ("maintenance: false", "maintenance:  false", "line 3: expected 'maintenance: false', got 'maintenance:  false'"),
        ("maintenance: false", "maintenance: false\nmaintenance: true", "line 4: expected each key once, got maintenance again"),
    ],
)
def test_another_document_is_refused_with_its_place(old: str, new: str, sentence: str) -> None:
    view = MemoryView()
    put_environment(view, entry())
    text = (view.read(PATH) or b"").decode()
    assert old in text
    problem = refused(text.replace(old, new).encode())
    assert (problem.code, problem.reason.path) == ("CANON", PATH)
    assert problem.message.startswith(f"{PATH}: ")
    assert sentence in problem.message
    assert problem.hint


def test_a_time_has_one_spelling() -> None:
    text = spell(signoff()).decode()
    for other in (
        "2026-11-21T10:00:00+00:00",
        "2026-11-21T10:00:00.000Z",
        "2026-11-21t10:00:00Z",
        "2026-11-21T11:00:00+01:00",
        "2026-11-21 10:00:00Z",
    ):
        problem = refused(text.replace("2026-11-21T10:00:00Z", other).encode(), SignOff)
        assert "issued" in problem.message


def test_an_unsigned_document_may_be_missing() -> None:
    assert read(MemoryView(), PATH, Environment, comments=True) is None


# --- who signed ---------------------------------------------------------------------------------------------------------------------


def reason(view: MemoryView, path: str, crew: Crew | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_signed(view, path, SignOff, layout.SIGNOFF, crew or Crew(policy()))
    return caught.value.code, caught.value.message


def test_a_signed_document_comes_with_its_signer_and_time() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff(), since=T0 + DAY)
    signed = read_signed(view, path, SignOff, layout.SIGNOFF, Crew(policy()))
    assert (signed.document, signed.path, signed.since, signed.signer.name) == (signoff(), path, T0 + DAY, "ann")
    assert (signed.digest, signed.key.public) == (sha256(spell(signoff())), device("ann").public)


def test_no_signature_is_said_with_the_command_that_makes_one() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    view.put(path + ".sig", None)
    assert reason(view, path) == ("SIG-BAD", f"{path}: expected a signature of ann in {path}.sig, got no file")


def test_a_signature_without_its_document_is_said() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    view.put(path, None)
    assert reason(view, path) == ("SIG-BAD", f"{path}: expected the document that {path}.sig signs, got no file")


def test_another_document_of_the_same_person_is_not_what_was_signed() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    view.put(path, spell(signoff(role="data")))
    assert reason(view, path)[0] == "SIG-BAD"


def test_a_signature_of_another_kind_is_another_code() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    view.put(path + ".sig", device("ann").sign(spell(signoff()), "review@bot-core"))
    code, message = reason(view, path)
    assert code == "SIG-NAMESPACE"
    assert message == f"{path}.sig: expected a signature for signoff@bot-core, got one for review@bot-core"


def test_somebody_elses_key_is_unknown() -> None:
    view = MemoryView()
    path = put_signoff(view, signoff())
    view.put(path + ".sig", device("ben").sign(spell(signoff()), "signoff@bot-core"))
    assert reason(view, path)[0] == "SIG-UNKNOWN-KEY"


def test_who_left_since_stops_nothing_that_was_there_before() -> None:
    view = MemoryView()
    view.put(layout.POLICY, spell(policy()), T0 - DAY)
    view.put(layout.POLICY, spell(policy(person("ben", "root", "risk"))), T0 + DAY)
    now = Crew(policy(person("ben", "root", "risk")))
    path = put_signoff(view, signoff())
    assert read_signed(view, path, SignOff, layout.SIGNOFF, now).signer.name == "ann"
    path = put_signoff(view, signoff(issued=T0 + DAY), since=T0 + DAY)
    assert reason(view, path, now)[0] == "SIG-UNKNOWN-KEY"


def test_who_is_withdrawn_is_so_under_every_policy() -> None:
    view = MemoryView()
    view.put(layout.POLICY, spell(policy()), T0 - DAY)
    view.put(layout.POLICY, spell(policy(person("ben", "root", "risk"))), T0 + DAY)
    path = put_signoff(view, signoff())
    gone = Crew(policy(person("ben", "root", "risk")), [Withdrawn(T0, person="ann")])
    assert reason(view, path, gone)[0] == "SIG-REVOKED"
