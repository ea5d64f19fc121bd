"""Knows OpenIGTLink, what ultrasound scanners, trackers, PLUS and 3D Slicer speak: both ends of the line.

`open_igtl` joins the pictures and transforms of a device into live frames; `serve` plays a live source to any number of
clients, as PLUS would.
"""
