"""A trend's picture as PNG, drawn by typst with the fonts that come with EchoSpine."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import typst

from echospine.adapters.pdf.writer import fonts
from echospine.domain.errors import StorageError

DOTS_PER_INCH = 192.0
PAGE = """#set page(width: {width}pt, height: {height}pt, margin: 0pt)
#image("trend.svg", width: 100%)
"""


def trend_png(svg: bytes) -> bytes:
    """Return the picture as PNG, 2.7 pixels for each of the drawing. Raises StorageError without room."""
    size = re.search(rb'width="(\d+)" height="(\d+)"', svg)
    if size is None:
        raise ValueError("the drawing does not tell its size")
    width, height = (int(part) for part in size.groups())
    try:
        with tempfile.TemporaryDirectory(prefix="echospine-trend-") as name:
            folder = Path(name)
            (folder / "trend.svg").write_bytes(svg)
            (folder / "trend.typ").write_text(PAGE.format(width=width, height=height), encoding="utf-8")
            compiler = typst.Compiler(folder / "trend.typ", root=folder, font_paths=fonts())
            data = compiler.compile(format="png", ppi=DOTS_PER_INCH)
    except OSError as error:
        raise StorageError(f"the trend cannot be drawn ({error.strerror}); free some temporary space") from error
    if not isinstance(data, bytes):
        raise TypeError("typst returned pages instead of one picture")
    return data
