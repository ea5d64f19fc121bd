"""Knows OpenIGTLink, what ultrasound scanners, trackers, PLUS and 3D Slicer speak: both ends of the line.

`open_igtl` joins the pictures and transforms of a device into live frames; `serve` plays a live source to any number of
clients, as PLUS would.
"""

from echospine.adapters.igtl.client import PORT, IgtlSource, Patience, open_igtl
from echospine.adapters.igtl.lines import Manner, ServerCounts
from echospine.adapters.igtl.server import Serving, serve

__all__ = ["PORT", "IgtlSource", "Manner", "Patience", "ServerCounts", "Serving", "open_igtl", "serve"]
