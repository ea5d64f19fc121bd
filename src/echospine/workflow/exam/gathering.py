"""From what a person points at (files, folders, archives) to recordings: which files belong together.

A file that a person named has a plain name; one that was found in a folder or an archive has a name with its
folders before it, `scans/left/007.png`. That decides what is said of files which are no recordings: a named
one is a problem, a licence or a table beside pictures is not.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from echospine.domain.errors import EchoSpineError, InputError, TooLargeError, UnreadableError, UnsupportedError
from echospine.domain.frames import MAX_FRAMES
from echospine.ports import LocalFile, RecordingPlan, RecordingReader
from echospine.workflow.exam.archives import unpack

IGNORED_NAMES = {"thumbs.db", "desktop.ini", "dicomdir", "__macosx"}
RECORDING_ENDINGS = frozenset(
    {".dcm", ".dicom", ".ima", ".mha", ".mhd", ".nrrd", ".nhdr", ".zip"}
    | {".mp4", ".m4v", ".avi", ".mov", ".mkv", ".webm"}
    | {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}
)
"""Endings that promise a recording: where the content does not keep the promise, somebody wants to know."""
LEAST_DISTINCT = 8
"""Characters of a sequence's name that are no chance inside another name."""
_DATA_FILE = re.compile(rb"^[ \t]*(?:ElementDataFile[ \t]*=|data[ ]?file:)[ \t]*([^\r\n]+?)[ \t]*\r?$", re.M | re.I)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Recordings to open, in the order of the input, and what could not be used, one line each."""

    plans: tuple[RecordingPlan, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Heap:
    """Files by what they are, while they are being sorted out.

    `configurations`: of PLUS; `others`: what may be detached data. Both with what to say when a person named
    the file and no recording needs it.
    """

    pictures: list[tuple[str, LocalFile]] = field(default_factory=list)
    configurations: dict[LocalFile, str] = field(default_factory=dict)
    others: dict[LocalFile, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def expand(path: Path) -> list[LocalFile]:
    """Return the files that a path on a command line stands for, in natural order.

    A folder: all files in it and below, less hidden ones and those that systems leave behind. A sequence: the
    file, and what lies beside it and belongs to it (its PLUS configuration, its detached data).
    Raises UnreadableError when there is nothing at the path, TooLargeError for a folder of too many files.
    """
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UnreadableError(f"{path}: cannot be opened ({why}); check the path") from error
    return _walk(path) if is_folder else [LocalFile(path.name, path), *_beside(path)]


def gather(
    reader: RecordingReader,
    inputs: Sequence[LocalFile],
    *,
    scratch: Path,
    pixel_spacing_mm: float | None = None,
    stacks: bool = True,
) -> Gathered:
    """Sort files into recordings; archives are unpacked into `scratch`, which must outlive the plans.

    Pictures that lie in one folder make one recording in natural order of their names; one given by itself is
    one. Without `stacks` each picture is one, and recordings bear the names of their folders, too. Each sequence gets
    the PLUS configuration and the detached data that belong to it. Nothing is raised for a bad file: it becomes a
    problem line, and the others go on.
    """
    heap = _Heap()
    _sort_out(reader, _once(inputs), scratch, heap)
    groups = _grouped(heap.pictures, stacks=stacks)
    sequences = [files[0] for kind, files in groups if kind == "sequence"]
    plans: list[RecordingPlan] = []
    used: set[LocalFile] = set()
    for _, files in groups:
        beside = _companions(files[0], sequences, heap) if files[0] in sequences else []
        used |= set(beside)
        plan = _plan(files, beside, pixel_spacing_mm)
        plans.append(plan if stacks else replace(plan, name=files[0].name))
    unused = [(file, said) for file, said in (heap.configurations | heap.others).items() if file not in used]
    return Gathered(tuple(plans), (*heap.problems, *(said for file, said in unused if _named(file))))


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names as people do: frame2 before frame10, capitals beside small letters."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]


def _walk(folder: Path) -> list[LocalFile]:
    """Return the files below a folder; what cannot be listed stands in the list, to be complained about later."""
    folder = folder.resolve()
    found: list[LocalFile] = []

    def unreadable(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename or folder))
        found.append(LocalFile(_name_below(folder, path), path))

    for here, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted((name for name in folders if not _ignored(name)), key=natural_key)
        paths = [Path(here, name) for name in sorted(files, key=natural_key) if not _ignored(name)]
        found += [LocalFile(_name_below(folder, path), path) for path in paths]
        if len(found) > MAX_FRAMES:
            raise TooLargeError(f"{folder}: holds more than {MAX_FRAMES:,} files; point at the recordings themselves")
    return found


def _name_below(folder: Path, path: Path) -> str:
    """Return the name of a file found in a folder; that folder's own name comes first."""
    root = folder.name or "folder"
    return str(PurePosixPath(root, *path.relative_to(folder).parts))


