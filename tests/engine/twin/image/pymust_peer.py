"""One line of a picture by PyMUST: waves from each element, echoes of the same scatterers, delay and sum.

Garcia 2022, Comput Methods Programs Biomed 218:106726. A line beside the middle is the middle line of scatterers that
are moved the other way, so that the aperture stays where it is.
"""

from __future__ import annotations

import numpy as np
import pymust

from echospine.engine.twin.image.beams import SPEED_MM_US
from echospine.engine.twin.probe import Probe

PITCH_WAVELENGTHS = 0.9


class Peer:
    """A linear array as `probe`, focused at `focus_mm`, heard at depths `depth_mm` (n,) of its middle line."""

    def __init__(self, probe: Probe, focus_mm: float, depth_mm: np.ndarray) -> None:
        pitch_mm = PITCH_WAVELENGTHS * SPEED_MM_US / probe.frequency_mhz
        count = round(probe.aperture_mm / pitch_mm)
        param = pymust.utils.Param()
        param.fc, param.bandwidth, param.fs = (
            probe.frequency_mhz * 1e6,
            100.0 * probe.bandwidth,
            4e6 * probe.frequency_mhz,
        )
        param.Nelements, param.pitch, param.kerf = count, pitch_mm * 1e-3, 0.02e-3
        param.width, param.c, param.radius, param.attenuation = param.pitch - param.kerf, 1540.0, np.inf, 0.0
        element_mm = (np.arange(count) - (count - 1) / 2) * pitch_mm
        late = np.hypot(element_mm, focus_mm)
        delays = (late.max() - late) / (SPEED_MM_US * 1e6)
        delays[np.abs(element_mm) > min(probe.aperture_mm, focus_mm / probe.f_number) / 2] = np.nan
        self.param, self.delays, self.f_number = param, (delays - np.nanmin(delays))[None, :], probe.f_number
        self.depth_m = depth_mm[:, None] * 1e-3
        self.sums: dict[tuple[int, ...], object] = {}

    def rf(self, x_mm: np.ndarray, depth_mm: np.ndarray, amplitude: np.ndarray) -> np.ndarray:
        """Return what the elements hear of scatterers, (n_times, n_elements)."""
        heard, _ = pymust.simus(x_mm * 1e-3, depth_mm * 1e-3, amplitude, self.delays, self.param)
        return np.asarray(heard)

    def line(self, x_mm: np.ndarray, depth_mm: np.ndarray, amplitude: np.ndarray) -> np.ndarray:
        """Return the complex echo along the middle line."""
        param = self.param
        heard = pymust.rf2iq(self.rf(x_mm, depth_mm, amplitude), param)
        heard = heard[0] if isinstance(heard, tuple) else heard
        if heard.shape not in self.sums:
            param.fnumber = self.f_number
            x = np.zeros_like(self.depth_m)
            self.sums[heard.shape] = pymust.dasmtx(1j * np.array(heard.shape), x, self.depth_m, self.delays, param)
        return np.asarray(self.sums[heard.shape] @ heard.flatten(order="F")).reshape(-1)
