"""Scoring a model, or label maps from anywhere, on pictures with masks."""

from echospine.workflow.evaluate.pairs import Pair as Pair
from echospine.workflow.evaluate.pairs import Pairs as Pairs
from echospine.workflow.evaluate.pairs import find_pairs as find_pairs
from echospine.workflow.evaluate.scoring import Answer as Answer
from echospine.workflow.evaluate.scoring import answers_of_maps as answers_of_maps
from echospine.workflow.evaluate.scoring import answers_of_model as answers_of_model
from echospine.workflow.evaluate.scoring import evaluate as evaluate
from echospine.workflow.evaluate.scoring import labelled as labelled
from echospine.workflow.evaluate.scoring import read_pair as read_pair
