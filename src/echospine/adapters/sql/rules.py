"""What every study store agrees on, whatever it is built of: what a write may hold, and how text is searched."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from unicodedata import normalize

from echospine.domain.errors import Conflict, InputError, NotFound
from echospine.domain.exams import Exam, ExamWrite, Recording

LONGEST_SEARCH = 1000
LARGEST_NUMBER = 2**63 - 1


def fold(text: str) -> str:
    """Return `text` so that spellings that differ in case, in the encoding of accents or in spacing are the same.

    Compatibility caseless matching of the Unicode Standard (15.0, section 3.13, D146), but composed at the
    end, so that "e" is not a part of "é"; spaces made single.
    """
    folded = normalize("NFKC", normalize("NFKC", normalize("NFD", text).casefold()).casefold())
    return " ".join(folded.split())


def folded_exam(exam: Exam) -> str:
    """Return what a search finds an examination by; a line feed, which no search text holds, parts the fields."""
    return "\n".join(fold(text) for text in (exam.title, exam.patient_name, exam.patient_id))


def is_text(text: str) -> bool:
    """True for text that every database keeps: no NUL, no half of a surrogate pair (an undecodable byte)."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


def require_page(text: str, limit: int, offset: int) -> None:
    """Raise InputError unless these can be searched for."""
    if len(text) > LONGEST_SEARCH:
        raise InputError(f"a search text has at most {LONGEST_SEARCH} characters, not {len(text)}")
    if not (0 <= limit <= LARGEST_NUMBER and 0 <= offset <= LARGEST_NUMBER):
        raise InputError(f"a page starts at 0 or later and has 0 or more rows, not {offset} and {limit}")
    require_storable(text)


def require_storable(value: object) -> None:
    """Raise InputError where a value, or a part of it, cannot come back from every database as it was."""
    for part in _parts(value):
        if isinstance(part, str) and not is_text(part):
            shown = part.encode("utf-8", "replace").decode().replace("\0", "?")[:80]
            raise InputError(f"{shown!r}: holds bytes that are not text; rename it and try again")
        if isinstance(part, float) and not math.isfinite(part):
            raise InputError(f"a number is {part}; only finite numbers can be kept")
        if isinstance(part, int) and abs(part) > LARGEST_NUMBER:
            raise InputError(f"a whole number is beyond {LARGEST_NUMBER} and cannot be kept")
        if isinstance(part, datetime) and part.tzinfo is None:
            raise InputError(f"the time {part} has no time zone; give one")


def require_write(write: ExamWrite) -> None:
    """Raise InputError unless the write keeps to one examination and holds what can be stored."""
    require_storable(write)
    contours = [(contour.recording_id, contour.frame) for contour in write.contours]
    maps = [(edit.recording_id, edit.frame) for edit in write.maps]
    remarks = [(remark.recording_id, remark.place) for remark in write.remarks]
    for names in ([r.id for r in write.recordings], [f.id for f in write.findings], contours, maps, remarks):
        if len(set(names)) < len(names):
            raise InputError(f"a change of examination {write.exam.id} puts the same thing twice")
    if any(recording.exam_id != write.exam.id for recording in write.recordings):
        raise InputError(f"a recording of another examination cannot be put into {write.exam.id}")


def require_new(exam: Exam) -> None:
    """Raise InputError unless the examination is at its beginning."""
    require_storable(exam)
    if exam.revision != 0:
        raise InputError(f"a new examination starts at revision 0, not {exam.revision}")


def require_known(write: ExamWrite, known: Collection[str]) -> None:
    """Raise NotFound where a finding, a contour, a map or a remark belongs to no recording of the examination."""
    here = {*known, *(recording.id for recording in write.recordings)}
    named = [finding.recording_id for finding in write.findings]
    named += [contour.recording_id for contour in write.contours]
    named += [edit.recording_id for edit in write.maps]
    named += [remark.recording_id for remark in write.remarks]
    if missing := set(named) - here:
        raise NotFound(f"examination {write.exam.id} has no recording {min(missing)}")


def require_same_content(recording: Recording, digest: str) -> None:
    """Raise Conflict where a recording is put again with other content than it has: that never changes."""
    if recording.digest != digest:
        raise Conflict(f"recording {recording.id} is of other content; import that as a new recording")


def moved_on(exam: Exam, revision: int) -> Conflict:
    """Return the error for a write that was made for an older state than the stored `revision`."""
    return Conflict(
        f"examination {exam.id} was changed by somebody else: it stands at revision {revision}, and this "
        f"change was made for revision {exam.revision - 1}; load it again and repeat the change"
    )


def taken(store: str) -> Conflict:
    """Return the error for a write whose id or content the store holds already."""
    return Conflict(
        f"{store}: something in this change is already in the store (perhaps the same file was imported "
        "at the same time); load the examination again and repeat what is still missing"
    )


def no_exam(exam_id: str) -> NotFound:
    """Return the error for an examination that is not there."""
    return NotFound(f"there is no examination {exam_id!r}")


def no_recording(recording_id: str) -> NotFound:
    """Return the error for a recording that is not there."""
    return NotFound(f"there is no recording {recording_id!r}")


def _parts(value: object) -> Iterator[object]:
    """Walk the values inside frozen dataclasses and sequences."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _parts(item)
    else:
        yield value
