"""The screen's picture has less speckle and its edges; it is no frame, so that nothing measures on it."""

from __future__ import annotations

import inspect
import time

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector
from echospine.engine.vision.display import Shown, evened, shown

GEOMETRY = ImageGeometry(640, 480)
SECTOR = Sector(np.where(np.arange(640) < 600, 10.0, np.nan), np.where(np.arange(640) < 600, 479.0, np.nan))


def picture(level: float = 70.0, step: float = 60.0) -> np.ndarray:
    """Two tissues with an upright edge at column 300, and speckle of 11 grey levels."""
    rng = np.random.default_rng(0)
    made = np.full((480, 640), level) + rng.normal(0, 11, (480, 640))
    made[:, 300:] += step
    return made.clip(0, 255).astype(np.uint8)


def frame(pixels: np.ndarray) -> Frame:
    return Frame(pixels, GEOMETRY, 4)


def test_speckle_falls_and_edges_stay():
    before, after = picture(), evened(picture())
    assert np.std(after[50:400, 50:250]) < 0.4 * np.std(before[50:400, 50:250])
    edge = after[:, 260:340].mean(axis=0)
    assert edge[-1] - edge[0] == pytest.approx(60.0, abs=2.0)
    rise = np.flatnonzero((edge > edge[0] + 12.0) & (edge < edge[-1] - 12.0))
    assert rise.size <= 3


def test_a_thin_bright_line_is_not_washed_out():
    pixels = picture(step=0.0)
    pixels[200:203] = 220
    after = evened(pixels)
    assert after[201, 100:500].mean() - after[150:190, 100:500].mean() > 0.75 * (220 - 70)


def test_the_mean_grey_of_tissue_is_kept():
    assert evened(picture())[50:400, 50:250].mean() == pytest.approx(picture()[50:400, 50:250].mean(), abs=0.5)


@pytest.mark.parametrize("level", [14.0, 30.0, 60.0, 120.0])
def test_gain_brings_dark_and_bright_pictures_together(level):
    rng = np.random.default_rng(1)
    pixels = (level * rng.lognormal(0, 0.35, (480, 640))).clip(0, 255).astype(np.uint8)
    told = shown(frame(pixels), SECTOR).screen_only[20:470, 20:580]
    assert 22 <= np.median(told) <= 110
    plain = shown(frame(pixels), SECTOR, smooth=0.0, gain=False).screen_only
    np.testing.assert_array_equal(plain, pixels)


def test_gain_keeps_the_order_of_greys_and_black_stays_black():
    ramp = np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))
    told = shown(frame(ramp), SECTOR, smooth=0.0).screen_only[100, :600].astype(int)
    assert np.all(np.diff(told) >= 0) and told[0] == 0
    black = np.zeros((480, 640), np.uint8)
    assert not shown(frame(black), SECTOR).screen_only.any()


def test_writing_outside_of_the_field_is_left_alone():
    pixels = picture()
    told = shown(frame(pixels), SECTOR).screen_only
    np.testing.assert_array_equal(told[:, 600:], pixels[:, 600:])
    np.testing.assert_array_equal(told[:10], pixels[:10])


def test_it_is_no_frame_and_the_frame_is_untouched():
    source = frame(picture())
    kept = source.pixels.copy()
    told = shown(source, SECTOR)
    np.testing.assert_array_equal(source.pixels, kept)
    assert told.frame_index == 4
    assert not {"grey", "pixels", "geometry"} & {name for name, _ in inspect.getmembers(Shown)}
    with pytest.raises(ValueError, match="read-only"):
        told.screen_only[0, 0] = 1


def test_smoothing_is_between_none_and_all():
    with pytest.raises(ModelError, match="between 0 and 1"):
        shown(frame(picture()), SECTOR, smooth=2.0)


def test_the_filter_is_quick():
    grey = picture()
    evened(grey)
    times = []
    for _ in range(9):
        began = time.process_time()
        evened(grey)
        times.append(time.process_time() - began)
    assert min(times) < 0.02
