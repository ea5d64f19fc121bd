"""Hashes and functions that give the same bits on every machine: plain arithmetic and tables, no maths library.

Libraries choose their sine or logarithm by the processor, and the last bit with it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from echospine.engine.twin.image.compiled import inlined

Singles = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint64]

PHASES = 4096
"""Entries of the table of one turn."""
NORMALS = 4096
"""Entries of the table of complex normal numbers."""
LOG_STEPS = 2048
"""Entries of the table of logarithms over one octave."""

OCTAVE_DB = 3.0102999566398120
"""Two, in dB of power."""

_MANTISSA_BITS, _BIAS, _TABLE_BITS = 23, 127, 11
_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xBF58476D1CE4E5B9)
_C = np.uint64(0x94D049BB133111EB)
_X = np.uint64(0xD1342543DE82EF95)
_Y = np.uint64(0xAF251AF3B0F025B5)
_Z = np.uint64(0xB564EF22EC7AECE5)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inlined
def mixed(word: np.uint64) -> np.uint64:
    """Return 64 well-stirred bits of `word` (splitmix64; Steele, Lea and Flood 2014)."""
    word += _A
    word = (word ^ (word >> _S30)) * _B
    word = (word ^ (word >> _S27)) * _C
    return word ^ (word >> _S31)


@inlined
def hashed(i: int, j: int, k: int, seed: np.uint64) -> np.uint64:
    """Return 64 bits that belong to the cell (i, j, k)."""
    return mixed(seed + np.uint64(i) * _X + np.uint64(j) * _Y + np.uint64(k) * _Z)


@inlined
def angle_of(across: float, along: float, distance: float) -> float:
    """Return the angle of (across, along), which is `distance` long, to `along`; within 90 degrees, to 1e-6 rad.

    Tangent of the half angle, then an odd polynomial (minimax on -1 to 1).
    """
    t = across / (distance + along)
    s = t * t
    series = -0.0336030408 + s * 0.0068113929
    series = 0.0796223481 + s * series
    series = -0.132332716 + s * series
    series = 0.198077976 + s * series
    series = -0.333173661 + s * series
    return 2.0 * t * (0.999996111 + s * series)


@inlined
def decibels(power: np.float32, logs: Singles) -> np.float32:
    """Return 10 log10 of `power`, to 0.001 dB; zero gives -382. `logs`: log_table."""
    word = np.float32(power).view(np.int32)
    octave = np.float32((word >> _MANTISSA_BITS) - _BIAS) * np.float32(OCTAVE_DB)
    rest: np.float32 = logs[(word >> (_MANTISSA_BITS - _TABLE_BITS)) & (LOG_STEPS - 1)]
    return octave + rest


def steady(values: npt.ArrayLike) -> Singles:
    """Return float32 values rounded to 2^-18 of the largest, so that the last bit of a library does not show."""
    array = np.asarray(values, np.float64)
    largest = float(np.max(np.abs(array), initial=1e-30))
    grid = 2.0 ** (np.ceil(np.log2(largest)) - 18)
    rounded: Singles = (np.round(array / grid) * grid).astype(np.float32)
    return rounded


@cache
def turn_table() -> Singles:
    """Return cosine and sine of one turn backwards, exp(-2 pi i k / PHASES), shape (PHASES, 2)."""
    angles = -2 * np.pi * (np.arange(PHASES) + 0.5) / PHASES
    return steady(np.stack([np.cos(angles), np.sin(angles)], axis=1))


@cache
def normal_table() -> Singles:
    """Return complex normal numbers of mean power 1, shape (NORMALS, 2): every size equally often, in every direction.

    Sizes are quantiles of the Rayleigh distribution; directions go round by the golden angle.
    """
    sizes = np.sqrt(-np.log((np.arange(NORMALS) + 0.5) / NORMALS))
    angles = np.pi * (3.0 - np.sqrt(5.0)) * np.arange(NORMALS)
    return steady(np.stack([sizes * np.cos(angles), sizes * np.sin(angles)], axis=1))


@cache
def log_table() -> Singles:
    """Return 10 log10(1 + k / LOG_STEPS), dB."""
    return steady(10.0 * np.log10(1.0 + (np.arange(LOG_STEPS) + 0.5) / LOG_STEPS))
