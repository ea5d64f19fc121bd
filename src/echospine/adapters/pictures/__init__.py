"""Pictures with what was seen drawn on them: key images of a report as PNG files.

Knows how to draw an Interpretation on its own Frame; knows nothing of files.
"""

from echospine.adapters.pictures.overlays import OverlayWriter as OverlayWriter
from echospine.adapters.pictures.overlays import draw_overlay as draw_overlay
