"""From a network's outputs and its card to an interpretation: names with calibrated probability, places, doubt."""

from echospine.engine.vision.reading.agreement import Agreement as Agreement
from echospine.engine.vision.reading.agreement import agreement_of as agreement_of
from echospine.engine.vision.reading.card import NOMINAL_DEPTH_MM as NOMINAL_DEPTH_MM
from echospine.engine.vision.reading.card import Card as Card
from echospine.engine.vision.reading.card import Look as Look
from echospine.engine.vision.reading.card import Strangeness as Strangeness
from echospine.engine.vision.reading.outputs import Outputs as Outputs
from echospine.engine.vision.reading.whole import read as read
