"""A .zip is unpacked with limits: what a stranger packed must not fill the disk or leave its folder."""

from __future__ import annotations

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from echospine.domain.errors import (
    EchoSpineError,
    InputError,
    StorageError,
    TooLargeError,
    TruncatedError,
    UnsupportedError,
)
from echospine.ports import LocalFile

MAX_MEMBERS = 20_000
MAX_TOTAL_BYTES = 8 << 30
MAX_RATIO = 200
"""Most bytes that a byte of the archive may become; deflate itself ends near 1000, real pictures near 10."""
SMALL_BYTES = 16 << 20
"""Below this the ratio says nothing: an empty picture packs well."""
_CHUNK = 1 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError)


def unpack(archive: LocalFile, into: Path) -> list[LocalFile]:
    """Unpack a .zip below the folder `into`; return its files under the names `archive.zip/folder/member`.

    Files get numbers for names, so no name in the archive reaches the disk. Raises TruncatedError (damaged),
    UnsupportedError (encrypted), TooLargeError (beyond a limit), InputError (a path that leaves the archive),
    StorageError (the scratch folder cannot hold it); then nothing of it is left in `into`.
    """
    folder: Path | None = None
    try:
        into.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="zip-", dir=into))
        with zipfile.ZipFile(archive.path) as packed:
            members = _checked(archive, packed)
            return [_unpack_one(archive, packed, m, folder / str(n)) for n, m in enumerate(members)]
    except (*_DAMAGE, OSError, InputError) as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise _as_told(archive.name, error) from error


def _as_told(name: str, error: Exception) -> EchoSpineError:
    """Return the error for a person; decompressors raise OSError without a number when the data are at fault."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return StorageError(f"{name}: cannot be unpacked ({error.strerror}); make room and try again")
    return TruncatedError(f"{name}: is a damaged .zip ({error}); pack or copy it again")


def _checked(archive: LocalFile, packed: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members that are files; raises where the list of them is not to be trusted."""
    name, members = archive.name, [member for member in packed.infolist() if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise TooLargeError(f"{name}: holds {len(members):,} files, the limit is {MAX_MEMBERS:,}; pack fewer together")
    if any(member.flag_bits & 0x1 for member in members):
        raise UnsupportedError(f"{name}: is encrypted; unpack it with its password first")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise TooLargeError(f"{name}: unpacks to {total:,} bytes, the limit is {MAX_TOTAL_BYTES:,}; unpack it first")
    packed_bytes = max(1, sum(member.compress_size for member in members))
    if total > SMALL_BYTES and total > MAX_RATIO * packed_bytes:
        raise TooLargeError(f"{name}: {packed_bytes:,} bytes unpack to {total:,}, as no recording does; is it a bomb?")
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or parts[:1] == ("/",) or stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"{name}: its member {member.filename!r} points out of the archive; do not trust it")
    return members


def _unpack_one(archive: LocalFile, packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> LocalFile:
    """Write one member, never more bytes than the archive says that it has."""
    written = 0
    with packed.open(member) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > member.file_size:
                raise TruncatedError(f"{archive.name}: {member.filename!r} is longer than the archive says")
            target.write(chunk)
    return LocalFile(f"{archive.name}/{member.filename.replace(chr(92), '/')}", path)
