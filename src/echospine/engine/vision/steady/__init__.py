"""Labels that do not jitter while the probe is still, and do not lag while it moves."""

from echospine.engine.vision.steady.sliding import Slider as Slider
from echospine.engine.vision.steady.smoothing import Steady as Steady
