"""One colour for each structure, the same on the page, in plots and in the report.

The table starts from the palette of Okabe and Ito (2008): bone, multifidus and erector spinae are theirs. The
other colours were placed so that any two stay apart (0.06 or more in OKLab) for normal sight and for protan,
deutan and tritan sight as simulated by Machado et al. (2009), and so that a line of each can be seen on a dark
page (contrast 3 or more) and on paper (1.5 or more). Colour never stands alone: a name is always beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from echospine.domain.labels import BONES, Part, Structure
from echospine.domain.units import Labels, Mask, Pixels

TINT = 0.22
"""Share of a structure's colour in its area: the echo must stay visible below it."""

COLOURS: Mapping[Structure, str] = MappingProxyType(
    {
        Structure.BACKGROUND: "#8A8F98",
        Structure.SUBCUTANEOUS: "#CEC5D7",
        Structure.FASCIA: "#7177B8",
        Structure.MULTIFIDUS: "#009E73",
        Structure.ERECTOR_SPINAE: "#56B4E9",
        Structure.PSOAS: "#4F5CBF",
        Structure.QUADRATUS_LUMBORUM: "#00D8A9",
        Structure.SPINOUS_PROCESS: "#F4BB16",
        Structure.LAMINA: "#D48016",
        Structure.ARTICULAR_PROCESS: "#EFD07F",
        Structure.TRANSVERSE_PROCESS: "#B6692A",
        Structure.VERTEBRAL_BODY: "#9D5100",
        Structure.SACRUM: "#89B277",
        Structure.POSTERIOR_COMPLEX: "#9001FE",
        Structure.DURAL_SAC: "#A374FF",
        Structure.NERVE: "#C08AAD",
        Structure.VESSEL: "#C10D81",
        Structure.NEEDLE: "#01E3FF",
        Structure.BONE: "#E69F00",
    }
)
"""Colour of each structure, `#RRGGBB` in sRGB; background is the neutral of what belongs to no structure."""


def colours_by_label() -> dict[str, str]:
    """Return the table under the names that files use, `{"bone": "#E69F00", ...}`, as the page reads it."""
    return {structure.label: colour for structure, colour in COLOURS.items()}


def colour_of(part: Part) -> str:
    """Return the colour of what was measured; the neutral of background where it has none of its own."""
    return COLOURS[part] if isinstance(part, Structure) else COLOURS[Structure.BACKGROUND]


def rgb(structure: Structure) -> tuple[int, int, int]:
    """Return the colour of a structure as red, green and blue, 0 to 255."""
    value = int(COLOURS[structure].removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def tinted(pixels: Pixels, labels: Labels) -> Pixels:
    """Return a picture, grey or RGB, as RGB with the areas of soft tissue tinted and outlined in their colours.

    `labels`: structure ids, shape (rows, columns). Bone has a line of its own, its surface, and is not covered.
    """
    colour = np.stack([pixels] * 3, axis=2) if pixels.ndim == 2 else pixels.copy()
    for structure in (Structure(int(one)) for one in np.unique(labels) if one):
        if structure in BONES:
            continue
        area = labels == structure
        full = np.array(rgb(structure), np.float64)
        colour[area] = ((1.0 - TINT) * colour[area] + TINT * full).astype(np.uint8)
        colour[_outline(area)] = full.astype(np.uint8)
    return colour


def _outline(area: Mask) -> Mask:
    """Return the pixels of an area that have one outside it above, below, left or right."""
    inside = np.pad(area, 1, mode="edge")
    outline: Mask = area & ~(inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:])
    return outline