def _beside(path: Path) -> list[LocalFile]:
    """Return what lies beside a sequence and belongs to it: configurations with its name, detached data."""
    if path.suffix.lower() not in {".mha", ".mhd", ".nrrd", ".nhdr"}:
        return []
    try:
        names = {entry.name for entry in path.parent.iterdir()}
    except OSError:
        return []
    wanted = [n for n in names if n.lower().endswith(".xml") and _affinity(path.name, n)]
    detached = _detached_name(LocalFile(path.name, path))
    wanted += [detached] if detached in names else []
    folder = path.parent.resolve().name or "folder"
    return [LocalFile(f"{folder}/{name}", path.with_name(name)) for name in sorted(wanted, key=natural_key)]


def _detached_name(header: LocalFile) -> str | None:
    """Return the name of the data file that a .mhd or .nhdr header refers to, or None."""
    if PurePosixPath(header.name).suffix.lower() not in {".mhd", ".nhdr", ".nrrd"}:
        return None
    try:
        with header.path.open("rb") as stream:
            found = _DATA_FILE.search(stream.read(65536))
    except OSError:
        return None
    name = os.fsdecode(found.group(1)) if found else "LOCAL"
    return PurePosixPath(name.replace("\\", "/")).name if name.upper() not in {"LOCAL", "LIST"} else None


def _once(inputs: Iterable[LocalFile]) -> list[LocalFile]:
    """Return each file once, under the name that a person gave it where there is one."""
    known: dict[Path, LocalFile] = {}
    for file in inputs:
        if file.path not in known or (_named(file) and not _named(known[file.path])):
            known[file.path] = file
    return list(known.values())


def _sort_out(reader: RecordingReader, files: Iterable[LocalFile], scratch: Path, heap: _Heap) -> None:
    """Put each file on its part of the heap, or say why not."""
    for file in files:
        if any(_ignored(part) for part in PurePosixPath(file.name).parts):
            continue
        try:
            _sort_in(reader, file, scratch, heap)
        except UnsupportedError as error:
            # Raw data beside a header look like nothing: whether they are needed shows when its plan is made.
            if PurePosixPath(file.name).suffix.lower() in RECORDING_ENDINGS:
                heap.problems.append(str(error))
            else:
                heap.others[file] = str(error)
        except EchoSpineError as error:
            heap.problems.append(str(error))
        except OSError as error:
            heap.problems.append(f"{file.name}: cannot be read ({error.strerror}); check the disk and try again")


def _sort_in(reader: RecordingReader, file: LocalFile, scratch: Path, heap: _Heap) -> None:
    if file.path.is_dir():
        raise UnreadableError(f"{file.name}: this folder cannot be listed; check its permissions")
    if file.path.exists() and not file.path.is_file():
        raise UnreadableError(f"{file.name}: is a pipe or a device; copy what it gives into a file first")
    kind = reader.kind(file)
    if kind == "companion":
        known = heap.configurations if file.name.lower().endswith(".xml") else heap.others
        known[file] = f"{file.name}: belongs to a sequence, but to none of those given; give that too"
    elif kind == "archive":
        _sort_in_archive(reader, file, scratch, heap)
    else:
        heap.pictures.append((kind, file))


