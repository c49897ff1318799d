"""Do bytes conform to their kind? By JSON Schema, as any other program would check them, and by the type, as ours do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator, FormatChecker

from bot_core._parse import convert, decode_json, load_yaml
from bot_core.documents.schema import json_schema
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from bot_core.documents.kinds import Kind


def violations(kind: Kind, data: bytes, where: str) -> list[str]:
    """List what is wrong with a document's bytes, one sentence each starting with `where`; empty when they conform."""
    try:
        plain = (
            decode_json(data, object, where) if all(place.endswith(".json") for place in kind.places) else load_yaml(data, where)
        )
        convert(plain, kind.document, where)
    except DocumentError as error:
        return [str(error)]
    validator = Draft202012Validator(json_schema(kind), format_checker=FormatChecker())
    return [f"{where}: {error.json_path}: {error.message}" for error in validator.iter_errors(plain)]
