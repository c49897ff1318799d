"""A decision domain: the limits and rules within which a model of it decides."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.governed import Governed, Name, Role, Text, Value


class Rule(Governed, frozen=True, kw_only=True):
    """What decides when no model may: the first rule whose condition holds. Conditions are the runtime's small language."""

    when: Text
    action: Name


class Domain(Governed, frozen=True, kw_only=True):
    """`compliance/domains/<name>/<sha256>.yaml`: composed from `conf/decision/<name>.yaml` by `promote`; the runtime reads only this."""

    schema: Literal["bot-core/domain/v1"]
    name: Name
    purpose: Text
    models: Annotated[list[Name], Meta(min_length=1)]
    actions: Annotated[list[Name], Meta(min_length=1)]
    thresholds: dict[Role, Value] = {}
    rules: Annotated[list[Rule], Meta(min_length=1)]
