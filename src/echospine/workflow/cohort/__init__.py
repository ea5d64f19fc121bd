"""Measuring hundreds of recordings: each is kept as soon as it is finished, and a second run goes on from there."""

from echospine.workflow.cohort.kept import KeptRows as KeptRows
from echospine.workflow.cohort.pieces import Outcome as Outcome
from echospine.workflow.cohort.pieces import Piece as Piece
from echospine.workflow.cohort.pieces import pieces_of as pieces_of
from echospine.workflow.cohort.running import Finished as Finished
from echospine.workflow.cohort.running import measure_all as measure_all
