"""What checks of a training job's data found, beside those that every data set is judged by."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.document import Part
from bot_core.documents.governed import Name, Text, Time
from bot_core.documents.status import Status, worst

Word = Annotated[str, Meta(min_length=1, max_length=80)]


class QualityIssue(Part, frozen=True, kw_only=True):
    """One thing that is wrong: a stable code, how bad, and a sentence. `check` names who found it; nothing where a person reports it."""

    code: Name
    status: Literal["warning", "critical"]
    message: Text
    check: Word | None = None


class QualityCheckReport(Part, frozen=True, kw_only=True):
    """`audit/ai_decision/data_quality/<model>.<time>.json`: the checks of a job that were asked, and every issue.

    `status` is the worst issue's, ok without any. `source` says where the data came from, `tags` are the checks' own words.
    """

    schema: Literal["bot-core/quality-checks/v1"] = "bot-core/quality-checks/v1"
    category: Literal["data_quality"] = "data_quality"
    model: Name
    environment: Word
    status: Status
    generated_at: Time
    source: str
    tags: list[Word]
    checks: list[Word]
    issues: list[QualityIssue]

    def __post_init__(self) -> None:
        expected = worst(issue.status for issue in self.issues)
        if self.status != expected:
            msg = f"status: expected {expected}, the worst of the issues, got {self.status}"
            raise ValueError(msg)
