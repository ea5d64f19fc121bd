"""What lies between skin and bone: how deep the bone is, how thick and how bright the tissue over it.

Knows depth along the beam for linear and curved probes, and how to sum up a recording with its spread.
"""

from echospine.engine.muscle.depth import depth_profile_mm as depth_profile_mm
from echospine.engine.muscle.summary import summarise as summarise
from echospine.engine.muscle.tissue import TISSUE_METHOD as TISSUE_METHOD
from echospine.engine.muscle.tissue import measure_tissue as measure_tissue
