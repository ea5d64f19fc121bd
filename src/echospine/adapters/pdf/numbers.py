"""Numbers and dates as people read them: a sensible number of digits, and always the unit."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from echospine.domain.measures import Measurement


def value_text(measurement: Measurement, value: float) -> str:
    """Return `value` with the decimals and the minus sign that the values of `measurement` are printed with."""
    return f"{value:.{measurement.decimals}f}".replace("-", "−")


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
    """Return `text` with places (U+200B) where a very long word may break, so that it never leaves its column.

    They come after the joints of file names (_ . - /), and every few letters where there are no joints.
    """

    def broken(word: re.Match[str]) -> str:
        parts = re.split(r"(?<=[_./-])(?=.)", word[0])
        return "\u200b".join(p if len(p) <= longest else re.sub(rf"(.{{{every}}})(?=.)", "\\1\u200b", p) for p in parts)

    return re.sub(rf"\S{{{longest + 1},}}", broken, text)


def shortened(text: str, longest: int) -> str:
    """Return `text` cut to `longest` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
