"""Where scan lines run, how wide they hear, and how the picture lies upon them.

Widths are full widths at half amplitude, there and back. Both apertures are uniform; the half-amplitude width of a
focused one, one way, is 1.21 wavelengths times depth over aperture (sinc), and of the product of two 0.886 (sinc
squared; Szabo 2014, Diagnostic Ultrasound Imaging, 6.4). Each way is taken as the Gaussian whose square has that width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry, Region, RegionUnit
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Mask
from echospine.engine.twin.image.arithmetic import Singles, steady
from echospine.engine.twin.image.compiled import LANES
from echospine.engine.twin.image.tables import Lines, Places, Spread
from echospine.engine.twin.probe import Machine, Probe, Settings

SPEED_MM_US = 1.54
"""Speed of sound that every scanner assumes, mm per microsecond."""
FOCUSED = 0.886 * np.sqrt(2.0)
"""One-way width at the focus over wavelength * depth / aperture."""
PULSE = 1.34
"""Duration of the pulse at half amplitude times its bandwidth."""
DEFOCUSED = 0.80
"""Half-amplitude width of a beam far from its focus over that of the cone between aperture and focus."""
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))

PER_CELL = 4
"""Scatterers in one cell of tissue."""
ENOUGH = 25.0
"""Scatterers in a resolution cell at which the envelope is that of fully developed speckle (SNR above 1.85)."""
DEPTHS = 256
"""Rows of the point-spread tables."""
BELOW_ONE = 1.0 - 1e-6
"""Keeps the deepest place, rounded to single precision, within the last row."""
SUBLINES = 16
"""Places of a scatterer between two lines that the table of taps tells apart."""
PROFILE_STEPS = 16
"""Entries of the elevation profile per SD."""
SLAB_SIGMAS = 1.75
"""Half thickness of the slab that is heard, SD of its profile: 98.7 % of the energy."""
SPLIT = 1.0 / 6.0
"""Mean variance that sharing an echo between two samples adds to the pulse, samples squared."""
WIDEST_LINES = 2.0
"""Largest SD of the beam, in lines; wider beams are cut to it, and LANES taps hold what is wider than 1.5 not in full.

Against PyMUST speckle comes out 4 % too narrow at 1.5, 7 % at 1.9, 19 % beyond. The machines of `probe` stay under 1.5,
but for the linear one deeper than 75 mm. So a record with denser lines needs a smaller aperture, not only more lines.
"""


def wavelength_mm(probe: Probe) -> float:
    """Return the wavelength at the centre frequency, mm."""
    return SPEED_MM_US / probe.frequency_mhz


def pulse_width_mm(probe: Probe) -> float:
    """Return the axial width of a point's echo, mm: one cycle, sent and heard through the probe's band.

    PULSE over the bandwidth (-6 dB, there and back); a Gaussian band alone would give 0.88, the flat-topped band of
    real probes with a cycle to excite it gives 1.34 (as in Garcia 2022, Comput Methods Programs Biomed 218:106726).
    """
    return SPEED_MM_US / 2 * PULSE / (probe.bandwidth * probe.frequency_mhz)


def lateral_width_mm(probe: Probe, focus_mm: float, depth_mm: npt.ArrayLike) -> Floats:
    """Return the lateral width of a point's echo at `depth_mm`, mm: focus fixed on transmit, following on receive."""
    depth = np.maximum(np.asarray(depth_mm, np.float64), 1e-3)
    hearing = FOCUSED * wavelength_mm(probe) * depth / np.minimum(probe.aperture_mm, depth / probe.f_number)
    sending = _one_way_mm(probe, min(probe.aperture_mm, focus_mm / probe.f_number), focus_mm, depth)
    return np.asarray(sending * hearing / np.hypot(sending, hearing))


def slice_width_mm(probe: Probe, depth_mm: npt.ArrayLike) -> Floats:
    """Return the thickness of the slice at `depth_mm`, mm: the fixed lens both ways."""
    depth = np.maximum(np.asarray(depth_mm, np.float64), 1e-3)
    return np.asarray(_one_way_mm(probe, probe.elevation_mm, probe.elevation_focus_mm, depth) / np.sqrt(2.0))


