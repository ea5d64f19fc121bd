"""Plain advice: what stands in the way first, then whether the wanted view is reached, and never a word too much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Quality, View
from echospine.domain.sights import ViewBelief
from echospine.workflow.live import PlainAdviser
from rich_model import RichModel

LAMINA = View.PARASAGITTAL_LAMINA


def seen(share: float, *reasons: str) -> Interpretation:
    model = RichModel()
    frame = Frame(np.full((24, 32), 90, np.uint8), ImageGeometry(32, 24), 0)
    found = model.interpret(frame, model.survey([frame]))
    view = ViewBelief(((LAMINA, share), (View.OTHER, round(1 - share, 3))))
    return replace(found, view=view, quality=Quality(1.0, 0.0, 0.1, 0.9, reasons))


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (seen(0.95), None, ""),
        (seen(0.95), View.SACRAL, ""),
        (seen(0.6), LAMINA, ""),
        (seen(0.95), LAMINA, "This is the view that you want: hold still."),
        (seen(0.95, "no contact: add gel."), LAMINA, "No contact: add gel."),
        (replace(seen(0.9), view=None), LAMINA, ""),
    ],
)
def test_plain_advice(found: Interpretation, wanted: View | None, told: str) -> None:
    assert PlainAdviser().advise(found, wanted, 0.0) == told
