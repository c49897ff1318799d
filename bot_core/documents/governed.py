"""What the documents that people sign have in common, and the names in them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta

from bot_core.documents.document import Part

NAME = r"[a-z0-9](?:[._-]?[a-z0-9])*"
ROLE = r"[a-z][a-z0-9_]*"

Name = Annotated[str, Meta(pattern=rf"^{NAME}\Z", max_length=80)]
Role = Annotated[str, Meta(pattern=rf"^{ROLE}\Z", max_length=40)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Time = Annotated[dt.datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=1)]
Days = Annotated[int, Meta(ge=0)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Value = int | str


class Governed(Part, frozen=True, kw_only=True, omit_defaults=True):
    """A document that is signed, or a part of one. What is empty is left out."""