def _one_way_mm(probe: Probe, aperture_mm: float, focus_mm: float, depth_mm: Floats) -> Floats:
    diffraction = FOCUSED * wavelength_mm(probe) * depth_mm / aperture_mm
    cone = DEFOCUSED * aperture_mm * np.abs(1.0 - depth_mm / focus_mm)
    return np.asarray(np.hypot(diffraction, cone))


def lines_of(machine: Machine, settings: Settings) -> Lines:
    """Return the scan lines of `machine` to the set depth."""
    if machine.n_lines < 2 * LANES or machine.n_samples < 128:
        raise GeometryError(f"{machine.name}: a picture needs {2 * LANES} lines and 128 samples or more")
    probe = machine.probe
    step = probe.width_mm / (machine.n_lines - 1) / (probe.radius_mm or 1.0)
    return Lines(
        machine.n_lines,
        machine.n_samples,
        probe.radius_mm or 0.0,
        step,
        1.0 / step,
        settings.depth_mm / (machine.n_samples - 1),
        2.0 / wavelength_mm(probe),
    )


def line_pitch_mm(lines: Lines, depth_mm: npt.ArrayLike) -> Floats:
    """Return the distance between neighbouring lines at `depth_mm`, mm."""
    depth = np.asarray(depth_mm, np.float64)
    return lines.step * (lines.radius_mm + depth) if lines.radius_mm else np.full_like(depth, lines.step)


