"""From a browser's upload to recordings in an examination.

Knows how a form is streamed to disk within its limits, and how long work goes on in the background, can be watched,
cancelled, and taken up again after a stop.
"""
