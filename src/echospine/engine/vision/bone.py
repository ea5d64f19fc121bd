"""The training-free bone finder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Structure, Surface
from echospine.domain.units import Floats, Mask
from echospine.engine.vision.beams import BeamGrid, Grid, beam_grid
from echospine.engine.vision.field import find_field
from echospine.engine.vision.path import best_path, follow
from echospine.engine.vision.phase import phase_symmetry
from echospine.engine.vision.quality import judge, ringing

FAINT = 0.3
"""Share of the brightest grey level up to which tissue counts as tissue, and from which a ridge counts in full."""
SHADOW_WIDTH_MM = 5.0
"""Tissue above and below is compared over this width: shadows are wide, speckle is not."""
STEEPEST = 3.0
"""Steepest surface that is followed, depth over width."""
FOLLOW_GAP_MM = 1.0
"""A surface is followed over a gap of this width in its echo."""
NEIGHBOURS_MM = 1.0
"""Evidence of a beam counts for its neighbours' confidence over this width: a surface is continuous."""
LEAST_DROP = 0.35
"""What is left of the evidence where tissue below is no darker than above: reverberation can fill a shadow."""


@dataclass(frozen=True, slots=True)
class BoneFinder:
    """Finds the surface of bone by local phase symmetry, brightness and shadow, and the best course across beams.

    `scales_mm`: wavelengths of the ridge filters, about two to four times the thickness of the echo;
    `near_field_mm`: evidence counts nothing above the first of these depths and in full below the second (skin,
    gel, reverberation); `shadow_mm`: the shadow is judged from the first to the second of these below the surface;
    `ridges_mm`: bright lines below a place, added up, that leave 37 % of its evidence; `above_mm`: tissue above
    is judged from the first to the second of these; `drop`: ratio of tissue below to above that is no shadow, and that
    is one in full; `threshold`: evidence, 0 to 1,
    that a beam needs to count for bone; `jump_price`: price of a jump of 1 mm between beams 1 mm apart;
    `switch_price`: price of beginning or ending a run; `shortest_mm`: runs of bone below this length are dropped;
    `refine_mm`: the row is moved to the brightest place this near.
    """

    scales_mm: tuple[float, ...] = (3.0, 6.0)
    near_field_mm: tuple[float, float] = (3.0, 8.0)
    shadow_mm: tuple[float, float] = (2.5, 18.0)
    ridges_mm: float = 1.5
    above_mm: tuple[float, float] = (1.5, 10.0)
    drop: tuple[float, float] = (0.8, 0.4)
    threshold: float = 0.26
    jump_price: float = 0.03
    switch_price: float = 2.5
    shortest_mm: float = 4.0
    refine_mm: float = 0.8

    @property
    def method(self) -> Method:
        """Name and version, kept with every result."""
        return Method("phase symmetry and shadow", "1")

    def survey(self, samples: Sequence[Frame]) -> Field:
        """Return the image field from a few frames spread over the recording."""
        return find_field(samples)

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        """Return the bone surface of a frame, with a confidence per column, and the quality of the picture.

        The row is the crest of the bone's echo. Confidence where bone was found: how far its evidence
        exceeds the threshold; where none was: how far all evidence in the column stays below it.
        """
        grid = beam_grid(frame.geometry, field.sector)
        if grid is None:
            width = frame.geometry.width
            nothing = Surface(Structure.BONE, np.full(width, np.nan), np.zeros(width))
            return Interpretation(frame.index, self.method, field, (nothing,), Quality(0, 0, 0, 0, ("no image field",)))
        grey = grid.sample(frame.grey)
        echo = self.echo(grid, grey)
        echo[:, ringing(grid, grey)] = 0.0
        drop = self._drop(grid, np.minimum(grey, FAINT * _top_grey(grid, grey)))
        course = self._course(grid, echo * drop, echo)
        surface = self._surface(grid, grey, echo, drop, course)
        return Interpretation(frame.index, self.method, field, (surface,), judge(grid, grey, course))

    def echo(self, grid: BeamGrid, grey: Grid) -> Grid:
        """Return how much a place looks like the echo of bone, 0 to 1, on the beam grid, whatever lies around it.

        Ridge x brightness, times two signs of a shadow: the echo stands out from the mean below it; and below it there
        are no more bright lines, exp(-their sum): bone is the last bright line along a beam, fascia and muscle
        fibres are not. Places with less than half of the window below them in the field cannot be judged, and give 0.
        """
        wavelengths = tuple((mm / grid.step_mm, mm / grid.lateral_mm) for mm in self.scales_mm)
        ridge, level = phase_symmetry(grey, wavelengths, noise=3.0)
        first, last = (max(1, int(mm / grid.step_mm)) for mm in self.shadow_mm)
        below = _window_mean(grey, first, last)
        here = uniform_filter1d(grey, max(1, int(1.0 / grid.step_mm)), axis=0)
        stands_out = np.clip(1.6 * (here - below) / (here + below + 4.0) - 0.3, 0, 1)
        lines: Grid = ridge * np.minimum(grey / np.float32(FAINT * _top_grey(grid, grey)), np.float32(1))
        last_line = np.exp(-_sum_below(lines, first) * np.float32(grid.step_mm / self.ridges_mm))
        judged = np.cumsum(grid.inside[::-1], axis=0)[::-1] >= (first + last) / 2
        line = np.sqrt(np.clip(1.6 * ridge * level, 0, 1) * _brightness(grid, grey))
        echo: Grid = (line * stands_out * last_line * self._deep_enough(grid) * (judged & grid.inside)).astype(
            np.float32
        )
        return echo

    def _deep_enough(self, grid: BeamGrid) -> Grid:
        """Return the weight of each depth, shape (n_depths, 1): 0 in the near field, 1 below it."""
        first, last = self.near_field_mm
        depth_mm = np.arange(grid.inside.shape[0], dtype=np.float32) * grid.step_mm
        weight: Grid = np.clip((depth_mm - first) / (last - first), 0, 1)[:, None]
        return weight

    def _drop(self, grid: BeamGrid, tissue: Grid) -> Grid:
        """Return how much darker tissue is below a place than above it: `LEAST_DROP` (not at all) to 1 (a shadow)."""
        first, last = (max(1, int(mm / grid.step_mm)) for mm in self.shadow_mm)
        nearest, farthest = (max(1, int(mm / grid.step_mm)) for mm in self.above_mm)
        below = _window_mean(tissue, first, last)
        above = _window_mean(tissue[::-1], nearest, farthest)[::-1]
        width = max(1, int(SHADOW_WIDTH_MM / grid.lateral_mm))
        ratio = uniform_filter1d(below, width, axis=1) / (uniform_filter1d(above, width, axis=1) + np.float32(2))
        brighter, darker = self.drop
        drop: Grid = np.clip((brighter - ratio) / (brighter - darker), LEAST_DROP, 1)
        return drop

    def _course(self, grid: BeamGrid, evidence: Grid, echo: Grid) -> Floats:
        """Return the depth index of bone per beam, NaN where there is none.

        Steep flanks cast their shadow beside themselves, so each run of the best path is followed on along the echo.
        """
        per_row = self.jump_price * grid.step_mm / grid.lateral_mm
        reach = int(np.clip(np.ceil(STEEPEST * grid.lateral_mm / grid.step_mm), 3, 12))
        path = best_path(evidence, self.threshold, per_row, self.switch_price, reach)
        path[self._bridges(grid, echo, path, reach)] = np.nan
        runs = [run for run in _runs(np.isfinite(path)) if run.size * grid.lateral_mm >= self.shortest_mm]
        course = np.full_like(path, np.nan)
        for run in runs:
            course[run] = path[run]
        patience = max(1, int(FOLLOW_GAP_MM / grid.lateral_mm))
        for run in runs:
            for end, step in ((run[0], -1), (run[-1], 1)):
                follow(
                    course, echo, int(end), step, limit=self.threshold, reach=reach, patience=patience, most=run.size
                )
        course[_rise(course) > reach] = np.nan
        return course

    def _bridges(self, grid: BeamGrid, echo: Grid, path: Floats, reach: int) -> Mask:
        """Return the beams in which the path only joins two surfaces.

        There it has hardly any echo over more than a small gap, measured along the path, or it jumps.
        """
        on_path = echo[np.nan_to_num(path).astype(int), np.arange(path.size)]
        rise = _rise(path)
        length_mm = np.hypot(grid.lateral_mm, rise * grid.step_mm)
        bridges: Mask = rise > reach
        for run in _runs(np.isfinite(path) & (on_path < self.threshold / 2)):
            bridges[run] |= length_mm[run].sum() > FOLLOW_GAP_MM
        return bridges

    def _surface(self, grid: BeamGrid, grey: Grid, echo: Grid, drop: Grid, course: Floats) -> Surface:
        """Return the course in the picture's columns, on the crest of the echo, with confidence.

        The shadow belongs to the whole of a surface, so confidence takes its mean drop along each run: reverberation
        fills the shadow of bone just where its echo is strongest.
        """
        seen = np.isfinite(course)
        at = np.nan_to_num(course).astype(int), np.arange(course.size)
        on_path = np.zeros_like(course)
        for run in _runs(seen):
            on_path[run] = echo[at][run] * drop[at][run].mean()
        sure = np.where(seen, on_path - self.threshold, self.threshold - (echo * drop).max(axis=0))
        confidence = 1.0 / (1.0 + np.exp(-_smooth_in_runs(sure, seen, NEIGHBOURS_MM / grid.lateral_mm) / 0.08))
        rows = grid.rows_in_picture(self._on_crest(grid, grey, course))
        middle = grid.columns_px[grid.columns_px.shape[0] // 2]
        per_column = np.interp(np.arange(rows.size), middle, confidence)
        outside = (np.arange(rows.size) < grid.columns_px.min()) | (np.arange(rows.size) > grid.columns_px.max())
        per_column[outside] = 1.0
        return Surface(Structure.BONE, rows, np.clip(per_column, 0.0, 1.0))

    def _on_crest(self, grid: BeamGrid, grey: Grid, course: Floats) -> Floats:
        """Return the course moved to the brightest place within `refine_mm`, then smoothed along each run."""
        reach = max(1, int(self.refine_mm / grid.step_mm))
        smooth = gaussian_filter1d(gaussian_filter1d(grey, 0.4 / grid.step_mm, axis=0), 0.6 / grid.lateral_mm, axis=1)
        crest = course.copy()
        seen = np.flatnonzero(np.isfinite(course))
        offsets = np.arange(-reach, reach + 1)
        near = np.clip(course[seen].astype(int)[:, None] + offsets, 0, grey.shape[0] - 1)
        crest[seen] = near[np.arange(seen.size), smooth[near, seen[:, None]].argmax(axis=1)]
        for run in _runs(np.isfinite(course)):
            crest[run] = gaussian_filter1d(crest[run], 0.5 / grid.lateral_mm, mode="nearest")
        return crest


def _rise(path: Floats) -> Floats:
    """Return by how many rows the path changed from the beam before, 0 where one of the two has no surface."""
    rise: Floats = np.nan_to_num(np.abs(np.diff(path, prepend=path[:1])))
    return rise


def _runs(seen: Mask) -> list[npt.NDArray[np.intp]]:
    """Return the indices of each run of True."""
    there = np.flatnonzero(seen)
    return [run for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1) if run.size]


