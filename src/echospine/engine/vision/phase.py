"""Local phase symmetry: how much a place looks like a bright ridge, whatever its brightness.

Kovesi (1997), "Symmetry and asymmetry from local phase"; for bone: Hacihaliloglu et al. (2009), "Bone surface
localization in ultrasound using image phase-based features". Here with the monogenic signal (Felsberg and
Sommer 2001), which needs three filters per scale in place of a bank of orientations.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter

from echospine.engine.vision.beams import Grid

Spectrum = npt.NDArray[np.complex64]


def phase_symmetry(grey: Grid, wavelengths: tuple[tuple[float, float], ...], noise: float) -> tuple[Grid, Grid]:
    """Return the symmetry of bright ridges, 0 to 1, and how level they lie, 0 (upright) to 1; shape of `grey`.

    `wavelengths`: pairs (axial, lateral) of the filters' centres, samples; an anisotropic grid gets different
    ones. `noise`: filter response below which nothing counts, in grey levels. With even response e and odd
    responses o at each scale: sum max(e - |o| - noise, 0) / (sum sqrt(e^2 + |o|^2) + noise)  (Kovesi 1997, eq. 8).
    """
    shape = tuple(fft.next_fast_len(n + int(2 * max(w[0] for w in wavelengths)), real=True) for n in grey.shape)
    padded = np.pad(grey, [(0, s - n) for s, n in zip(shape, grey.shape, strict=True)], mode="edge")
    spectrum = fft.rfft2(padded)
    symmetry = np.zeros(grey.shape, np.float32)
    energy = np.full(grey.shape, noise, np.float32)
    axial = np.zeros(grey.shape, np.float32)
    lateral = np.zeros(grey.shape, np.float32)
    for wavelength in wavelengths:
        even, odd_axial, odd_lateral = (
            fft.irfft2(spectrum * band, s=shape)[: grey.shape[0], : grey.shape[1]]
            for band in _filters(shape, wavelength)
        )
        odd = np.hypot(odd_axial, odd_lateral)
        symmetry += np.maximum(even - odd - noise, 0)
        energy += np.hypot(even, odd)
        axial += np.abs(odd_axial)
        lateral += np.abs(odd_lateral)
    axial, lateral = uniform_filter(axial, 5), uniform_filter(lateral, 5)
    level = axial / (np.hypot(axial, lateral) + 1e-3)
    return symmetry / energy, level.astype(np.float32)


@lru_cache(maxsize=16)
def _filters(shape: tuple[int, int], wavelength: tuple[float, float]) -> tuple[Spectrum, Spectrum, Spectrum]:
    """Return the log-Gabor band-pass (bandwidth ratio 0.55) and its two Riesz parts, for rfft2 of that shape."""
    v = fft.fftfreq(shape[0])[:, None] * wavelength[0]
    u = fft.rfftfreq(shape[1])[None, :] * wavelength[1]
    radius = np.hypot(u, v)
    radius[0, 0] = 1.0
    band = np.exp(-(np.log(radius) ** 2) / (2 * np.log(0.55) ** 2))
    band[0, 0] = 0.0
    odd_axial, odd_lateral = band * 1j * v / radius, band * 1j * u / radius
    return band.astype(np.complex64), odd_axial.astype(np.complex64), odd_lateral.astype(np.complex64)
