"""What to do with the probe and the knobs next, one thing at a time, to see a wanted view."""

from echospine.engine.vision.advice.advisor import Advisor as Advisor
from echospine.engine.vision.advice.hallmarks import hallmark_share as hallmark_share
from echospine.engine.vision.advice.moves import Advice as Advice
from echospine.engine.vision.advice.moves import Move as Move