def spread_of(machine: Machine, settings: Settings, lines: Lines) -> Spread:
    """Return the tables of the point-spread function.

    They keep energy: evenly scattering tissue without attenuation is equally bright at every depth, as after the gain
    that scanners apply for their own beam; a single point is brightest where the beam is narrow.
    """
    depth = (np.arange(DEPTHS) + 0.5) * settings.depth_mm / DEPTHS
    pitch = line_pitch_mm(lines, depth)
    lateral = lateral_width_mm(machine.probe, settings.focus_mm, depth) / FWHM_PER_SIGMA
    lateral = np.minimum(lateral, WIDEST_LINES * pitch)
    thickness = slice_width_mm(machine.probe, depth) / FWHM_PER_SIGMA
    places = (np.arange(SUBLINES) + 0.5) / SUBLINES
    away = np.arange(LANES) - (LANES // 2 - 1) - places[:, None]
    taps = np.exp(-0.5 * (away * (pitch / lateral)[:, None, None]) ** 2)
    taps /= np.sqrt(np.pi * lateral * thickness)[:, None, None]
    profile = np.exp(-0.5 * ((np.arange(int(SLAB_SIGMAS * PROFILE_STEPS)) + 0.5) / PROFILE_STEPS) ** 2)
    crowd = _crowd(machine, lateral, thickness)
    many = ndimage.maximum_filter1d(np.count_nonzero(crowd, axis=1).astype(np.int32), 9)
    return Spread(
        steady(taps).reshape(-1),
        steady(PROFILE_STEPS / thickness),
        steady(SLAB_SIGMAS * thickness),
        crowd,
        many,
        steady(profile),
        DEPTHS * BELOW_ONE / settings.depth_mm,
    )


def _crowd(machine: Machine, lateral_sigma_mm: Floats, slice_sigma_mm: Floats) -> Singles:
    """Return the weight of each scatterer of a cell by depth, (DEPTHS, PER_CELL): mean power 1 over the cell.

    Where the resolution cell is large, the last scatterers of each tissue cell fade out: fewer are enough there.
    """
    pulse_sigma_mm = pulse_width_mm(machine.probe) / FWHM_PER_SIGMA
    volume_mm3 = (2 * np.pi) ** 1.5 * pulse_sigma_mm * lateral_sigma_mm * slice_sigma_mm
    wanted = np.clip(ENOUGH * PER_CELL / (volume_mm3 * machine.scatterers_per_mm3), 1.0, PER_CELL)
    weight = np.sqrt(np.clip(wanted[:, None] - np.arange(PER_CELL), 0.0, 1.0))
    return steady(weight * np.sqrt(PER_CELL / np.sum(weight**2, axis=1, keepdims=True)))


def pulse_of(machine: Machine, lines: Lines) -> Singles:
    """Return the envelope of the pulse at steps of one sample, odd length, of unit energy per mm."""
    sigma = pulse_width_mm(machine.probe) / FWHM_PER_SIGMA / lines.sample_mm
    sigma = np.sqrt(max(sigma**2 - SPLIT, 0.25))
    half = max(1, int(np.ceil(3.0 * sigma)))
    pulse = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return steady(pulse / np.sqrt(np.sum(pulse**2) * lines.sample_mm))


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """How a picture lies upon the lines: its geometry, its place in Probe, and where each pixel reads the lines.

    `pixel`: flat indices of the pixels inside the field, (n,); `corner`: flat index of the sample above and left of
    each; `down`, `across`: shares of the way to the next sample and line; `places`: x and y, mm, Probe, depth, mm, and
    line of each, (n, 4).
    """

    geometry: ImageGeometry
    image_to_probe: Pose
    pixel: Places
    corner: Places
    down: Singles
    across: Singles
    places: Floats

    @property
    def inside(self) -> Mask:
        """True in the field of the picture, shape (height, width)."""
        mask: Mask = np.zeros(self.geometry.height * self.geometry.width, np.bool_)
        mask[self.pixel] = True
        return mask.reshape(self.geometry.height, self.geometry.width)


def raster_of(machine: Machine, settings: Settings, lines: Lines) -> Raster:
    """Return the picture of `machine`: the field fitted into it and centred, square pixels."""
    half_angle, radius = machine.probe.half_angle, lines.radius_mm
    top = -radius * (1.0 - np.cos(half_angle))
    side = (radius + settings.depth_mm) * np.sin(half_angle) if radius else machine.probe.width_mm / 2
    step = max(2 * side / (machine.width_px - 1), (settings.depth_mm - top) / (machine.height_px - 1))
    left = -step * (machine.width_px - 1) / 2
    above = top - (step * (machine.height_px - 1) - (settings.depth_mm - top)) / 2
    pose = Pose("Probe", "Image", np.array([[step, 0, 0, left], [0, step, 0, above], [0, 0, step, 0], [0, 0, 0, 1]]))
    row, column = np.mgrid[: machine.height_px, : machine.width_px]
    depth, line = on_lines(lines, left + step * column, above + step * row)
    sample = depth / lines.sample_mm
    close = 1e-6
    inside = (line >= -close) & (line <= lines.n_lines - 1 + close)
    inside &= (sample >= -close) & (sample <= lines.n_samples - 1 + close)
    sample, line = np.clip(sample[inside], 0, lines.n_samples - 1), np.clip(line[inside], 0, lines.n_lines - 1)
    places = np.stack([left + step * column[inside], above + step * row[inside], depth[inside], line], axis=1)
    i = np.minimum(sample.astype(np.int32), lines.n_samples - 2)
    j = np.minimum(line.astype(np.int32), lines.n_lines - 2)
    return Raster(
        _geometry(machine, step, inside),
        pose,
        np.flatnonzero(inside).astype(np.int32),
        (i * lines.n_lines + j).astype(np.int32),
        steady(sample - i),
        steady(line - j),
        np.round(places * 2.0**30) / 2.0**30,
    )


def on_lines(lines: Lines, x_mm: npt.ArrayLike, y_mm: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return depth, mm, and line (a fraction) of points of the picture plane, in Probe."""
    x, y = np.asarray(x_mm, np.float64), np.asarray(y_mm, np.float64)
    middle = (lines.n_lines - 1) / 2
    if not lines.radius_mm:
        return y, x / lines.step + middle
    along = y + lines.radius_mm
    return np.hypot(x, along) - lines.radius_mm, np.arctan2(x, along) / lines.step + middle


def off_lines(lines: Lines, depth_mm: npt.ArrayLike, line: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the point of the picture plane (x, y), mm, Probe, at a depth along a line: the inverse of `on_lines`."""
    depth, offset = np.asarray(depth_mm, np.float64), (np.asarray(line) - (lines.n_lines - 1) / 2) * lines.step
    if not lines.radius_mm:
        return offset + 0.0 * depth, depth + 0.0 * offset
    reach = lines.radius_mm + depth
    return reach * np.sin(offset), reach * np.cos(offset) - lines.radius_mm


def _geometry(machine: Machine, step_mm: float, inside: Mask) -> ImageGeometry:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    region = Region(
        int(columns[0]),
        int(rows[0]),
        int(columns[-1]),
        int(rows[-1]),
        RegionUnit.CM,
        RegionUnit.CM,
        step_mm / 10,
        step_mm / 10,
    )
    return ImageGeometry(machine.width_px, machine.height_px, (region,))
