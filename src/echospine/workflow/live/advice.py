"""One sentence for whoever holds the probe, of what a model says."""

from __future__ import annotations

from typing import Protocol

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import View

SURE = 0.8


class Adviser(Protocol):
    """Leads one viewer, frame by frame; it may remember what it said. Each viewer has its own."""

    def advise(self, seen: Interpretation, wanted: View | None, time_s: float) -> str:
        """Return one sentence of what to do next toward the wanted view, or an empty one. `time_s`: monotonic."""
        ...


class PlainAdviser:
    """Says what stands in the way of a good picture; else whether the wanted view is reached; else nothing."""

    def advise(self, seen: Interpretation, wanted: View | None, time_s: float) -> str:
        """Return that sentence."""
        if seen.quality.reasons:
            reason = seen.quality.reasons[0]
            return f"{reason[0].upper()}{reason[1:].rstrip('.')}."
        view = seen.view
        if wanted is not None and view is not None and view.view is wanted and view.confidence >= SURE:
            return "This is the view that you want: hold still."
        return ""
