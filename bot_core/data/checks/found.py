"""A defect that was found, before the limits judge it: how many rows, of how many, where the first and the last one are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot_core.documents.data_quality import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot_core.config.models import QualityLimits
    from bot_core.documents.status import Status


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of defect: `count` of `of` rows; `code` is a field of `QualityLimits`."""

    code: str
    count: int
    of: int
    first: np.datetime64
    last: np.datetime64
    message: str

    @property
    def share(self) -> float:
        """Return count / of."""
        return self.count / self.of


def found_at(code: str, places: NDArray[np.datetime64], of: int, message: str) -> Found | None:
    """Return the defect at these times, in the order given; None where there are none. `message` follows the count."""
    if len(places) == 0:
        return None
    return Found(code, len(places), of, places[0], places[-1], f"{len(places):,} of {of:,} {message}")


def judged(found: Found, limits: QualityLimits) -> Finding:
    """Return the finding with its status: critical when the share is above that limit, else warning above that one, else ok."""
    limit = getattr(limits, found.code)
    status: Status = "critical" if found.share > limit.critical else "warning" if found.share > limit.warning else "ok"
    return Finding(
        code=found.code,
        status=status,
        count=found.count,
        share=found.share,
        first=written(found.first),
        last=written(found.last),
        message=found.message,
    )


def written(time: np.datetime64) -> str:
    """Return a UTC time as reports write it.

    >>> written(np.datetime64("2017-01-01T22:00"))
    '2017-01-01T22:00:00Z'
    """
    return f"{np.datetime_as_string(time, unit='s')}Z"
