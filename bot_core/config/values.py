"""Types of single values in `conf/`: what a text must look like, what range a number has."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="lower-case letters, digits, '.', '_', '-'")]
Duration = Annotated[str, Meta(pattern=r"^[0-9]+[smhdw]$", description="a count and a unit: 90m, 6h, 5d, 2w")]
DataPath = Annotated[str, Meta(pattern=r"^data/[^/]", description="a file under data/, so that DVC watches it")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$", description="a UTC date or time")]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
OpenShare = Annotated[float, Meta(gt=0.0, lt=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Positive = Annotated[float, Meta(gt=0.0)]
