"""Open a sentiment model: its verified snapshot, the transformer in it, and what makes three probabilities of a sentence.

There are two kinds. An encoder gives a vector, and a head of ours makes the probabilities. A classifier, such as FinBERT, gives a number
for each class by itself; its `config.json` says which is which.

Where something was never there (a package, the snapshot, the head), the answer is an `Absence`, and others decide what follows. What is
there but is not what it should be raises.
"""

from __future__ import annotations

import logging
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bot_core._digest import PREFIX, short
from bot_core._parse import decode_json, write_bytes
from bot_core.errors import ConfigError, PredictorError, SnapshotError
from bot_core.sentiment import download, embedding, head, snapshot, snapshot_package
from bot_core.sentiment.finbert_order import EXTRA, Absence, Reader

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.sentiment.finbert_order import Order, Probabilities
    from bot_core.sentiment.snapshot import Snapshot

LOG = logging.getLogger("bot_core.sentiment")
REMEMBERED = 1024
"""Sentences whose answer a reader keeps."""
_CONFIG, _TOKENIZER, _NETWORK = "config.json", "tokenizer.json", ".onnx"
_CLASSES = ("negative", "neutral", "positive")


class _Labels(msgspec.Struct, frozen=True):
    """What a classifier's `config.json` says of its outputs; the rest of the file is not ours."""

    id2label: dict[str, str] | None = None


def open_model(order: Order) -> Reader | Absence:
    """Open a model, making or fetching its snapshot where that is allowed.

    Raises:
        SnapshotError: a file in the cache, in the package or on the hub is not what it should be.
        ConfigError: the model's name or revision is none.
        InputError: the hub does not answer.
        AuditError: the cache cannot be written to.
        PredictorError: the files are no model, or the head was trained on another one.
    """
    found = obtained(order)
    return found if isinstance(found, Absence) else _reader(found, order)


def obtained(order: Order) -> Snapshot | Absence:
    """Return the verified snapshot, made or fetched where there is none and that is allowed; see `open_model` for what is raised."""
    revision, known = _pinned(order)
    found = snapshot.read(order.cache, order.model, revision, known)
    if found is None:
        if absence := _make(order, revision):
            return absence
        found = snapshot.read(order.cache, order.model, revision, known)
    if found is None:
        msg = f"{snapshot.folder_of(order.cache, order.model)}: expected the snapshot that was just made, got none"
        raise SnapshotError(msg, hint="somebody removes it while it is made")
    LOG.info("FinBERT snapshot ready (checksum=%s)", found.record.checksum.removeprefix(PREFIX)[:12])
    return found


def _pinned(order: Order) -> tuple[str, dict[str, str]]:
    """Return the revision and the digests that are known beforehand."""
    if order.model == snapshot_package.MODEL:
        if order.revision not in {None, snapshot_package.REVISION}:
            msg = f"{order.model}: expected its revision {snapshot_package.REVISION}, got {order.revision}"
            raise ConfigError(msg, hint="leave it out: the packages that are installed have the one revision")
        return snapshot_package.REVISION, snapshot_package.FILES
    if order.revision is None:
        msg = f"{order.model}: expected a pinned revision, got none"
        raise ConfigError(msg, hint="name the commit of the hub, 40 hex digits: revision: …")
    return order.revision, download.known(order.hub)


def _make(order: Order, revision: str) -> Absence | None:
    """Make or fetch a snapshot, or say why not."""
    if order.model == snapshot_package.MODEL:
        if missing := snapshot_package.missing():
            return Absence(f"{' and '.join(missing)}: not installed", EXTRA)
        source, fill = f"package {order.model}", _from_package
    elif order.allow_download:
        source, fill = order.hub.endpoint, partial(download.fill, order.hub, order.model, revision)
    else:
        folder = snapshot.folder_of(order.cache, order.model)
        return Absence(f"{folder}: no such snapshot, and downloads are not allowed", f"{snapshot.WARM} --allow-download")
    snapshot.make(order.cache, order.model, revision, source, fill)
    return None


def _from_package(folder: Path) -> None:
    for name, data in snapshot_package.read().items():
        write_bytes(folder / name, data, sync=True)


# --- the two kinds ---


def _reader(found: Snapshot, order: Order) -> Reader | Absence:
    files = found.files
    networks = [name for name in files if name.endswith(_NETWORK)]
    if len(networks) != 1 or _TOKENIZER not in files:
        msg = f"{order.model}: expected one {_NETWORK} file and {_TOKENIZER}, got {', '.join(files) or 'no file'}"
        raise PredictorError(msg, hint="say in the settings which files of the model are wanted: hub.files")
    places = _classes(files, order.model)
    trained = None if places else head.load(order.head)
    if places is None and trained is None:
        return Absence(f"{order.head or head.PACKAGED}: no trained head", "dvc repro pipelines/sentiment/dvc.yaml makes one")
    if trained is not None and trained.encoder != found.record.checksum:
        msg = f"sentiment head: expected to read vectors of {trained.encoder}, got those of {found.record.checksum}"
        raise PredictorError(msg, hint=f"the head that ships is for {snapshot_package.MODEL}; name a head for {order.model}")
    network = embedding.load(files[networks[0]], files[_TOKENIZER])
    ask = partial(_by_head, network, trained) if trained is not None else partial(_by_itself, network, places or ())
    version = f"{order.model}@{short(found.record.checksum)}" + (f".{trained.version}" if trained is not None else "")
    return Reader(version, lru_cache(REMEMBERED)(ask))


def _classes(files: dict[str, bytes], model: str) -> tuple[int, ...] | None:
    """Return where a classifier gives negative, neutral and positive; nothing for an encoder."""
    if _CONFIG not in files:
        return None
    labels = decode_json(files[_CONFIG], _Labels, f"{model}: {_CONFIG}").id2label
    if labels is None:
        return None
    places = {name.lower(): int(place) for place, name in labels.items() if place.isdigit()}
    if sorted(places) != sorted(_CLASSES):
        msg = f"{model}: expected the classes {', '.join(_CLASSES)} in {_CONFIG}, got {', '.join(sorted(labels.values()))}"
        raise PredictorError(msg, hint="a model for something else, or an encoder, which needs a head and no config.json")
    return tuple(places[name] for name in _CLASSES)


def _by_head(network: embedding.Transformer, trained: head.Head, text: str) -> Probabilities:
    negative, neutral, positive = trained.probabilities(network.embed([text]))[0].tolist()
    return negative, neutral, positive


def _by_itself(network: embedding.Transformer, places: tuple[int, ...], text: str) -> Probabilities:
    scores = network.run(text)
    if scores.shape != (len(_CLASSES),) or not np.isfinite(scores).all():
        msg = f"sentiment model: expected three finite numbers, one per class, got {scores.shape}"
        raise PredictorError(msg, hint="its config.json names classes that it does not give")
    shares = np.exp(scores - scores.max())
    negative, neutral, positive = (shares / shares.sum())[list(places)].tolist()
    return negative, neutral, positive
