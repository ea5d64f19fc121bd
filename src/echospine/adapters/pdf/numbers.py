"""Numbers and dates as people read them: a sensible number of digits, and always the unit."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from echospine.domain.measures import Measurement
from echospine.domain.units import Unit

_DECIMALS: dict[Unit, int] = {Unit.MM: 2, Unit.SECOND: 2}


def decimals(measurement: Measurement) -> int:
    """Return how many decimals the value deserves: as far as its uncertainty reaches, 1 to 3."""
    doubt = measurement.uncertainty
    if doubt:
        return max(1, min(3, -math.floor(math.log10(doubt))))
    return _DECIMALS.get(measurement.unit, 1)


def value_text(measurement: Measurement, value: float | None) -> str:
    """Return `value` in the manner of `measurement`, or the word that says why there is none."""
    if value is None:
        return measurement.note
    return f"{value:.{decimals(measurement)}f}".replace("-", "−")


def when_text(moment: datetime | None) -> str:
    """Return date and time to the minute, in UTC."""
    if moment is None:
        return ""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def size_text(n_bytes: int) -> str:
    """Return a file's size in the unit that suits it: 12 bytes, 3.4 kB, 1.2 MB."""
    size = float(n_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def clean(text: str) -> str:
    """Return `text` without control characters and halves of characters (surrogates), which no page can show."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text)


def breakable(text: str, longest: int = 24, every: int = 6) -> str:
    """Return `text` with places (U+200B) where a very long word may break, so that it never leaves its column."""
    return re.sub(rf"\S{{{longest + 1},}}", lambda word: re.sub(rf"(.{{{every}}})(?=.)", "\\1\u200b", word[0]), text)


def shortened(text: str, longest: int) -> str:
    """Return `text` cut to `longest` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
