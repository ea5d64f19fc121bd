"""Text as the value representations of DICOM allow it (PS3.5, 6.2): what people type may hold anything."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

LONG = 64
"""Most characters of a long string (LO), and of one group of a person's name (PN)."""
SHORT = 16
"""Most characters of a short string (SH)."""


def line(text: str, longest: int = LONG) -> str:
    """Return `text` on one line, without control characters, halves of characters, or the value separator."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\s]+", " ", text.replace("\\", "/"))
    return plain.strip()[:longest].strip()


def typed_name(text: str) -> str:
    """Return a name that a person typed as a PN of one component: its parts are not known.

    The caret at the end says that one component is meant, and not the old form of names (PS3.5, 6.2.1).
    """
    name = line(re.sub(r"[\^=]+", " ", text), LONG - 1)
    return f"{name}^" if name else ""


def stored_name(text: str) -> str:
    """Return a name as it stands in a DICOM file, its components and groups kept."""
    return "=".join(line(group) for group in text.split("=")[:3])


def date(moment: datetime) -> str:
    """Return the date (DA) in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d}"


def time(moment: datetime) -> str:
    """Return the time (TM) in UTC, to the microsecond."""
    return f"{moment.astimezone(UTC):%H%M%S.%f}"


def date_time(moment: datetime) -> str:
    """Return date and time with their offset (DT), in UTC."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S.%f}+0000"


def file_stem(name: str, longest: int = 40) -> str:
    """Return a recording's name as part of a file name: ASCII letters, digits, dots and hyphens."""
    ascii_only = unicodedata.normalize("NFKD", name.rsplit(".", 1)[0]).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]*[^A-Za-z0-9.][^A-Za-z0-9]*|\.{2,}", "-", ascii_only)
    return plain.strip(".-")[:longest].strip(".-") or "recording"
