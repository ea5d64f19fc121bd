"""How tissue moves in a cine: speckle followed from frame to frame, strain, and shear between layers.

Knows pixels and millimetres of one recording; what a movement means is for the measures that stand on it.
"""

from echospine.engine.muscle.motion.curve import Contraction as Contraction
from echospine.engine.muscle.motion.curve import find_contraction as find_contraction
from echospine.engine.muscle.motion.follow import Followed as Followed
from echospine.engine.muscle.motion.follow import follow as follow
from echospine.engine.muscle.motion.matching import Matched as Matched
from echospine.engine.muscle.motion.matching import Matching as Matching
from echospine.engine.muscle.motion.matching import grid_points as grid_points
from echospine.engine.muscle.motion.matching import match as match
from echospine.engine.muscle.motion.shear import Shear as Shear
from echospine.engine.muscle.motion.shear import layer_shear as layer_shear
from echospine.engine.muscle.motion.strain import strain_fields as strain_fields
