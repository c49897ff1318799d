"""Small ONNX networks over words, written byte by byte, and a tokenizer for them: a vocabulary of six words, one row of numbers each."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

if TYPE_CHECKING:
    from collections.abc import Sequence

VOCABULARY = ("[UNK]", "profit", "rises", "falls", "the", "bank")
FLOAT, INT64 = 1, 7
TABLE = ((0.0, 0.0, 0.0), (0.0, 0.0, 2.0), (0.0, 0.0, 4.0), (6.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 2.0, 0.0))
"""Per word: how negative, how neutral, how positive."""
LABELS = json.dumps({"id2label": {"0": "Negative", "1": "Neutral", "2": "Positive"}, "hidden_size": 3}).encode()


def tokenizer() -> bytes:
    """Return a `tokenizer.json` that knows the vocabulary."""
    made = Tokenizer(WordLevel({word: place for place, word in enumerate(VOCABULARY)}, unk_token=VOCABULARY[0]))
    made.pre_tokenizer = Whitespace()
    text: str = made.to_str()
    return text.encode()


def encoder(table: Sequence[Sequence[float]] = TABLE, *, name: str = "input_ids") -> bytes:
    """Return a network that gives each token its row of the table, (batch, tokens, width)."""
    return _model([_node("Gather", ("table", name), "hidden")], table, name, ("hidden", ("b", "t", len(table[0]))))


def classifier(table: Sequence[Sequence[float]] = TABLE) -> bytes:
    """Return a network that gives a sentence the mean of its tokens' rows, (batch, classes)."""
    nodes = [
        _node("Gather", ("table", "input_ids"), "hidden"),
        _node("ReduceMean", ("hidden",), "logits", _ints("axes", [1]), _integer("keepdims", 0)),
    ]
    return _model(nodes, table, "input_ids", ("logits", ("b", len(table[0]))))


# --- protocol buffers ---


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(tag << 3 | 2) + _varint(len(data)) + data


def _ints(name: str, values: Sequence[int]) -> bytes:
    return _bytes(5, _bytes(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7))


def _integer(name: str, value: int) -> bytes:
    return _bytes(5, _bytes(1, name) + _number(3, value) + _number(20, 2))


def _node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    return b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind) + b"".join(attributes)


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, dim) if isinstance(dim, int) else _bytes(2, dim)) for dim in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, dims)))


def _model(nodes: Sequence[bytes], table: Sequence[Sequence[float]], given: str, output: tuple[str, Sequence[str | int]]) -> bytes:
    raw = b"".join(struct.pack(f"<{len(row)}f", *row) for row in table)
    weights = _number(1, len(table)) + _number(1, len(table[0])) + _number(2, FLOAT) + _bytes(8, "table") + _bytes(9, raw)
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "words") + _bytes(5, weights)
    graph += _bytes(11, _value(given, INT64, ("b", "t"))) + _bytes(12, _value(output[0], FLOAT, output[1]))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))
