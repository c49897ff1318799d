"""What restricts at once: halts in force, revoked keys, people and releases.

A file that nobody in an approving role signed does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from bot_core.documents.interventions import Halt, Resume, Revocation
from bot_core.documents.policy import Person
from bot_core.errors import ConfigError
from bot_core.governance import layout, learned, quorum, sshsig
from bot_core.governance.crew import Crew, Withdrawn
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bot_core.documents.environment import Entry
    from bot_core.documents.policy import EnvironmentPolicy, Policy
    from bot_core.governance.layout import Signable
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Memory:
    """What a runtime has seen before and does not forget, whatever git says now."""

    withdrawn: Sequence[Withdrawn] = ()
    revoked: frozenset[str] = frozenset()
    halts: Sequence[Halt] = ()


@dataclass(frozen=True, slots=True)
class Restrictions:
    """The crew that counts, the halts in force, and what does not count: digests of manifests, and of what those releases had learned."""

    crew: Crew
    revoked: frozenset[str]
    halts: Sequence[Halt]

    def stopping(self, entry: Entry) -> list[Halt]:
        """List the halts that stop an entry."""
        return [h for h in self.halts if h.model is None or (h.model == entry.model and h.version in (None, entry.version))]


def restrictions(
    view: View, policy: Policy, environment: EnvironmentPolicy, memory: Memory, verify: Verify = sshsig.verify
) -> Restrictions:
    """Read what restricts an environment."""
    crew, releases = revocations(view, policy, memory, verify)
    revoked = releases | learned.learned_by(view, releases, memory.revoked)
    found = [signed.document for signed in signed_halts(view, crew, environment, verify)]
    remembered = [halt for halt in memory.halts if halt.environment == environment.name and halt not in found]
    halts = [halt for halt in [*found, *remembered] if not is_resumed(view, crew, environment, halt, verify)]
    return Restrictions(crew, revoked, halts)


def revocations(view: View, policy: Policy, memory: Memory, verify: Verify = sshsig.verify) -> tuple[Crew, frozenset[str]]:
    """Return the crew less what was withdrawn, and the digests of revoked releases, besides whatever is remembered."""
    crew = Crew(policy)
    roles = {role for rules in policy.environments for role in rules.approvals}
    found = [
        s
        for s in _signed(view, layout.REVOCATIONS, Revocation, layout.REVOCATION, crew, verify)
        if may(s, roles, policy.repository)
    ]
    withdrawn = [_withdrawn(s) for s in found if s.document.kind != "release"]
    revoked = {s.document.subject for s in found if s.document.kind == "release"}
    return replace(crew, withdrawn=(*memory.withdrawn, *withdrawn)), memory.revoked | revoked


def signed_halts(view: View, crew: Crew, environment: EnvironmentPolicy, verify: Verify = sshsig.verify) -> list[Signed[Halt]]:
    """List an environment's halts, resumed ones included."""
    found = _signed(view, layout.halts(environment.name), Halt, layout.HALT, crew, verify)
    repository = crew.policy.repository
    return [s for s in found if s.document.environment == environment.name and may(s, environment.approvals, repository)]


def is_resumed(view: View, crew: Crew, environment: EnvironmentPolicy, halt: Halt, verify: Verify = sshsig.verify) -> bool:
    """Say whether the environment's quorum has ended a halt."""
    return not resume_missing(view, crew, environment, halt, verify)


def resume_missing(
    view: View, crew: Crew, environment: EnvironmentPolicy, halt: Halt, verify: Verify = sshsig.verify
) -> dict[str, int]:
    """Return how many approvals each role still lacks to end a halt."""
    found = _signed(view, layout.resumes(environment.name, halt.id), Resume, layout.RESUME, crew, verify)
    signed: dict[str, set[str]] = {}
    for s in found:
        word = s.document
        fits = word.halt == halt.id and word.environment == environment.name and word.issued >= halt.issued
        if fits and may(s, {word.role}, crew.policy.repository):
            signed.setdefault(word.role, set()).add(word.signer)
    return quorum.missing(environment.approvals, signed, distinct=environment.distinct_people)


def may(signed: Signed[T], roles: object, repository: str) -> bool:
    """Say whether a person in one of some roles signed, for this repository."""
    holder = signed.signer
    own = getattr(signed.document, "repository", repository) == repository
    return own and isinstance(holder, Person) and any(role in roles for role in holder.roles)  # type: ignore[operator]  # a set or a mapping


def require_holder(policy: Policy, name: str, roles: Collection[str]) -> None:
    """Prove that a person's order would count.

    Raises:
        ConfigError: the person holds none of the roles.
    """
    person = policy.person(name)
    if person is None or not set(person.roles) & set(roles):
        holders = ", ".join(p.name for p in policy.people if set(p.roles) & set(roles))
        msg = f"--signer: expected somebody in a role that approves ({holders}), got {name}, whose order would count for nothing"
        raise ConfigError(msg, hint="ask one of them at once")


def halted(entry: Entry, environment: str, halts: Sequence[Halt]) -> list[Reason]:
    """Explain the halts that stop an entry."""
    path = layout.environment(environment)
    return [
        Reason(
            "HALTED",
            path,
            f"{path}: {entry.model}: expected no halt in force, got {halt.id} of {halt.signer}: {halt.reason}",
            f"bot-core resume {environment} {halt.id} --role ROLE --signer NAME --key KEY --reason TEXT",
        )
        for halt in halts
    ]


def _withdrawn(signed: Signed[Revocation]) -> Withdrawn:
    order = signed.document
    since = min(order.compromised_since or signed.since, signed.since)
    if order.kind == "person":
        return Withdrawn(since, person=order.subject)
    return Withdrawn(since, key=sshsig.key_blob(order.subject))


def _signed(view: View, folder: str, kind: type[T], signable: Signable, crew: Crew, verify: Verify) -> Iterator[Signed[T]]:
    """Read the documents of a folder that are signed by whom they name; what is not counts for nothing."""
    paths = [f"{folder}/{name}" for name in view.names(folder) if name.endswith(".yaml")]
    view.expect(paths)
    for path in paths:
        try:
            signed = read_signed(view, path, kind, signable, crew, verify)
        except Refused:
            continue
        if _named(signed.document, path):
            yield signed


def _named(document: object, path: str) -> bool:
    """Say whether a file is named as its content asks."""
    stem = path.rsplit("/", 1)[-1].removesuffix(".yaml")
    if isinstance(document, Resume):
        return stem == f"{document.role}.{document.signer}"
    if isinstance(document, Revocation) and document.kind == "key" and not _is_key(document.subject):
        return False
    return stem == str(getattr(document, "id", stem))


def _is_key(public: str) -> bool:
    try:
        sshsig.key_blob(public)
    except sshsig.SignatureError:
        return False
    return True
