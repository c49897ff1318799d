"""What a running environment proves to a gate that cannot see it: extracts, signed by the service that wrote them.

`bot-core audit publish` writes them, `promote` copies them into the pull request. They answer the checklist's questions about the scheduler
and about paper.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.artifact import Digest, Version
from bot_core.documents.governed import Governed, Name, Text, Time

Many = Annotated[int, Meta(ge=0)]


class Extract(Governed, frozen=True, kw_only=True):
    """What all extracts say: whose, from which environment, when, and which service signed."""

    repository: Text
    environment: Name
    model: Name
    version: Version
    published: Time
    signer: Name


class SchedulerExtract(Extract, frozen=True, kw_only=True):
    """`audit/ai_decision/operation/<env>/<version>/scheduler.<time>.json`: when the model's training last ran and runs next."""

    schema: Literal["bot-core/operation-scheduler/v1"]
    last_run: Time
    next_run: Time


class JournalExtract(Extract, frozen=True, kw_only=True):
    """`audit/ai_decision/operation/<env>/<version>/journal.<time>.json`: what the loop did while the release was active.

    `first` and `last` are the times of the first and the last decision; `is_ready` is what the last one says. `candidates` are all
    decisions, `decisions` those that were accepted. `head` is the digest of the last one's line in the journal, so that the extract can
    be checked against the journal.
    """

    schema: Literal["bot-core/operation-journal/v1"]
    first: Time
    last: Time
    is_ready: bool
    candidates: Many
    decisions: Many
    head: Digest
