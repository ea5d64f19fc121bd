"""How tissues scatter, and how that varies within them: fibres, lobules and layers from one periodic table.

The table is a field of thin bright sheets (where a smooth random field crosses zero) around dark cells. Stretched along
muscle fibres it is perimysium: streaks lengthwise, dots and short lines across; flattened along the skin it is
the septa between fat lobules.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.image.arithmetic import steady
from echospine.engine.twin.image.tables import Answers
from echospine.engine.twin.tissues import NO_ECHO, TISSUES, Texture, Tissue

PATTERN_SHAPE = (64, 128, 128)
"""Entries along the fibres, and in the two directions across; powers of two, so that indices wrap by their bits."""
SHEETS = 11.0
"""Mean distance between sheets, entries."""
SHEET_SIGMA = 0.20
"""Half thickness of a sheet, SD of the field that crosses zero in it."""
STEP = 27.0
"""Entries' grey steps per SD of the pattern; 128 is the mean."""
FAR = 2.0**13
"""Added to indices into the pattern so that they are never negative; a multiple of every period."""

SHEET_MM: dict[Texture, tuple[float, float, float]] = {
    Texture.EVEN: (4.0, 4.0, 4.0),
    Texture.FIBRES: (16.0, 1.4, 1.6),
    Texture.LOBULES: (11.0, 1.9, 11.0),
    Texture.LAYERS: (40.0, 0.9, 40.0),
}
"""Mean distance between sheets along the grain, and in the two directions across it, mm.

Fascicles of 1 to 3 mm: Purslow 2010, J Biomech 43:411. Fat lobules lie flat under the skin.
"""

CORE_MM = -58.0
"""Middle of the trunk, y in Patient."""
PARTS = 4
"""Parts of each side in which what lies along the skin is turned by 0, 30, 60 and 90 degrees towards the flank."""
PART_EDGES = (0.5, 0.95, 1.65)
"""Distance from the midline over that from the core, at which a part ends: there the skin of a mean adult has turned
by 15, 45 and 75 degrees."""

_DOWN = (0.0, 0.0, -1.0)
FIBRES: dict[Tissue, tuple[float, float, float]] = {
    Tissue.MULTIFIDUS: (0.26, -0.17, -0.95),
    Tissue.LONGISSIMUS: (0.10, -0.10, -0.99),
    Tissue.ILIOCOSTALIS: (-0.12, 0.05, -0.99),
    Tissue.QUADRATUS_LUMBORUM: (0.15, 0.0, -0.99),
    Tissue.PSOAS: (0.20, -0.25, -0.95),
    Tissue.TRANSVERSUS_ABDOMINIS: (0.8, -0.6, 0.0),
    Tissue.INTERNAL_OBLIQUE: (0.6, 0.4, -0.7),
    Tissue.EXTERNAL_OBLIQUE: (0.5, -0.5, -0.7),
    Tissue.INTERSPINOUS: (0.0, 0.6, 0.8),
    Tissue.NERVE_ROOT: (0.4, -0.3, -0.87),
}
"""Directions of fibres on the left (x left, y back, z up), mirrored on the right.

Multifidus: Macintosh et al. 1986, Clin Biomech 1:196; erector spinae: Macintosh and Bogduk 1987, Spine 12:658;
psoas: Bogduk et al. 1992, Clin Biomech 7:109; quadratus lumborum: Phillips et al. 2008, Spine 33:E115.
"""


@cache
def pattern() -> npt.NDArray[np.uint8]:
    """Return the table, PATTERN_SHAPE, uint8: mean 128, STEP per SD, periodic along every axis."""
    rng = np.random.Generator(np.random.PCG64(20))
    sheets = _smooth(rng, SHEETS / (np.pi * np.sqrt(2.0)))
    patches = _smooth(rng, SHEETS / np.pi)
    bright = np.exp(-0.5 * (sheets / SHEET_SIGMA) ** 2) * np.clip(0.7 + 0.7 * patches, 0.0, 2.0) + 0.12 * patches
    bright = (bright - bright.mean()) / bright.std()
    table: npt.NDArray[np.uint8] = np.clip(np.round(128.0 + STEP * bright), 1, 255).astype(np.uint8)
    return table


def _smooth(rng: np.random.Generator, sigma: float) -> Floats:
    """Return a smooth periodic random field of unit SD, PATTERN_SHAPE."""
    field = ndimage.gaussian_filter(rng.standard_normal(PATTERN_SHAPE), sigma, mode="wrap")
    return np.asarray(field / field.std())


def answers_of(scatterers_per_mm3: float) -> Answers:
    """Return the scattering of every tissue, for scatterers of that density; its places are in mm."""
    n_tissues = max(TISSUES) + 1
    amplitude = np.zeros((n_tissues, 256))
    grain = np.zeros((n_tissues, 2 * PARTS, 3, 4))
    share = np.bincount(pattern().reshape(-1), minlength=256) / pattern().size
    for tissue, acoustics in TISSUES.items():
        if acoustics.echo_db > NO_ECHO:
            level = 10.0 ** (acoustics.texture_db * (np.arange(256) - 128.0) / STEP / 20.0)
            level /= np.sqrt(np.sum(share * level**2))
            amplitude[tissue] = level * 10.0 ** (acoustics.echo_db / 20.0)
        for part in range(2 * PARTS):
            grain[tissue, part] = _grain(tissue, acoustics.texture, part % PARTS, mirrored=part < PARTS)
    exact = np.round(grain * 2.0**20) / 2.0**20
    return Answers(
        steady(amplitude / np.sqrt(scatterers_per_mm3)), pattern().reshape(-1), exact.astype(np.float32), 0.0, CORE_MM
    )


def in_voxels(answers: Answers, anatomy: Anatomy) -> Answers:
    """Return `answers` with places in voxels of `anatomy`."""
    grain = answers.grain.copy()
    grain[..., :3] *= np.float32(anatomy.spacing_mm)
    middle, core = (np.array((0.0, CORE_MM)) - anatomy.origin_mm[:2]) / anatomy.spacing_mm
    return answers._replace(grain=grain, middle=float(middle), core=float(core))


def _grain(tissue: Tissue, texture: Texture, part: int, *, mirrored: bool) -> Floats:
    """Return the matrix (3, 4) from mm (x, y, z, 1) to entries of the pattern; `part`: how far round to the flank."""
    turn = part * np.pi / 2 / (PARTS - 1)
    if texture is Texture.FIBRES:
        along, out = np.array(FIBRES.get(tissue, _DOWN)), np.array([0.0, 1.0, 0.0])
    else:
        along, out = np.array([np.cos(turn), -np.sin(turn), 0.0]), np.array([np.sin(turn), np.cos(turn), 0.0])
    along = along / np.linalg.norm(along)
    if mirrored:
        along, out = along * (-1.0, 1.0, 1.0), out * (-1.0, 1.0, 1.0)
    deep = out - (out @ along) * along
    deep /= np.linalg.norm(deep)
    rows = np.stack([along, deep, np.cross(along, deep)])
    entries = SHEETS / np.array(SHEET_MM[texture])
    return np.hstack([entries[:, None] * rows, np.full((3, 1), FAR)])