def _sort_in_archive(reader: RecordingReader, file: LocalFile, scratch: Path, heap: _Heap) -> None:
    if ".zip/" in file.name.lower():
        raise InputError(f"{file.name}: is an archive in an archive; unpack the outer one first")
    members = unpack(file, scratch)
    before = len(heap.pictures) + len(heap.problems)
    _sort_out(reader, members, scratch, heap)
    if len(heap.pictures) + len(heap.problems) == before:
        raise InputError(f"{file.name}: holds no recording among its {len(members)} files; pack the recordings too")


def _grouped(pictures: Iterable[tuple[str, LocalFile]], *, stacks: bool) -> list[tuple[str, list[LocalFile]]]:
    """Return the files of each recording: images of one folder together (with `stacks`), everything else by itself."""
    groups: list[tuple[str, list[LocalFile]]] = []
    of_folder: dict[str, list[LocalFile]] = {}
    for kind, file in pictures:
        if stacks and kind == "image" and not _named(file) and (folder := _folder(file)) in of_folder:
            of_folder[folder].append(file)
            continue
        groups.append((kind, [file]))
        if kind == "image" and not _named(file):
            of_folder[_folder(file)] = groups[-1][1]
    return groups


def _folder(file: LocalFile) -> str:
    """Return the folder of a file: where it lies, or (unpacked, uploaded) where it lay when it was packed."""
    in_place = file.path.as_posix().endswith(f"/{file.name}")
    return str(file.path.parent) if in_place else str(PurePosixPath(file.name).parent)


def _companions(sequence: LocalFile, sequences: Sequence[LocalFile], heap: _Heap) -> list[LocalFile]:
    """Return the configuration and the detached data that belong to a sequence."""
    configuration = _configuration(sequence, sequences, list(heap.configurations))
    detached = _detached_name(sequence)
    data = [other for other in heap.others if detached is not None and PurePosixPath(other.name).name == detached]
    return [*([configuration] if configuration else []), *data[:1]]


def _configuration(
    sequence: LocalFile, sequences: Sequence[LocalFile], configurations: Sequence[LocalFile]
) -> LocalFile | None:
    """Return the PLUS configuration of a sequence: by name, or the only one; what a person named goes first.

    The only one is not taken when its name says that it is another sequence's: a wrong calibration gives wrong
    millimetres, none gives none.
    """
    for group in ([one for one in configurations if _named(one)], configurations):
        best = max(group, key=lambda one: _affinity(sequence.name, one.name), default=None)
        if best is not None and _affinity(sequence.name, best.name):
            return best
        if len(group) == 1 and not any(_affinity(other.name, group[0].name) for other in sequences):
            return group[0]
    return None


def _affinity(sequence: str, configuration: str) -> int:
    """Return how surely a configuration is a sequence's by its name: 2 for `sweep_config.xml` of `sweep.mha`.

    1 where a long name of the sequence stands inside the configuration's: `PlusDeviceSet_LumbarSweepOnly.xml`
    of `LumbarSweep.igs.mha`; 0 otherwise. `1.mha` has nothing to do with `12.xml`.
    """
    stem, other = _stem(sequence), _stem(configuration)
    if re.match(rf"{re.escape(stem)}(?![^\W_])", other):
        return 2
    return 1 if len(stem) >= LEAST_DISTINCT and re.search(rf"(?<![^\W_]){re.escape(stem)}", other) else 0


def _plan(files: list[LocalFile], beside: list[LocalFile], pixel_spacing_mm: float | None) -> RecordingPlan:
    """Return the plan; its files have plain names, because headers refer to their neighbours by those."""
    name = PurePosixPath(files[0].name).parent.name if len(files) > 1 else PurePosixPath(files[0].name).name
    ordered = sorted(files, key=lambda file: natural_key(file.name))
    plain = tuple(LocalFile(PurePosixPath(file.name).name, file.path) for file in (*ordered, *beside))
    return RecordingPlan(name, plain, pixel_spacing_mm)


def _named(file: LocalFile) -> bool:
    """True for a file that a person named, not one that lay in a folder or an archive."""
    return "/" not in file.name


def _ignored(name: str) -> bool:
    return name.startswith(".") or name.casefold() in IGNORED_NAMES


def _stem(name: str) -> str:
    return PurePosixPath(name).name.split(".")[0].casefold()
