"""A decision domain: the limits and rules within which a model of it decides."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bot_core.documents.governed import Governed, Name, Role, Text, Value


class Rule(Governed, frozen=True, kw_only=True):
    """What decides when no model may: the first rule whose condition holds. Conditions are the runtime's small language."""

    when: Text
    action: Name


class MetaLabel(Governed, frozen=True, kw_only=True):
    """A condition on a model's decisions: `model`, released and in force by itself, must say that the trade pays, and how surely."""

    model: Name
    min_probability: Value


class Domain(Governed, frozen=True, kw_only=True):
    """`compliance/domains/<name>/<sha256>.yaml`: composed from `conf/decision/<name>.yaml` by `promote`; the runtime reads only this.

    `meta_label`: a model of the domain → the condition on its decisions.
    """

    schema: Literal["bot-core/domain/v1"]
    name: Name
    purpose: Text
    models: Annotated[list[Name], Meta(min_length=1)]
    actions: Annotated[list[Name], Meta(min_length=1)]
    thresholds: dict[Role, Value] = {}
    meta_label: dict[Name, MetaLabel] = {}
    rules: Annotated[list[Rule], Meta(min_length=1)]

    def __post_init__(self) -> None:
        for name, condition in self.meta_label.items():
            if name not in self.models:  # a condition that is asked of nobody would hold nobody back
                msg = f"Expected meta_label to name a model of the domain, one of {', '.join(self.models)}; got {name}"
                raise ValueError(msg)
            if condition.model == name:
                msg = f"Expected meta_label.{name} to name another model, got {name} itself"
                raise ValueError(msg)
