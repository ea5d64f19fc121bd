"""Live pictures: only the newest counts.

Knows how to play a recording in real time (`Replay`), to hold the newest frame of somebody who makes them (`Newest`),
and to move frames from a source through an interpretation to whoever wants them (`Pump`), with its pace measured.
"""

from echospine.workflow.live.newest import Newest
from echospine.workflow.live.pace import Pace, PaceReport
from echospine.workflow.live.pump import Interpret, Pump, Seen, Sink
from echospine.workflow.live.replay import Replay

__all__ = ["Interpret", "Newest", "Pace", "PaceReport", "Pump", "Replay", "Seen", "Sink"]
