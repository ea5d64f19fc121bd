"""What lies between skin and bone: how deep the bone is, how thick, large and bright muscle, fascia and fat are.

Knows depth along the beam for linear and curved probes, outlines, echo and motion (rooms of those names), and how to
sum up a recording with its spread. `measure_frame` is all that one frame gives.
"""

from echospine.engine.muscle.depth import depth_profile_mm as depth_profile_mm
from echospine.engine.muscle.frames import measure_frame as measure_frame
from echospine.engine.muscle.muscles import measure_muscles as measure_muscles
from echospine.engine.muscle.summary import mean_of as mean_of
from echospine.engine.muscle.summary import summarise as summarise
from echospine.engine.muscle.tissue import TISSUE_METHOD as TISSUE_METHOD
from echospine.engine.muscle.tissue import measure_tissue as measure_tissue
