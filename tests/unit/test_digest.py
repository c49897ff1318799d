import hashlib
from pathlib import Path

from bot_core._digest import sha256, sha256_file, sha256_pairs, short


def test_digests_are_what_sha256sum_prints(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert sha256_file(path) == sha256(b"abc") == "sha256:" + hashlib.sha256(b"abc").hexdigest()
    assert short(sha256(b"abc")) == "ba7816bf"


def test_a_set_of_files_has_one_digest_whatever_their_order() -> None:
    one, two = ("a", sha256(b"1")), ("b", sha256(b"2"))
    assert sha256_pairs([one, two]) == sha256_pairs([two, one])
    assert sha256_pairs([one, two]) != sha256_pairs([one, ("c", sha256(b"2"))])
    line = f"{hashlib.sha256(b'1').hexdigest()}  a\n"
    assert sha256_pairs([one]) == sha256(line.encode())
