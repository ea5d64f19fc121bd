"""What the tracked poses of a sweep say: how far the probe moved, and how fast.

Knows how to tell movement from the jitter of a tracker.
"""

from echospine.engine.volume.sweep import SWEEP_METHOD as SWEEP_METHOD
from echospine.engine.volume.sweep import measure_sweep as measure_sweep
