"""Where governed files live: paths from names, and what kind of file a path is. One place, read by every command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core.documents.governed import NAME, ROLE

if TYPE_CHECKING:
    import datetime as dt

    from bot_core.documents.signoff import Subject

POLICY = "compliance/policy.yaml"
ALLOWED_SIGNERS = "compliance/allowed_signers"
CODEOWNERS = "CODEOWNERS"
HALTS, RESUMES, REVOCATIONS = "compliance/halts", "compliance/resumes", "compliance/revocations"
REVIEWS = "compliance/reviews"
MINUTES = "audit/ai_decision/go_live_minutes.md"
JOURNAL = "audit/ai_decision/incident_journal.md"
STAMP = r"[0-9]{8}T[0-9]{6}Z"
VERSION = STAMP + r"-[0-9a-f]{8}"
_HEX = r"[0-9a-f]{64}"
SIG = ".sig"

FileClass = Literal["policy", "environment", "add_only", "immutable", "generated", "living", "unknown", "other"]

# The first pattern that a path matches in full names its class. What lies in a governed folder and matches none is `unknown`: refused.
_CLASSES: tuple[tuple[FileClass, str], ...] = (
    ("policy", rf"compliance/policy\.yaml(\.{NAME}\.sig)?"),
    ("policy", rf"compliance/checklists/{NAME}\.yaml"),
    ("generated", r"compliance/allowed_signers|CODEOWNERS"),
    ("environment", rf"compliance/environments/{NAME}\.yaml"),
    (
        "add_only",
        rf"compliance/signoffs/{NAME}/{NAME}/({VERSION}|{_HEX})/(release|domain|rollout[0-9]{{1,3}})\.{ROLE}\.{NAME}\.{STAMP}\.yaml(\.sig)?",
    ),
    ("add_only", rf"compliance/domains/{NAME}/{_HEX}\.yaml"),
    ("add_only", rf"compliance/rollbacks/{NAME}/{NAME}/{NAME}\.yaml(\.sig)?"),
    ("add_only", rf"compliance/(halts/{NAME}|revocations)/{NAME}\.yaml(\.sig)?"),
    ("add_only", rf"compliance/resumes/{NAME}/{NAME}/{ROLE}\.{NAME}\.yaml(\.sig)?"),
    ("add_only", rf"compliance/reviews/(report|alert|incident|minutes|rollback)/{NAME}/{ROLE}\.{NAME}\.{STAMP}\.yaml(\.sig)?"),
    ("immutable", rf"models/{NAME}/{VERSION}\.(json|md|release\.yaml|release\.yaml\.sig)"),
    ("living", r"audit/ai_decision/(scheduler\.json|runs\.jsonl|incident_journal\.md|go_live_minutes\.md|decision_journal\.md)"),
    ("add_only", rf"audit/ai_decision/operation/{NAME}/{VERSION}/{NAME}(\.{STAMP})?\.json(\.sig)?"),
    ("add_only", rf"audit/ai_decision/(data_quality|drift|degradation)/{VERSION}\.{STAMP}\.json\.sig"),
    ("add_only", rf"audit/ai_decision/(walk_forward|data_quality|drift|config)/({VERSION}|{NAME})(\.{STAMP})?\.json"),
    ("add_only", rf"audit/ai_decision/(contest|degradation)/({VERSION}|{NAME})(\.{STAMP})?\.json"),
    ("other", r"compliance/README\.md|models/README\.md|audit/README\.md|(compliance|models|audit)/(.*/)?\.gitkeep"),
    ("unknown", r"(compliance|models|audit)/.*"),
)
_COMPILED = tuple((name, re.compile(pattern, re.DOTALL)) for name, pattern in _CLASSES)


def classify(path: str) -> FileClass:
    """Say what kind of file a path is; anything outside the governed folders is `other`.

    >>> classify("compliance/policy.yaml"), classify("conf/config.yaml"), classify("models/x/model.pkl")
    ('policy', 'other', 'unknown')
    """
    return next((name for name, pattern in _COMPILED if pattern.fullmatch(path)), "other")


def environment(name: str) -> str:
    """Return an environment's file."""
    return f"compliance/environments/{name}.yaml"


def checklist(name: str) -> str:
    """Return a checklist's file."""
    return f"compliance/checklists/{name}.yaml"


def manifest(model: str, version: str) -> str:
    """Return a release's manifest."""
    return f"models/{model}/{version}.release.yaml"


def artifact(model: str, version: str) -> str:
    """Return a release's artifact."""
    return f"models/{model}/{version}.json"


def domain(name: str, digest: str) -> str:
    """Return a domain's file; its name is its content."""
    return f"compliance/domains/{name}/{digest.removeprefix('sha256:')}.yaml"


def stamp(time: dt.datetime) -> str:
    """Spell a time for a file's name."""
    return f"{time:%Y%m%dT%H%M%SZ}"


def signoffs(environment: str, subject: Subject) -> str:
    """Return the folder of a subject's sign-offs in an environment."""
    return f"compliance/signoffs/{environment}/{subject.name}/{subject.version or subject.digest.removeprefix('sha256:')}"


def signoff_prefix(subject: Subject) -> str:
    """Return what the names of a subject's sign-offs begin with.

    A step of a rollout names its percent: 5 % and 50 % are two subjects.
    """
    return f"rollout{subject.percent}." if subject.kind == "rollout" else f"{subject.kind}."


def signoff(environment: str, subject: Subject, role: str, signer: str, issued: dt.datetime) -> str:
    """Return the file of one sign-off."""
    return f"{signoffs(environment, subject)}/{signoff_prefix(subject)}{role}.{signer}.{stamp(issued)}.yaml"


def halts(environment: str) -> str:
    """Return the folder of an environment's halts."""
    return f"{HALTS}/{environment}"


def resumes(environment: str, halt: str) -> str:
    """Return the folder of the words that a halt may end."""
    return f"{RESUMES}/{environment}/{halt}"


def rollbacks(environment: str, model: str) -> str:
    """Return the folder of a model's rollback orders."""
    return f"compliance/rollbacks/{environment}/{model}"


def reviews(kind: str, name: str) -> str:
    """Return the folder of the signed answers to a file."""
    return f"{REVIEWS}/{kind}/{name}"


@dataclass(frozen=True, slots=True)
class Signable:
    """A kind of signed document: its namespace (`<kind>@bot-core`) and whether whole-line comments are allowed in it."""

    kind: str
    comments: bool = False

    @property
    def namespace(self) -> str:
        """What `ssh-keygen -n` is given."""
        return f"{self.kind}@bot-core"


POLICY_KIND = Signable("policy", comments=True)
RELEASE, SIGNOFF, REVIEW, ROLLBACK = Signable("release"), Signable("signoff"), Signable("review"), Signable("rollback")
REPORT = Signable("report")
HALT, RESUME, REVOCATION = Signable("halt"), Signable("resume"), Signable("revocation")
