"""The report as a PDF for people: pictures with overlays as vectors, tables, plots, and where it all comes from.

And the picture of a trend, as SVG and PNG.

A draft is marked on every page. The same report gives the same bytes.
"""

from __future__ import annotations

from echospine.adapters.pdf.trend_png import trend_png
from echospine.adapters.pdf.trend_svg import trend_svg
from echospine.adapters.pdf.writer import PdfWriter

__all__ = ["PdfWriter", "trend_png", "trend_svg"]
