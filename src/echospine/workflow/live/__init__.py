"""Live pictures: only the newest counts.

Knows how to play a recording in real time (`Replay`), to hold the newest frame of somebody who makes them (`Newest`),
to look at frames with a model that may fail (`Eye`), to move them from a source to whoever wants them (`Pump`), with
the pace measured, and to keep them (`Tape`). Who follows a sweep (`sweep.Sweep`, `second.SecondOpinion`) stands apart:
it loads engines, and a server is to start without.
"""

from echospine.workflow.live.advice import Adviser, Aim, Guide, Hint, PlainAdviser
from echospine.workflow.live.course import Course
from echospine.workflow.live.eye import Eye, EyeCounts, Patience, Seen
from echospine.workflow.live.newest import Newest
from echospine.workflow.live.pace import Pace, PaceReport
from echospine.workflow.live.pump import Pump, Sink
from echospine.workflow.live.replay import Replay
from echospine.workflow.live.tape import Spool, Tape, TapeState

__all__ = [
    "Adviser",
    "Aim",
    "Course",
    "Eye",
    "EyeCounts",
    "Guide",
    "Hint",
    "Newest",
    "Pace",
    "PaceReport",
    "Patience",
    "PlainAdviser",
    "Pump",
    "Replay",
    "Seen",
    "Sink",
    "Spool",
    "Tape",
    "TapeState",
]
