"""What every ObjectStore promises."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from echospine.domain.errors import NotFound, UnreadableError
from echospine.ports import ObjectStore

CONTENTS = [b"", b"\0", b"bone", bytes(range(256)) * 9001]


@pytest.mark.parametrize("data", CONTENTS, ids=len)
def test_what_is_put_comes_back_under_its_sha256(objects: ObjectStore, data: bytes) -> None:
    digest = objects.put(data)
    assert digest == sha256(data).hexdigest()
    assert objects.get(digest) == data
    assert objects.path(digest).read_bytes() == data


@pytest.mark.parametrize("data", CONTENTS, ids=len)
def test_a_file_is_kept_as_its_content(objects: ObjectStore, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "recording.mha"
    file.write_bytes(data)
    assert objects.put_file(file) == (sha256(data).hexdigest(), len(data))
    file.unlink()
    assert objects.get(sha256(data).hexdigest()) == data


def test_the_same_content_is_one_object(objects: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "copy").write_bytes(b"same")
    assert objects.put(b"same") == objects.put(b"same") == objects.put_file(tmp_path / "copy")[0]


def test_many_threads_keep_the_same_content_at_once(objects: ObjectStore) -> None:
    data = os.urandom(300_000)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _: objects.put(data), range(40)))
    assert digests == {sha256(data).hexdigest()}
    assert objects.get(digests.pop()) == data


def test_what_was_never_put_is_not_found(objects: ObjectStore) -> None:
    digest = sha256(b"never").hexdigest()
    for ask in (objects.get, objects.path):
        with pytest.raises(NotFound, match=digest):
            ask(digest)


@pytest.mark.parametrize(
    "digest",
    ["", "..", "../" * 3 + "etc/passwd", "/etc/passwd", "A" * 64, "é" * 64, "0" * 63, "0" * 64 + "\n", "0/" * 32],
)
def test_what_is_no_digest_leads_nowhere(objects: ObjectStore, digest: str) -> None:
    objects.put(b"something")
    for ask in (objects.get, objects.path):
        with pytest.raises(NotFound):
            ask(digest)


def test_an_unreadable_source_is_the_users_matter(objects: ObjectStore, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for source in (tmp_path / "absent.dcm", tmp_path, pipe, Path("nul\0inside")):
        with pytest.raises(UnreadableError) as caught:
            objects.put_file(source)
        assert "\n" not in str(caught.value)
