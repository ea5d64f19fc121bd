"""How right label maps are: overlap, surfaces of bone, confusion, calibration, with intervals by person."""

from echospine.engine.vision.scores.counting import ANY_BONE as ANY_BONE
from echospine.engine.vision.scores.counting import IGNORED as IGNORED
from echospine.engine.vision.scores.counting import Counts as Counts
from echospine.engine.vision.scores.counting import count as count
from echospine.engine.vision.scores.intervals import Interval as Interval
from echospine.engine.vision.scores.table import Scores as Scores
from echospine.engine.vision.scores.table import scores_of as scores_of
