"""The policy: who may sign what, with which keys, and what an environment asks for. Signed by the root quorum."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest
from bot_core.documents.governed import Count, Days, Governed, Name, Percent, Role, Text, Time
from bot_core.documents.release import ReportKind

ROOT = "root"


class PublicKey(Governed, frozen=True, kw_only=True):
    """An OpenSSH public key and when it may be used. `require_touch`: only signatures a person touched the key for."""

    public: Text
    valid_from: Time
    valid_until: Time | None = None
    require_touch: bool = False


class Person(Governed, frozen=True, kw_only=True):
    """Somebody who signs. `emails` name the same person to the forge; no role: may author releases, approve nothing."""

    name: Name
    emails: list[Text] = []
    roles: list[Role] = []
    keys: Annotated[list[PublicKey], Meta(min_length=1)]


class Service(Governed, frozen=True, kw_only=True):
    """A machine: may publish and propose, may approve nothing."""

    name: Name
    may: list[Literal["head", "report", "propose_revert"]]
    keys: Annotated[list[PublicKey], Meta(min_length=1)]


class ChecklistName(Governed, frozen=True, kw_only=True):
    """`compliance/checklists/<id>.yaml`, by content."""

    id: Name
    digest: Digest


class After(Governed, frozen=True, kw_only=True):
    """The release must have been active in another environment for so many days."""

    environment: Name
    days: Days


class ReportRule(Governed, frozen=True, kw_only=True):
    """One kind of report that must be there: how old at most, how long before the change it was brought, what it must show."""

    kind: ReportKind
    max_age_days: Days | None = None
    min_lead_days: Days | None = None
    beats_baseline: bool = False


class Rollout(Governed, frozen=True, kw_only=True):
    """Allowed percentages, rising, and who approves a step up."""

    steps: Annotated[list[Percent], Meta(min_length=1)]
    forward: dict[Role, Count] = {}


class GoLive(Governed, frozen=True, kw_only=True):
    """The roles that must have signed the minutes before a model is first active."""

    minutes: list[Role]


class RollbackRule(Governed, frozen=True, kw_only=True):
    """How far back one may go on one signature, and when the review of it is due."""

    approvals_any: Count = 1
    within_days: Days = 90
    review_hours: Count = 24


class EnvironmentPolicy(Governed, frozen=True, kw_only=True):
    """What an environment asks of an entry. What is left out is not asked, but `approvals` and `reports` are always there."""

    name: Name
    approvals: dict[Role, Count]
    reports: Annotated[list[ReportRule], Meta(min_length=1)]
    checklist: ChecklistName | None = None
    max_sign_to_merge_days: Days | None = None
    max_validity_days: Days | None = None
    distinct_people: bool = True
    author_may_sign: bool = False
    after: After | None = None
    limits: dict[Role, Count] = {}
    rollout: Rollout | None = None
    go_live: GoLive | None = None
    rollback: RollbackRule | None = None


class Policy(Governed, frozen=True, kw_only=True):
    """`compliance/policy.yaml`; version n + 1 names the digest of version n in `previous`."""

    schema: Literal["bot-core/policy/v1"]
    repository: Text
    version: Count
    previous: Digest | None = None
    root_quorum: Count
    formats: Annotated[list[Text], Meta(min_length=1)]
    people: Annotated[list[Person], Meta(min_length=1)]
    services: list[Service] = []
    environments: Annotated[list[EnvironmentPolicy], Meta(min_length=1)]
    signoffs_valid_from_policy: Count = 1

    def environment(self, name: str) -> EnvironmentPolicy | None:
        """Find an environment."""
        return next((rules for rules in self.environments if rules.name == name), None)

    def person(self, name: str) -> Person | None:
        """Find a person by exact name."""
        return next((person for person in self.people if person.name == name), None)
