"""What a runtime keeps on its own disk, under `var/`, never in git: what is in force, what people said here, what it must not forget.

The files are small, replaced whole, and read again by every process that follows them. None of them is evidence: each is made anew from
git, but for the memory, which must not be lost: it is why an old or rewritten history cannot undo a halt.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Percent, Time, Value
from bot_core.documents.interventions import Halt

Commit = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?\Z")]


class Servable(Part, frozen=True, kw_only=True):
    """A release that was proven for an environment: everything it needs lies in the state folder by digest.

    `commit`: where it was found good. `expires`: when its first sign-off ends. `config`, `drift` and `walk_forward` are the archived
    composed configuration and the reports of its release; without them no bars can be decided on, and neither drift nor live performance
    is watched.
    """

    model: Name
    version: Version
    release: Digest
    artifact: Digest
    domain: Digest
    config: Digest | None = None
    drift: Digest | None = None
    walk_forward: Digest | None = None
    rollout: Percent
    conditions: dict[str, Value] = {}
    commit: Commit
    expires: Time | None = None


class Active(Part, frozen=True, kw_only=True):
    """`active.json`: what may decide now, in one file, so that there is never half a change.

    `plans` decide; `fallbacks` are where a rollback would lead, proven beforehand; `pins` were asked for on this machine and proven.
    `rules`: model → the domain whose rules decide while no plan does; a model that is not named is rejected. `withheld` decide nothing:
    they say on which bars and features that is, so that a process can start meanwhile. `refused`: model → the codes of the reasons why no
    plan of it is in force.
    """

    schema: Literal["bot-core/active/v1"] = "bot-core/active/v1"
    environment: Name
    commit: Commit
    verified: Time
    maintenance: bool = False
    plans: list[Servable] = []
    fallbacks: list[Servable] = []
    pins: list[Servable] = []
    withheld: list[Servable] = []
    rules: dict[Name, Digest] = {}
    refused: dict[Name, list[str]] = {}

    def plan(self, model: str) -> Servable | None:
        """Find a model's plan."""
        return next((plan for plan in self.plans if plan.model == model), None)

    def pin(self, artifact: str) -> Servable | None:
        """Find a pin by its artifact."""
        return next((pin for pin in self.pins if pin.artifact == artifact), None)


class Named(Part, frozen=True, kw_only=True):
    """A release under a name that somebody gave it on this machine. `entry`: what git desired of the model when it was asked for."""

    model: Name
    version: Version
    artifact: Digest
    entry: Digest | None = None


class Protected(Part, frozen=True, kw_only=True):
    """Limits are shrunk since a report, until somebody in an approving role has answered exactly that file in a signed review."""

    model: Name
    path: str
    digest: Digest
    since: Time


class Degraded(Part, frozen=True, kw_only=True):
    """Rules decide in a release's place since a report, until somebody in an approving role has answered exactly that file."""

    model: Name
    version: Version
    path: str
    digest: Digest
    since: Time


class Control(Part, frozen=True, kw_only=True):
    """`control.json`: what was said on this machine: nothing may decide (`detached`), or this release, by its name (`default`).

    `halts` act here before git has them; they leave once it does. `protected`: models whose limits are shrunk.
    `degraded`: releases that do worse than their evidence said.
    """

    schema: Literal["bot-core/control/v1"] = "bot-core/control/v1"
    detached: bool = False
    halts: list[Halt] = []
    protected: list[Protected] = []
    degraded: list[Degraded] = []
    models: dict[str, Named] = {}
    default: str | None = None
    changed: Time | None = None
    reason: str = ""


class Gone(Part, frozen=True, kw_only=True):
    """A key (as in a policy) or a person that counts no more from `since` on."""

    since: Time
    key: str | None = None
    person: str | None = None


class RuntimeMemory(Part, frozen=True, kw_only=True):
    """`memory.json`: what is never unlearned: the policy, the newest commit accepted, who and what was stopped.

    `revoked`: digests of manifests, and of what those releases had learned. `seen`: commits from the future, and when they were first
    seen.
    """

    schema: Literal["bot-core/memory/v1"] = "bot-core/memory/v1"
    repository: str
    policy: Digest
    accepted: Commit
    halts: list[Halt] = []
    withdrawn: list[Gone] = []
    revoked: list[Digest] = []
    seen: dict[str, Time] = {}


ConditionName = Literal["Ready", "Reconciling", "Stalled", "Verified", "Fresh", "Halted"]


class Condition(Part, frozen=True, kw_only=True):
    """One thing that is so, or is not, since when, and why: a reason code and a sentence."""

    name: ConditionName
    holds: bool
    since: Time
    reason: str = ""
    message: str = ""


class ModelStatus(Part, frozen=True, kw_only=True):
    """What git desires of a model, what is in force, and why they differ, where they do."""

    model: Name
    desired: Version | None
    active: Version | None
    state: Literal["Synced", "OutOfSync", "Pending", "Refused"]
    decides: Literal["model", "rules", "nobody"]
    reasons: list[str] = []


class RuntimeStatus(Part, frozen=True, kw_only=True):
    """`status.json`: how the last pass of the reconciler went."""

    schema: Literal["bot-core/runtime-status/v1"] = "bot-core/runtime-status/v1"
    environment: Name
    observed_commit: Commit | None
    last_attempted: Time
    last_applied: Time | None
    reason: str = ""
    conditions: list[Condition]
    models: list[ModelStatus] = []
    warnings: list[str] = []

    def holds(self, name: ConditionName) -> bool:
        """Say whether a condition holds."""
        return any(condition.holds for condition in self.conditions if condition.name == name)
