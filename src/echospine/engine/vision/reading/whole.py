"""The whole of a reading: outputs, card and picture make an interpretation."""

from __future__ import annotations

import numpy as np

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Quality, Structure, Surface, View
from echospine.domain.sights import Doubt, StructureMap, ViewBelief
from echospine.domain.units import Floats
from echospine.engine.vision.beams import BeamGrid, beam_grid
from echospine.engine.vision.bearing import bearing_of
from echospine.engine.vision.quality import judge
from echospine.engine.vision.reading.agreement import agreement_of
from echospine.engine.vision.reading.card import Card, Look
from echospine.engine.vision.reading.crests import bone_surfaces
from echospine.engine.vision.reading.naming import Named, named
from echospine.engine.vision.reading.outputs import CONTACT, Outputs, Singles
from echospine.engine.vision.reading.points import sightings

STRANGE = 1.0
"""Strangeness above which nothing is named."""
NEARLY = 0.9
"""Strangeness from which a picture is said to be near the edge of what is known."""
LEAST_CONTACT = 0.15
"""Share of the probe's face on skin below which nothing is named, where picture and network agree that it is so."""

LEAST_SPREAD = 2.0
"""Standard deviation of the greys, 0 to 255, below which a picture is of nothing: echoes have speckle."""


def read(outputs: Outputs, look: Look, second: Interpretation | None = None) -> Interpretation:
    """Return what a network saw in a frame.

    `second`: what was found without training in the same frame, for a second opinion on bone; its sentence goes into
    the doubt. Where the picture is stranger than what the network knows, or the probe touches nothing, nothing is
    named: no map, no surfaces, no landmarks, no view, no bearing.
    """
    found = named(outputs.structures, look.card, look.framing.inside(look.field.sector))
    surfaces = bone_surfaces(outputs.structures, found, look)
    quality = second.quality if second is not None else _quality(look, surfaces)
    strangeness = look.card.strangeness.of(outputs.features)
    contact = max(quality.contact, float(np.clip(outputs.place[CONTACT], 0.0, 1.0)))
    silent = _why_silent(strangeness, contact, _spread(look))
    index, method = look.frame.index, look.card.method
    if silent:
        doubt = Doubt(strangeness, True, (), silent)
        return Interpretation(index, method, look.field, (), quality, doubt=doubt)
    return Interpretation(
        index,
        method,
        look.field,
        surfaces,
        quality,
        structures=StructureMap(found.labels, found.probability, look.framing.corner_px, look.framing.step_px),
        landmarks=sightings(outputs.landmarks, look),
        view=view_of(outputs.view, look.card),
        doubt=Doubt(strangeness, False, found.unsure, _reasons(strangeness, found, surfaces, look, second)),
        bearing=bearing_of(outputs.place, look.square_mm),
    )


def view_of(logits: Singles, card: Card) -> ViewBelief:
    """Return calibrated probabilities of views, likeliest first."""
    scaled = logits.astype(np.float64) / card.view_temperature
    raised = np.exp(scaled - scaled.max())
    shares = raised / raised.sum()
    order = np.argsort(-shares, kind="stable")
    views = tuple(View)
    return ViewBelief(tuple((views[n], float(shares[n])) for n in order))


def _spread(look: Look) -> float:
    """Return the standard deviation of the greys of the image field."""
    greys = look.frame.grey[look.field.sector.mask(look.frame.geometry.height)]
    return float(greys.std()) if greys.size else 0.0


def _why_silent(strangeness: float, contact: float, spread: float) -> tuple[str, ...]:
    if spread < LEAST_SPREAD:
        return ("the picture is all of one grey",)
    if strangeness > STRANGE:
        return (f"the picture is unlike those the model knows ({strangeness:.1f} times as far as it may be)",)
    if contact < LEAST_CONTACT:
        return ("the probe hardly touches the skin",)
    return ()


def _reasons(
    strangeness: float, found: Named, surfaces: tuple[Surface, ...], look: Look, second: Interpretation | None
) -> tuple[str, ...]:
    reasons = []
    if strangeness > NEARLY:
        reasons.append("the picture is at the edge of what the model knows")
    if found.unsure:
        reasons.append(f"not sure: {', '.join(one.label.replace('_', ' ') for one in found.unsure)}")
    if second is not None:
        finder = second.surface(Structure.BONE)
        opinion = agreement_of(surfaces, finder, look.steps_mm[1], look.frame.geometry.width)
        reasons += [opinion.reason] if opinion.reason else []
    return tuple(reasons)


def _quality(look: Look, surfaces: tuple[Surface, ...]) -> Quality:
    """Return the quality of the picture, as it is judged without training, with the bone that was seen."""
    grid = beam_grid(look.frame.geometry, look.field.sector)
    if grid is None:
        return Quality(0.0, 0.0, 0.0, 0.0, ("no image field",))
    return judge(grid, grid.sample(look.frame.grey), _on_beams(grid, surfaces))


def _on_beams(grid: BeamGrid, surfaces: tuple[Surface, ...]) -> Floats:
    """Return the depth index of the shallowest bone on each beam, NaN where none was seen, shape (n_beams,)."""
    depth = np.full(grid.columns_px.shape[1], np.nan)
    for surface in surfaces:
        nearest = np.clip(np.rint(grid.columns_px).astype(np.intp), 0, surface.row_px.size - 1)
        with np.errstate(invalid="ignore"):
            below = grid.rows_px >= surface.row_px[nearest]
        depth = np.fmin(depth, np.where(below.any(axis=0), below.argmax(axis=0), np.nan))
    return depth
