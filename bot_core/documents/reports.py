"""Archived reports: several kinds may lie in one folder of `audit/ai_decision/`, and each says by its `schema` which it is."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from bot_core._parse import decode_json
from bot_core.documents.data_quality import DataQualityReport
from bot_core.documents.degradation import DegradationReport
from bot_core.documents.drift import DriftReport
from bot_core.documents.monitoring import InferenceDrift, InferenceQuality, InferenceReport
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.quality_checks import QualityCheckReport
from bot_core.documents.status import ORDER, Status
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.errors import DocumentError

Category = Literal["walk_forward", "data_quality", "drift", "degradation"]
Report = WalkForwardReport | DataQualityReport | DriftReport | InferenceReport | QualityCheckReport | OnlineDrift

_KINDS: Final[dict[Category, dict[str, type[Report]]]] = {
    "walk_forward": {"bot-core/walk-forward/v1": WalkForwardReport},
    "data_quality": {
        "bot-core/data-quality/v1": DataQualityReport,
        "bot-core/inference-quality/v1": InferenceQuality,
        "bot-core/quality-checks/v1": QualityCheckReport,
    },
    "drift": {
        "bot-core/drift/v1": DriftReport,
        "bot-core/inference-drift/v1": InferenceDrift,
        "bot-core/online-drift/v1": OnlineDrift,
    },
    "degradation": {"bot-core/degradation/v1": DegradationReport},
}


class ReportHead(msgspec.Struct, frozen=True):
    """What all reports have in common. The rest of a file is passed over, so that thousands can be looked through."""

    schema: str = ""
    model: str = ""
    status: str = ""


def schema_of(data: bytes) -> str:
    """Return which kind a document says it is; nothing where it says none.

    >>> schema_of(b'{"schema": "bot-core/drift/v1", "model": "m"}'), schema_of(b"{")
    ('bot-core/drift/v1', '')
    """
    try:
        return _head(data).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def read_report(data: bytes, category: Category, where: str) -> Report:
    """Parse a report as the kind that it says it is.

    Raises:
        DocumentError: not JSON, of no kind that belongs there, or not such a document; the message starts with `where`.
    """
    schema = schema_of(data)
    kind = _KINDS[category].get(schema)
    if kind is None:
        decode_json(data, object, where)  # what is no JSON at all says so
        msg = f"{where}: schema: expected one of {', '.join(_KINDS[category])}; got {schema or 'nothing'}"
        raise DocumentError(msg, hint="the file belongs elsewhere, or a newer version of this program wrote it")
    return decode_json(data, kind, where)


def read_status(data: bytes, category: Category) -> tuple[str, Status]:
    """Return a report's model and status without reading the rest; what cannot be read, or is of an unknown kind, is critical.

    >>> read_status(b'{"schema": "bot-core/drift/v1", "model": "m", "status": "ok"}', "drift")
    ('m', 'ok')
    >>> read_status(b'{"schema": "bot-core/drift/v9", "model": "m", "status": "ok"}', "drift")
    ('', 'critical')
    """
    try:
        head = _head(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", "critical"
    status = next((state for state in ORDER if state == head.status), None)
    return (head.model, status) if status and head.model and head.schema in _KINDS[category] else ("", "critical")


def is_enforced(report: Report) -> bool:
    """Say whether a report's own policy stops decisions when it is critical."""
    return isinstance(report, InferenceReport) and report.policy.enforce


_head = msgspec.json.Decoder(ReportHead).decode
