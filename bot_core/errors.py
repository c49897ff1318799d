"""The exception tree: every expected failure is one of these, and says where, expected, got and what to do.

BotCoreError                exit 1   base; never raised itself
├── ConfigError             exit 2   conf/ or params.yaml: unknown key, wrong type, value out of range
├── InputError              exit 2   a data file cannot be read as what the configuration says it is
├── DocumentError           exit 2   bytes are not the document they claim to be
├── DatasetError            exit 2   sound data, but too little of it for what was asked
├── GitError                exit 2   no repository, no such commit, a cut-off history, conflicting branches
├── HostError               exit 2   the forge took no pull request: not reachable, no right, another answer than expected
├── SigningError            exit 2   ssh-keygen gave no signature: no command, no key, no touch
├── TrackingError           exit 2   a tracker or a store cannot be reached; what it should hold waits here
├── QualityError            exit 20  the data-quality report says critical
├── ReleaseError            exit 20  a release is refused: dirty tree, missing or stale evidence
├── SignOffError            exit 20  a report is missing, or a role has not signed it
├── PredictorError          exit 20  a stored model cannot be loaded here, or does not give its golden outputs to the last bit
├── RetrainingError         exit 20  a step of a retraining run failed; the run goes on from there next time
├── LeakError               exit 20  a feature gives the label away
├── AutotraderPaused        exit 20  an order came while nothing may be traded
├── CanonicalError          exit 30  a governed document is not in the one accepted spelling
├── SnapshotError           exit 30  a cached model's files are not those that were recorded
└── AuditError              exit 1   a record could not be written; the operation has failed with it

Codes are stable: scripts and runbooks may match on them. `bot_core.cli` is the one place that turns them into text.
"""

from __future__ import annotations


class BotCoreError(Exception):
    """Base of all expected failures.

    Args:
        message: one sentence: where, what was expected, what came.
        hint: what to do next, preferably a command.
    """

    code = "ERROR"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(BotCoreError):
    """The configuration is not what the typed groups allow."""

    code = "CONFIG"
    exit_code = 2


class InputError(BotCoreError):
    """A data file is missing, empty, or not what its declaration says."""

    code = "INPUT"
    exit_code = 2


class DocumentError(BotCoreError):
    """Bytes do not parse as the document kind that was expected."""

    code = "DOCUMENT"
    exit_code = 2


class DatasetError(BotCoreError):
    """There are not enough usable rows, or classes, for what the configuration asks."""

    code = "DATASET"
    exit_code = 2


class GitError(BotCoreError):
    """Git cannot answer: no repository, no such commit, a history that was cut off, branches that conflict."""

    code = "GIT"
    exit_code = 2


class HostError(BotCoreError):
    """The forge did not take a pull request; the branch is pushed, so another attempt can."""

    code = "HOST"
    exit_code = 2


class SigningError(BotCoreError):
    """A document was not signed: ssh-keygen, the key, or the person behind it did not take part."""

    code = "SIGNING"
    exit_code = 2


class TrackingError(BotCoreError):
    """A tracker or a store of artifacts does not answer, or refuses; what it should hold is kept here until it does."""

    code = "TRACKING"
    exit_code = 2


class QualityError(BotCoreError):
    """Data quality is critical; the report says why and has been written."""

    code = "QUALITY"
    exit_code = 20


class ReleaseError(BotCoreError):
    """A release is refused because its evidence or its inputs are not in order."""

    code = "RELEASE"
    exit_code = 20


class CanonicalError(BotCoreError):
    """A governed document is not in the one spelling that is accepted."""

    code = "CANON"
    exit_code = 30


class SignOffError(BotCoreError):
    """A report is missing, or a role that must sign it has not."""

    code = "SIGNOFF"
    exit_code = 20


class PredictorError(BotCoreError):
    """A stored model cannot be loaded here, does not give its golden outputs to the last bit, or was given no row of its own."""

    code = "PREDICTOR"
    exit_code = 20


class RetrainingError(BotCoreError):
    """A step of a retraining run failed; what was done is kept, and the next attempt goes on from there."""

    code = "RETRAINING"
    exit_code = 20


class LeakError(BotCoreError):
    """A feature would give the label away: it is made of it, or knows what only the future knows."""

    code = "LEAK"
    exit_code = 20


class SnapshotError(BotCoreError):
    """A cached model's files are not those whose digest was recorded; nothing is loaded from them."""

    code = "SNAPSHOT"
    exit_code = 30


class AutotraderPaused(BotCoreError):  # noqa: N818  # a state, not a fault
    """An order came while nothing may be traded."""

    code = "PAUSED"
    exit_code = 20


class AuditError(BotCoreError):
    """A record could not be written, so the operation it records did not happen."""

    code = "AUDIT"
    exit_code = 1
