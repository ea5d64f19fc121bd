"""`echospine data`, against a real HTTP server that carries the real files, damaged ones, or none."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import examples

from echospine.apps.cli import datasets
from echospine.domain.errors import InputError, StorageError, UnsupportedError


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server over a folder; gives its address and the folder."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def publish(folder: Path, damage: bytes = b"") -> None:
    for remote, example in zip(datasets.find("pydicom-ultrasound").files, ("ybr_color", "palette_color"), strict=True):
        path = folder / remote
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Path(examples.get_path(example)).read_bytes() + damage)


def test_a_set_is_fetched_whole_and_kept(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    publish(folder)
    paths = datasets.fetch("pydicom-ultrasound", tmp_path / "into", base=url)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert digests == list(datasets.find("pydicom-ultrasound").files.values())
    for path in folder.rglob("*.dcm"):
        path.unlink()
    assert datasets.fetch("pydicom-ultrasound", tmp_path / "into", base=url) == paths, "kept files need no server"


def test_a_file_that_changed_at_the_source_is_not_kept(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    publish(folder, damage=b"x")
    with pytest.raises(InputError, match="not the file it was"):
        datasets.fetch("pydicom-ultrasound", tmp_path / "into", base=url)
    assert not list((tmp_path / "into").glob("*.dcm"))


def test_a_source_that_lacks_the_file_or_is_away_says_so(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = mirror
    with pytest.raises(InputError, match="cannot be reached"):
        datasets.fetch("pydicom-ultrasound", tmp_path, base=url)
    with pytest.raises(InputError, match="cannot be reached"):
        datasets.fetch("pydicom-ultrasound", tmp_path, base="http://127.0.0.1:9")


def test_a_folder_that_cannot_be_made_says_so(mirror: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = mirror
    publish(folder)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StorageError, match="cannot keep"):
        datasets.fetch("pydicom-ultrasound", blocked / "into", base=url)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnsupportedError, match="plus-bone"):
        datasets.fetch("nothing")


def test_checksums_are_those_of_the_public_example_data(shared_data: Path) -> None:
    """Every file that is also among the local example data has the checksum that `data get` demands."""
    local = {path.name: path for path in shared_data.rglob("*") if path.is_file()}
    demanded = {Path(remote).name: digest for item in datasets.DATA_SETS for remote, digest in item.files.items()}
    common = demanded.keys() & local.keys()
    assert {"BoneUltrasound_L14.igs.mha", "examples_ybr_color.dcm"} <= common
    for name in common:
        assert hashlib.sha256(local[name].read_bytes()).hexdigest() == demanded[name], name
