"""A real S3 server on this machine, in a process of its own, that checks who asks for what.

`writer` may read, write and delete objects of the bucket, and of one that nobody has made; `reader` may read and list; others may nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3 import Client

NAME, MISSING = "quant-releases", "quant-releases-to-come"
READING = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
RIGHTS = {"writer": [*READING, "s3:PutObject", "s3:DeleteObject"], "reader": READING}
PATIENCE_S = 30


@dataclass(frozen=True)
class Bucket:
    """Where it is, and who may."""

    endpoint: str
    keys: dict[str, tuple[str, str]]

    def remote(self, repository: Path, who: str | tuple[str, str], *, name: str = NAME, prefix: str = "models") -> None:
        """Make it the repository's default DVC remote, with somebody's keys in `.dvc/config.local`, as DVC keeps them."""
        key, secret = self.keys[who] if isinstance(who, str) else who
        (repository / ".dvc").mkdir(exist_ok=True)
        url = f"url = s3://{name}/{prefix}\n    endpointurl = {self.endpoint}\n    region = us-east-1"
        (repository / ".dvc/config").write_text(f"[core]\n    remote = kept\n['remote \"kept\"']\n    {url}\n")
        login = f"access_key_id = {key}\n    secret_access_key = {secret}"
        (repository / ".dvc/config.local").write_text(f"['remote \"kept\"']\n    {login}\n")

    def client(self, who: str = "writer") -> Client:
        """Ask the server without what is tested."""
        return _client("s3", self.endpoint, *self.keys[who])


@contextlib.contextmanager
def bucket(folder: Path) -> Iterator[Bucket]:
    """Serve until the block ends; its log lies in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    words = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            _up(process, port)
            yield Bucket(endpoint, _peopled(endpoint))
        finally:
            process.kill()


def _up(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, "moto_server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < ends, "moto_server does not answer"
        time.sleep(0.05)


def _peopled(endpoint: str) -> dict[str, tuple[str, str]]:
    """Make the bucket and its users, then let the server check every question from here on."""
    _client("s3", endpoint, "root", "root").create_bucket(Bucket=NAME)
    iam = _client("iam", endpoint, "root", "root")
    keys = {}
    for user, actions in RIGHTS.items():
        places = [f"arn:aws:s3:::{place}" for name in (NAME, MISSING) for place in (name, f"{name}/*")]
        rule = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": places}]}
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(rule))
        made = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = (made["AccessKeyId"], made["SecretAccessKey"])
    check = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})  # noqa: S310  # this machine's
    with urllib.request.urlopen(check, timeout=PATIENCE_S):  # noqa: S310
        return keys


def _client(service: str, endpoint: str, key: str, secret: str) -> Client:
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )
