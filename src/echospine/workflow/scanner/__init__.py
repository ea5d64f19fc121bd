"""The virtual scanner: a virtual person on the couch, a probe held on the back, and a picture of how things stand.

Knows how the tissue gives way under the probe and breathes, and what really lies under each pixel.
"""

from echospine.workflow.scanner.couch import Couch, HeightMap, lay
from echospine.workflow.scanner.scanner import Controls, Picture, Scanner
from echospine.workflow.scanner.skin import Skin
from echospine.workflow.scanner.twin import Image, Render, Run, Twin, virtual_twin

__all__ = [
    "Controls",
    "Couch",
    "HeightMap",
    "Image",
    "Picture",
    "Render",
    "Run",
    "Scanner",
    "Skin",
    "Twin",
    "lay",
    "virtual_twin",
]
