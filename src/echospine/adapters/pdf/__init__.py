"""The report as a PDF for people: pictures with overlays as vectors, tables, plots, and where it all comes from.

A draft is marked on every page. The same report gives the same bytes.
"""

from __future__ import annotations

from echospine.adapters.pdf.writer import PdfWriter

__all__ = ["PdfWriter"]
