"""Muscle, fascia and fat in millimetres from a map of structures, and how two such values compare."""

from echospine.engine.muscle.outlines.compare import Asymmetry as Asymmetry
from echospine.engine.muscle.outlines.compare import Compared as Compared
from echospine.engine.muscle.outlines.compare import asymmetry as asymmetry
from echospine.engine.muscle.outlines.compare import contraction_ratio as contraction_ratio
from echospine.engine.muscle.outlines.compare import percent_change as percent_change
from echospine.engine.muscle.outlines.compare import preferential_activation as preferential_activation
from echospine.engine.muscle.outlines.compare import repeated as repeated
from echospine.engine.muscle.outlines.contour import outline_px as outline_px
from echospine.engine.muscle.outlines.rays import Rays as Rays
from echospine.engine.muscle.outlines.rays import along_beams as along_beams
from echospine.engine.muscle.outlines.section import Section as Section
from echospine.engine.muscle.outlines.section import halves as halves
from echospine.engine.muscle.outlines.section import largest_piece as largest_piece
from echospine.engine.muscle.outlines.section import midline_px as midline_px
from echospine.engine.muscle.outlines.section import section as section
from echospine.engine.muscle.outlines.section import section_of as section_of
from echospine.engine.muscle.outlines.thickness import Extent as Extent
from echospine.engine.muscle.outlines.thickness import fascia_thickness as fascia_thickness
from echospine.engine.muscle.outlines.thickness import fat_thickness as fat_thickness
from echospine.engine.muscle.outlines.thickness import over_bone as over_bone
from echospine.engine.muscle.outlines.thickness import perimuscular_zone as perimuscular_zone
