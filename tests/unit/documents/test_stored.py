from __future__ import annotations

import re

import pytest

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.documents.stored import StoredFile, StoredRelease
from bot_core.errors import DocumentError

DIGEST = sha256(b"x")
INDEX = StoredRelease(
    model="small",
    version="20261121T101500Z-3f2a9c41",
    commit="c" * 40,
    manifest=DIGEST,
    files=[StoredFile(path="models/small/a.json", size=1, digest=DIGEST)],
)


def test_an_index_is_read_as_it_was_written() -> None:
    assert decode_json(encode_json(INDEX), StoredRelease, "release.json") == INDEX


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"small"', '"../small"', "model"),
        ("c" * 40, "main", "commit"),
        ('"size": 1', '"size": -1', "files[0].size"),
        (DIGEST, "md5:0", "manifest"),
        ('"model"', '"modell"', "modell"),
    ],
)
def test_what_is_no_index_is_named_by_its_place(old: str, new: str, where: str) -> None:
    text = encode_json(INDEX).decode().replace(old, new, 1)
    with pytest.raises(DocumentError, match=f"^release.json: {re.escape(where)}: expected "):
        decode_json(text.encode(), StoredRelease, "release.json")


def test_an_index_without_files_is_none() -> None:
    text = re.sub(r'"files": \[.*\]', '"files": []', encode_json(INDEX).decode(), flags=re.DOTALL)
    with pytest.raises(DocumentError, match="files"):
        decode_json(text.encode(), StoredRelease, "release.json")
