"""Where newer rows of a data file come from: `update:` in `conf/data/`.

`bot_core.config.models` is where others import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bot_core.config.values import Count, Duration, Positive


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file with the layout of the data file, that somebody else keeps up to date.

    `source` (`from:` in YAML) is a path, relative to the repository, or an http(s) address. The newest row here may be `late_after` old
    before a run fails; without it a source that brings nothing is never an error. An event whose outcome is still open after `late_after`
    is given up. One attempt takes `timeout_s` at most; more than `most_megabytes` are not read.
    """

    source: Annotated[str, Meta(min_length=1)] = msgspec.field(name="from")
    late_after: Duration | None = None
    timeout_s: Positive = 30.0
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    most_megabytes: Count = 512
