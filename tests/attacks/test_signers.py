"""Attacks on who signs: by whom, with which key, and nobody twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bot_core.documents.interventions import Revocation
from bot_core.governance import layout
from bot_core.governance.manifest import manifest
from bot_core.governance.reading import spell
from tests.attacks.forge import bring, expect, on_main, paper, policy, reword, say, stranger, window, withdraw, word
from tests.authenticator import Authenticator, keypair
from tests.evidence import write_release
from tests.world import MODEL, SIGNERS, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.attacks.forge import Outcome
    from tests.world import Stage, World

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    """Start from a proposal that everybody signed and the gate allows."""
    return world("ready")


# --- by whom ---


def test_a_signature_of_another_kind_does_not_count(desk: World) -> None:
    reword(desk, kind=layout.REVIEW)
    expect(desk, 30, "ROLE-MISSING", "SIG-NAMESPACE")


def test_a_missing_signature_does_not_count(desk: World) -> None:
    (desk.path / (paper(desk) + layout.SIG)).unlink()
    desk.commit()
    expect(desk, 30, "ROLE-MISSING", "SIG-BAD")


def test_a_document_edited_after_signing_does_not_count(desk: World) -> None:
    desk.edit(paper(desk), f'expires: "{word(desk).expires:%Y}', f'expires: "{word(desk).expires.year - 1}')
    desk.commit()
    expect(desk, 30, "ROLE-MISSING", "SIG-BAD")


@pytest.mark.parametrize("name", ["mallory", "ben", "eve"])
def test_nobody_signs_for_somebody_else(desk: World, name: str) -> None:
    reword(desk, key=stranger(desk) if name == "mallory" else desk.key(name))
    expect(desk, 30, "ROLE-MISSING", "SIG-UNKNOWN-KEY")


@pytest.mark.parametrize(
    ("signer", "codes"),
    [
        ("anm", {"SIG-UNKNOWN-KEY"}),
        ("Ann", {"CANON", "PATH"}),
        ("\u0430nn", {"CANON", "PATH"}),
        ("\uff41nn", {"CANON", "PATH"}),
    ],
    ids=["lookalike", "case", "Cyrillic a", "full width"],
)
def test_a_name_that_looks_like_a_signers_is_not_hers(desk: World, signer: str, codes: set[str]) -> None:
    reword(desk, signer=signer, key=stranger(desk))
    expect(desk, 30, "ROLE-MISSING", *codes)


@pytest.mark.parametrize("signer", ["Ann", "\u0430nn", "\uff41nn"], ids=["case", "Cyrillic a", "full width"])
def test_a_signer_spells_her_own_name(desk: World, signer: str) -> None:
    reword(desk, signer=signer, at=paper(desk), key=desk.key("ann"))
    expect(desk, 30, "ROLE-MISSING", "CANON")


@pytest.mark.parametrize(("signer", "outcome"), [("gus", (20, "ROLE-MISSING", "SIGNOFF-CONTEXT")), ("fay", (0,))])
def test_only_who_holds_the_role_signs_in_it(desk: World, signer: str, outcome: Outcome) -> None:
    reword(desk, signer=signer)
    expect(desk, *outcome)


def test_the_command_signs_in_no_role_that_the_signer_does_not_hold(desk: World) -> None:
    code, _, err = command(desk, "gus", desk.key("gus"))
    assert (code, "CONFIG" in err) == (2, True), err


def test_the_command_signs_with_no_key_of_somebody_else(desk: World) -> None:
    code, _, err = command(desk, "fay", desk.key("gus"))
    assert (code, "SIG-UNKNOWN-KEY" in err) == (30, True), err
    assert command(desk, "fay", desk.key("fay"))[0] == 0


def command(desk: World, signer: str, key: Path) -> tuple[int, str, str]:
    """Sign off in the role risk, with its answers."""
    words = ("--env", "production", "--role", "risk", "--answer", "C7=pass")
    return desk.run("sign-off", MODEL, desk.version, *words, "--signer", signer, "--key", key)


# --- with which key ---


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ({"valid_until": 7}, (20, "GO-LIVE", "LIMITS", "ROLE-MISSING", "SIG-EXPIRED-KEY")),
        ({"valid_from": 9}, (20, "GO-LIVE", "LIMITS", "ROLE-MISSING", "SIG-EXPIRED-KEY")),
        ({"valid_until": 9}, (0,)),
    ],
    ids=["expired", "not valid yet", "valid"],
)
def test_a_key_counts_while_it_is_valid(desk: World, limits: dict[str, int], outcome: Outcome) -> None:
    with on_main(desk):
        policy(desk, edits=(window(desk, "ann", **limits),))
    expect(desk, *outcome)


@pytest.mark.parametrize("kind", ["key", "person"])
@pytest.mark.parametrize("since", [None, -1, 7], ids=["from now on", "since yesterday", "since next week"])
def test_what_is_revoked_signs_no_more(desk: World, kind: str, since: int | None) -> None:
    revoke(desk, kind, "cid", since)
    expect(desk, 20, "GO-LIVE", "ROLE-MISSING", "SIG-REVOKED")


def test_revoking_somebody_else_takes_nothing_away(desk: World) -> None:
    revoke(desk, "person", "gus")
    expect(desk, 0)


@pytest.mark.parametrize(("signer", "outcome"), [("gus", (0,)), ("fay", (20, "GO-LIVE", "ROLE-MISSING", "SIG-REVOKED"))])
def test_only_who_holds_an_approving_role_revokes(desk: World, signer: str, outcome: Outcome) -> None:
    with on_main(desk):
        order = Revocation(
            schema="bot-core/revocation/v1",
            repository="quant/models",
            id="r1",
            kind="person",
            subject="cid",
            signer=signer,
            issued=desk.t0,
            reason="gone",
        )
        bring(desk, f"{layout.REVOCATIONS}/r1.yaml", spell(order), desk.key(signer), layout.REVOCATION)
    expect(desk, *outcome)


@pytest.mark.parametrize(
    ("kind", "compromised", "verdict"), [("key", None, "ALLOW"), ("person", None, "ALLOW"), ("key", 7, "DENY"), ("key", 9, "ALLOW")]
)
def test_what_a_signer_approved_before_she_left_holds_unless_the_key_was_stolen_by_then(
    desk: World, kind: str, compromised: int | None, verdict: str
) -> None:
    desk.merge(desk.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    desk.shift = WEEK + DAY
    revoke(desk, kind, "cid", compromised)
    stands, codes = decided(desk)
    assert (stands, "SIG-REVOKED" in codes) == (verdict, verdict == "DENY"), codes


@pytest.mark.parametrize("name", ["cid", "eve"], ids=["a signer", "the author"])
def test_what_somebody_signed_before_being_dropped_holds(desk: World, name: str) -> None:
    desk.merge(desk.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    desk.shift = WEEK + DAY
    policy(desk, "--drop", name, *(("--person", f"hal={stranger(desk, 'hal')}.pub:platform")))
    assert decided(desk) == ("ALLOW", set())


def test_dropping_who_revoked_lifts_no_revocation(desk: World) -> None:
    revoke(desk, "person", "cid")
    desk.shift = HOUR
    with on_main(desk):
        policy(desk, "--drop", "fay")
    expect(desk, 20, "GO-LIVE", "ROLE-MISSING", "SIG-REVOKED")


def test_who_was_dropped_signs_nothing_new(desk: World) -> None:
    desk.shift = HOUR
    with on_main(desk):
        policy(desk, "--drop", "cid", "--person", f"hal={stranger(desk, 'hal')}.pub:platform")
    expect(desk, 30, "GO-LIVE", "ROLE-MISSING", "SIG-UNKNOWN-KEY")


def decided(desk: World) -> tuple[str, set[str]]:
    """Return how the release stands in production ten days after T0: verdict and reason codes."""
    places: list[dict[str, Any]] = desk.status("main", after=WEEK + 2 * DAY)["environments"]  # type: ignore[assignment]
    entry = next(place for place in places if place["environment"] == "production")["models"][0]
    return entry["verdict"], {reason["code"] for reason in entry["reasons"]}


def revoke(desk: World, kind: str, name: str, since: int | None = None) -> None:
    """Revoke on the protected branch, as fay; `since`: in days after T0."""
    what = f"{desk.key(name)}.pub" if kind == "key" else name
    when = ("--compromised-since", f"{desk.t0 + since * DAY:%Y-%m-%dT%H:%M:%SZ}") if since is not None else ()
    with on_main(desk):
        desk.ok("revoke", kind, what, *when, "--reason", "gone", "--signer", "fay", "--key", desk.key("fay"))


@pytest.mark.parametrize(("touched", "outcome"), [(True, (0,)), (False, (20, "ROLE-MISSING", "SIG-NO-TOUCH"))])
def test_a_hardware_key_must_be_touched(desk: World, *, touched: bool, outcome: Outcome) -> None:
    device = Authenticator()
    (desk.path.parent / "hal.pub").write_text(device.public)
    with on_main(desk):
        policy(desk, "--person", f"hal={desk.path.parent}/hal.pub:platform")
    path = reword(desk, "platform", signer="hal", key=desk.key("cid"))
    data = (desk.path / path).read_bytes()
    desk.put(path + layout.SIG, device.sign(data, layout.SIGNOFF.namespace, touch=touched))
    desk.commit()
    expect(desk, *outcome)


# --- four eyes ---


@pytest.mark.parametrize(("signer", "outcome"), [("ann", (20, "ROLE-MISSING", "SOD-SELF")), ("fay", (0,))])
@pytest.mark.parametrize("way", ["author", "second key", "co-author"])
def test_an_author_does_not_approve_the_own_release(
    world: Callable[[Stage], World], way: str, signer: str, outcome: Outcome
) -> None:
    desk = world("configured")
    second = keypair(desk.path.parent, "second")
    if way == "second key":
        one, more = window(desk, "ann"), (desk.path.parent / "second.pub").read_text().rsplit(" ", 1)[0]
        policy(
            desk, edits=((one[0], f'{one[1]}      - public: "{more}"\n        valid_from: "{desk.t0 - DAY:%Y-%m-%dT%H:%M:%SZ}"\n'),)
        )
    desk.version = released(desk, ["ann"]) if way == "co-author" else desk.release(author="ann")
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    key = second if way == "second key" and signer == "ann" else desk.key(signer)
    desk.ok("sign-off", MODEL, desk.version, "--env", "paper", "--role", "risk", "--signer", signer, "--key", key)
    expect(desk, *outcome)


def released(desk: World, co_authors: list[str]) -> str:
    """Release as eve, with co-authors."""
    version = write_release(desk.path, MODEL, desk.t0)
    document = msgspec.structs.replace(manifest(desk.path, MODEL, version, "eve"), co_authors=co_authors)
    bring(desk, layout.manifest(MODEL, version), spell(document), desk.key("eve"), layout.RELEASE)
    return version


def test_one_person_fills_one_role(desk: World) -> None:
    for role in ("risk", "data"):
        reword(desk, role, signer="fay")
    expect(desk, 20, "ROLE-MISSING", "SOD-SAME-PERSON")
    desk.sign_off("data")
    expect(desk, 0)


@pytest.mark.parametrize("role", SIGNERS)
def test_every_role_is_needed(desk: World, role: str) -> None:
    withdraw(desk, paper(desk, role))
    expect(desk, 10, "ROLE-MISSING")


def test_one_no_outweighs_a_yes_in_the_same_role(desk: World) -> None:
    desk.sign_off("risk", "fay", "--reject", "--statement", "not convinced")
    expect(desk, 20, "ROLE-REJECTED")


@pytest.mark.parametrize(("first", "outcome"), [("reject", (0,)), ("approve", (20, "ROLE-MISSING", "ROLE-REJECTED"))])
def test_the_latest_word_of_a_person_counts(desk: World, first: str, outcome: Outcome) -> None:
    said = word(desk)
    earlier = said.issued - HOUR
    if first == "approve":
        reword(desk, decision="reject")
    say(desk, msgspec.structs.replace(said, issued=earlier, decision=first))
    expect(desk, *outcome)
