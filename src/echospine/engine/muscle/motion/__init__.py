"""How tissue moves in a cine: speckle followed from frame to frame, strain, and shear between layers.

Knows pixels and millimetres of one recording; what a movement means is for the measures that stand on it.
"""

from echospine.engine.muscle.motion.follow import Followed as Followed
from echospine.engine.muscle.motion.follow import follow as follow
from echospine.engine.muscle.motion.matching import Matched as Matched
from echospine.engine.muscle.motion.matching import Matching as Matching
from echospine.engine.muscle.motion.matching import grid_points as grid_points
from echospine.engine.muscle.motion.matching import match as match
