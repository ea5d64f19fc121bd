"""How tissue moves in a cine: speckle followed from frame to frame, strain, and shear between layers.

Knows pixels and millimetres of one recording, which points of it are followed, and what that is measured for.
"""

from echospine.engine.muscle.motion.curve import Contraction as Contraction
from echospine.engine.muscle.motion.curve import Marks as Marks
from echospine.engine.muscle.motion.curve import find_contraction as find_contraction
from echospine.engine.muscle.motion.curve import marked_contraction as marked_contraction
from echospine.engine.muscle.motion.follow import Followed as Followed
from echospine.engine.muscle.motion.follow import Follower as Follower
from echospine.engine.muscle.motion.follow import follow as follow
from echospine.engine.muscle.motion.matching import Matched as Matched
from echospine.engine.muscle.motion.matching import Matching as Matching
from echospine.engine.muscle.motion.matching import grid_points as grid_points
from echospine.engine.muscle.motion.matching import match as match
from echospine.engine.muscle.motion.measuring import Moved as Moved
from echospine.engine.muscle.motion.measuring import contraction_of as contraction_of
from echospine.engine.muscle.motion.measuring import halves_px as halves_px
from echospine.engine.muscle.motion.measuring import measure_motion as measure_motion
from echospine.engine.muscle.motion.measuring import shear_curve as shear_curve
from echospine.engine.muscle.motion.measuring import thickness_curve as thickness_curve
from echospine.engine.muscle.motion.measuring import troubles as troubles
from echospine.engine.muscle.motion.plan import fascia_layers as fascia_layers
from echospine.engine.muscle.motion.plan import field_grid as field_grid
from echospine.engine.muscle.motion.plan import layer_matching as layer_matching
from echospine.engine.muscle.motion.plan import line_points as line_points
from echospine.engine.muscle.motion.shear import Shear as Shear
from echospine.engine.muscle.motion.shear import layer_shear as layer_shear
from echospine.engine.muscle.motion.strain import strain_fields as strain_fields