def _smooth_in_runs(values: Floats, seen: Mask, sigma: float) -> Floats:
    """Return `values` smoothed along each run of beams with, and each without, a surface; never across the two."""
    smooth = values.copy()
    for run in np.split(np.arange(seen.size), np.flatnonzero(np.diff(seen)) + 1):
        smooth[run] = gaussian_filter1d(values[run], sigma, mode="nearest")
    return smooth


def _top_grey(grid: BeamGrid, grey: Grid) -> float:
    """Return the grey level of the brightest echoes: the 99th percentile of the field, at least 60."""
    inside = grey[grid.inside]
    return max(60.0, float(np.percentile(inside, 99))) if inside.size else 60.0


def _brightness(grid: BeamGrid, grey: Grid) -> Grid:
    """Return brightness, 0 to 1, against the brightest echoes of the frame (99th percentile, at least 60)."""
    top = _top_grey(grid, grey)
    smooth = uniform_filter1d(grey, max(1, int(0.8 / grid.step_mm)), axis=0)
    bright: Grid = np.clip(smooth / top, 0, 1) ** 0.7
    return bright


def _sum_below(values: Grid, first: int) -> Grid:
    """Return the sum over all samples from `first` below each place to the end of the beam."""
    total = np.cumsum(values[::-1], axis=0)[::-1]
    return np.concatenate([total[first:], np.zeros((min(first, total.shape[0]), total.shape[1]), total.dtype)])


def _window_mean(values: Grid, first: int, last: int) -> Grid:
    """Return the mean over the samples `first` to `last` below each place; the window is cut at the field's end."""
    n = values.shape[0]
    total = np.concatenate([np.zeros((1, values.shape[1]), values.dtype), np.cumsum(values, axis=0)])
    start = np.minimum(np.arange(n) + first, n)
    stop = np.minimum(np.arange(n) + last + 1, n)
    count = np.maximum(stop - start, 1)[:, None].astype(np.float32)
    mean: Grid = (total[stop] - total[start]) / count
    return mean
