"""The record of the head that ships: the same bytes when written again, and shares that stay shares."""

from __future__ import annotations

import pytest

from bot_core._parse import decode_json, encode_json, read_bytes
from bot_core.documents.sentiment import SentimentHead
from bot_core.errors import DocumentError
from bot_core.sentiment.head import PACKAGED, RECORD


def test_reading_and_writing_gives_the_same_bytes() -> None:
    data = read_bytes(PACKAGED / RECORD)
    assert encode_json(decode_json(data, SentimentHead, RECORD)) == data


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"accuracy": 0.', b'"accuracy": 1.'),
        (b'"encoder": "sha256:', b'"encoder": "md5:'),
        (b'"data"', b'"date"'),
        (b'"f1": 0', b'"f1": -1'),
    ],
)
def test_what_is_no_record_is_refused(old: bytes, new: bytes) -> None:
    data = read_bytes(PACKAGED / RECORD)
    assert old in data
    with pytest.raises(DocumentError, match=RECORD):
        decode_json(data.replace(old, new), SentimentHead, RECORD)
