"""Coded terms for what EchoSpine finds and measures: SNOMED CT and UCUM where they have the term, else its own.

A term under 99ECHOSPINE is one that no code of DICOM's own dictionary means exactly; a code that is nearly right
would be read as something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom import Dataset
from pydicom.sr.coding import Code

from echospine.domain.labels import Part, Side, Structure, WallMuscle
from echospine.domain.measures import TITLES, Quantity
from echospine.domain.takes import Contraction
from echospine.domain.units import Unit

OWN_SCHEME = "99ECHOSPINE"

ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
PHYSICAL_OBJECT = Code("260787004", "SCT", "Physical object")
LUMBAR_SPINE = Code("122496007", "SCT", "Lumbar spine")
MEDIAN = Code("373099004", "SCT", "Median")
MEAN = Code("373098007", "SCT", "Mean")
ULTRASONOGRAPHY = Code("16310003", "SCT", "Diagnostic ultrasonography")
IMAGING_MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
SEGMENTATION = Code("113076", "DCM", "Segmentation")
SOURCE_FOR_PROCESSING = Code("121322", "DCM", "Source image for image processing operation")
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
UPPER_UNCERTAINTY = Code("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER_UNCERTAINTY = Code("371885007", "SCT", "-, range of lower measurement uncertainty")
MANUAL_ENTRY = Code("113857", "DCM", "Manual Entry")

LEVELS: Mapping[str, Code] = MappingProxyType(
    {
        "T12": Code("23215003", "SCT", "T12 vertebra"),
        "L1": Code("66794005", "SCT", "L1 vertebra"),
        "L2": Code("14293000", "SCT", "L2 vertebra"),
        "L3": Code("36470004", "SCT", "L3 vertebra"),
        "L4": Code("11994002", "SCT", "L4 vertebra"),
        "L5": Code("49668003", "SCT", "L5 vertebra"),
        "S1": Code("54735007", "SCT", "Sacrum"),
    }
)
"""Vertebra of a level; any other level is reported at the lumbar spine."""

SIDES: Mapping[Side, Code] = MappingProxyType(
    {
        Side.LEFT: Code("7771000", "SCT", "Left"),
        Side.RIGHT: Code("24028007", "SCT", "Right"),
        Side.MIDLINE: Code("261129000", "SCT", "Midline"),
    }
)

STATE = Code("MUSCLESTATE", OWN_SCHEME, "State of the muscle")
STATES: Mapping[Contraction, Code] = MappingProxyType(
    {
        Contraction.REST: Code("ATREST", OWN_SCHEME, "At rest"),
        Contraction.CONTRACTED: Code("CONTRACTED", OWN_SCHEME, "Contracted"),
    }
)

STRUCTURES: Mapping[Part, Code] = MappingProxyType(
    {
        Structure.SUBCUTANEOUS: Code("71966008", "SCT", "Subcutaneous tissue"),
        Structure.FASCIA: Code("120576005", "SCT", "Fascial layer"),
        Structure.MULTIFIDUS: Code("MULTIFIDUS", OWN_SCHEME, "Multifidus muscle"),
        Structure.ERECTOR_SPINAE: Code("44947003", "SCT", "Erector spinae muscle"),
        Structure.PSOAS: Code("PSOAS", OWN_SCHEME, "Psoas muscle"),
        Structure.QUADRATUS_LUMBORUM: Code("QUADLUMB", OWN_SCHEME, "Quadratus lumborum muscle"),
        Structure.SPINOUS_PROCESS: Code("55678000", "SCT", "Spinous process of vertebra"),
        Structure.LAMINA: Code("89340005", "SCT", "Lamina of vertebra"),
        Structure.ARTICULAR_PROCESS: Code("ARTPROC", OWN_SCHEME, "Articular process of vertebra"),
        Structure.TRANSVERSE_PROCESS: Code("73400003", "SCT", "Transverse process of vertebra"),
        Structure.VERTEBRAL_BODY: Code("VERTBODY", OWN_SCHEME, "Vertebral body"),
        Structure.SACRUM: Code("54735007", "SCT", "Sacrum"),
        Structure.POSTERIOR_COMPLEX: Code("POSTCOMPLEX", OWN_SCHEME, "Ligamentum flavum and posterior dura"),
        Structure.DURAL_SAC: Code("DURALSAC", OWN_SCHEME, "Dural sac"),
        Structure.NERVE: Code("91728009", "SCT", "Nerve"),
        Structure.VESSEL: Code("59820001", "SCT", "Blood Vessel"),
        Structure.NEEDLE: Code("79068005", "SCT", "Needle"),
        Structure.BONE: Code("425647002", "SCT", "Bone Surface"),
        WallMuscle.TRANSVERSUS_ABDOMINIS: Code("TRANSVABD", OWN_SCHEME, "Transversus abdominis muscle"),
        WallMuscle.INTERNAL_OBLIQUE: Code("INTOBLIQUE", OWN_SCHEME, "Internal oblique muscle of abdomen"),
        WallMuscle.EXTERNAL_OBLIQUE: Code("EXTOBLIQUE", OWN_SCHEME, "External oblique muscle of abdomen"),
    }
)
"""What a segment shows, or what a measurement was made of; background is nothing in particular."""

QUANTITIES: Mapping[Quantity, Code] = MappingProxyType(
    {
        Quantity.BONE_DEPTH_MIN: Code("BDEPTHMIN", OWN_SCHEME, TITLES[Quantity.BONE_DEPTH_MIN]),
        Quantity.BONE_DEPTH_MIDLINE: Code("BDEPTHMID", OWN_SCHEME, TITLES[Quantity.BONE_DEPTH_MIDLINE]),
        Quantity.TISSUE_THICKNESS: Code("TTHICKNESS", OWN_SCHEME, TITLES[Quantity.TISSUE_THICKNESS]),
        Quantity.TISSUE_GREY: Code("TGREY", OWN_SCHEME, TITLES[Quantity.TISSUE_GREY]),
        Quantity.SWEEP_LENGTH: Code("SWEEPLENGTH", OWN_SCHEME, TITLES[Quantity.SWEEP_LENGTH]),
        Quantity.SWEEP_SPEED: Code("SWEEPSPEED", OWN_SCHEME, TITLES[Quantity.SWEEP_SPEED]),
        Quantity.LENGTH: Code("410668003", "SCT", "Length"),
        Quantity.ANGLE: Code("1483009", "SCT", "Angle"),
        Quantity.AREA: Code("42798000", "SCT", "Area"),
        Quantity.THICKNESS: Code("THICKNESS", OWN_SCHEME, TITLES[Quantity.THICKNESS]),
        Quantity.PERIMUSCULAR_ZONE: Code("PERIMUSCULAR", OWN_SCHEME, TITLES[Quantity.PERIMUSCULAR_ZONE]),
        Quantity.CROSS_SECTION: Code("CSA", OWN_SCHEME, TITLES[Quantity.CROSS_SECTION]),
        Quantity.WIDTH: Code("WIDTH", OWN_SCHEME, TITLES[Quantity.WIDTH]),
        Quantity.HEIGHT: Code("HEIGHT", OWN_SCHEME, TITLES[Quantity.HEIGHT]),
        Quantity.SHAPE_RATIO: Code("SHAPERATIO", OWN_SCHEME, TITLES[Quantity.SHAPE_RATIO]),
        Quantity.ECHO_INTENSITY: Code("ECHOMEAN", OWN_SCHEME, TITLES[Quantity.ECHO_INTENSITY]),
        Quantity.ECHO_SD: Code("ECHOSD", OWN_SCHEME, TITLES[Quantity.ECHO_SD]),
        Quantity.ECHO_SKEWNESS: Code("ECHOSKEW", OWN_SCHEME, TITLES[Quantity.ECHO_SKEWNESS]),
        Quantity.ECHO_ENTROPY: Code("ECHOENTROPY", OWN_SCHEME, TITLES[Quantity.ECHO_ENTROPY]),
        Quantity.GLCM_CONTRAST: Code("GLCMCONTRAST", OWN_SCHEME, TITLES[Quantity.GLCM_CONTRAST]),
        Quantity.GLCM_DISSIMILARITY: Code("GLCMDISSIM", OWN_SCHEME, TITLES[Quantity.GLCM_DISSIMILARITY]),
        Quantity.GLCM_HOMOGENEITY: Code("GLCMHOMOG", OWN_SCHEME, TITLES[Quantity.GLCM_HOMOGENEITY]),
        Quantity.GLCM_ASM: Code("GLCMASM", OWN_SCHEME, TITLES[Quantity.GLCM_ASM]),
        Quantity.GLCM_ENERGY: Code("GLCMENERGY", OWN_SCHEME, TITLES[Quantity.GLCM_ENERGY]),
        Quantity.GLCM_CORRELATION: Code("GLCMCORREL", OWN_SCHEME, TITLES[Quantity.GLCM_CORRELATION]),
        Quantity.HECKMATT_GRADE: Code("HECKMATT", OWN_SCHEME, TITLES[Quantity.HECKMATT_GRADE]),
        Quantity.PEAK_DISPLACEMENT: Code("PEAKDISP", OWN_SCHEME, TITLES[Quantity.PEAK_DISPLACEMENT]),
        Quantity.TRACKING_DRIFT: Code("TRACKDRIFT", OWN_SCHEME, TITLES[Quantity.TRACKING_DRIFT]),
        Quantity.THICKNESS_AT_REST: Code("THICKREST", OWN_SCHEME, TITLES[Quantity.THICKNESS_AT_REST]),
        Quantity.THICKNESS_CONTRACTED: Code("THICKPEAK", OWN_SCHEME, TITLES[Quantity.THICKNESS_CONTRACTED]),
        Quantity.THICKNESS_CHANGE: Code("THICKCHANGE", OWN_SCHEME, TITLES[Quantity.THICKNESS_CHANGE]),
        Quantity.CONTRACTION_ONSET: Code("CONTRONSET", OWN_SCHEME, TITLES[Quantity.CONTRACTION_ONSET]),
        Quantity.CONTRACTION_PEAK: Code("CONTRPEAK", OWN_SCHEME, TITLES[Quantity.CONTRACTION_PEAK]),
        Quantity.CONTRACTION_HOLD: Code("CONTRHOLD", OWN_SCHEME, TITLES[Quantity.CONTRACTION_HOLD]),
        Quantity.CONTRACTION_RETURN: Code("CONTRRETURN", OWN_SCHEME, TITLES[Quantity.CONTRACTION_RETURN]),
        Quantity.SHEAR_LANGEVIN_2011: Code("SHEARLANGEVIN11", OWN_SCHEME, TITLES[Quantity.SHEAR_LANGEVIN_2011]),
        Quantity.SHEAR_CUMULATED: Code("SHEARCUM", OWN_SCHEME, TITLES[Quantity.SHEAR_CUMULATED]),
        Quantity.SHEAR_MAXIMUM: Code("SHEARMAX", OWN_SCHEME, TITLES[Quantity.SHEAR_MAXIMUM]),
        Quantity.SHEAR_PEAK_TO_PEAK: Code("SHEARPTP", OWN_SCHEME, TITLES[Quantity.SHEAR_PEAK_TO_PEAK]),
        Quantity.SHEAR_WAVE_SPEED: Code("130611", "DCM", "Shear Wave Speed"),
        Quantity.ELASTICITY: Code("110830", "DCM", "Elasticity"),
        Quantity.YOUNGS_MODULUS: Code("YOUNGS", OWN_SCHEME, TITLES[Quantity.YOUNGS_MODULUS]),
    }
)

UNITS: Mapping[Unit, Code] = MappingProxyType(
    {
        Unit.MM: Code("mm", "UCUM", "millimeter"),
        Unit.MM2: Code("mm2", "UCUM", "square millimeter"),
        Unit.MM_PER_S: Code("mm/s", "UCUM", "millimeter per second"),
        Unit.DEGREE: Code("deg", "UCUM", "degree"),
        Unit.SECOND: Code("s", "UCUM", "second"),
        Unit.GREY: Code("{grey}", "UCUM", "grey level, 0 to 255"),
        Unit.PERCENT: Code("%", "UCUM", "Percent"),
        Unit.PIXEL: Code("{pixel}", "UCUM", "pixels"),
        Unit.ONE: Code("1", "UCUM", "no units"),
        Unit.BIT: Code("bit", "UCUM", "bit"),
        Unit.M_PER_S: Code("m/s", "UCUM", "meter per second"),
        Unit.KPA: Code("kPa", "UCUM", "kilopascal"),
    }
)


def own_scheme_item() -> Dataset:
    """Return the item that says whose codes 99ECHOSPINE are (PS3.3, C.12.1.1.9)."""
    item = Dataset()
    item.CodingSchemeDesignator = OWN_SCHEME
    item.CodingSchemeName = "Terms of EchoSpine that no public coding scheme has"
    return item
