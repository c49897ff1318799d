"""JSON Schemas, generated from the document types; nobody writes them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec

if TYPE_CHECKING:
    from bot_core.documents.kinds import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: Kind) -> dict[str, object]:
    """Return the kind's schema, draft 2020-12; unknown fields are refused."""
    title = kind.name.replace("_", " ")
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(kind.document)}


def schema_name(kind: Kind) -> str:
    """Return what documents of a kind say in `schema`."""
    return str(next(get_args(field.type)[0] for field in msgspec.structs.fields(kind.document) if field.name == "schema"))
