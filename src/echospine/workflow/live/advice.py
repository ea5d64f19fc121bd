"""One sentence for whoever holds the probe, of what a model says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import View

Advise: TypeAlias = Callable[[Interpretation, View | None], str]
"""Gives one sentence of what to do next toward the wanted view, or an empty one."""
SURE = 0.8


def plain_advice(seen: Interpretation, wanted: View | None) -> str:
    """Return what stands in the way of a good picture; else whether the wanted view is reached; else nothing."""
    if seen.quality.reasons:
        reason = seen.quality.reasons[0]
        return f"{reason[0].upper()}{reason[1:].rstrip('.')}."
    view = seen.view
    if wanted is not None and view is not None and view.view is wanted and view.confidence >= SURE:
        return "This is the view that you want: hold still."
    return ""
