"""How the tissue of a back moves: breathing, contraction, trunk flexion and the pressure of a probe, each known.

A survey of the anatomy is made once; then each motion gives a field of displacement at any time within milliseconds.
"""

from echospine.engine.twin.motion.back import Back as Back
from echospine.engine.twin.motion.back import survey_back as survey_back
from echospine.engine.twin.motion.breathing import Breathing as Breathing
from echospine.engine.twin.motion.breathing import breathing_motion as breathing_motion
from echospine.engine.twin.motion.contraction import Contraction as Contraction
from echospine.engine.twin.motion.contraction import contraction_motion as contraction_motion
from echospine.engine.twin.motion.fields import Grid as Grid
from echospine.engine.twin.motion.fields import Motion as Motion
from echospine.engine.twin.motion.fields import combine as combine
from echospine.engine.twin.motion.fields import determinant as determinant
from echospine.engine.twin.motion.fields import displacement_at as displacement_at
from echospine.engine.twin.motion.fields import grid_over as grid_over
from echospine.engine.twin.motion.fields import moved as moved
from echospine.engine.twin.motion.fields import rest_point as rest_point
from echospine.engine.twin.motion.flexion import Flexion as Flexion
from echospine.engine.twin.motion.flexion import flexion_motion as flexion_motion
from echospine.engine.twin.motion.flexion import shear_percent as shear_percent
from echospine.engine.twin.motion.pressure import press as press
from echospine.engine.twin.motion.pressure import riding as riding
