"""The tissues of the twin, and how ultrasound meets each of them.

Speeds of sound are taken as equal (1540 m/s), as every scanner does, so nothing is refracted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from echospine.domain.labels import Structure


class Tissue(IntEnum):
    """Ids in the labelled volume of a twin; each has one row in `TISSUES`."""

    AIR = 0
    GEL = 1
    SKIN = 2
    FAT = 3
    FASCIA = 4
    FASCIA_LOOSE = 5
    """Loose layers between the dense sheets of the thoracolumbar fascia, along which they glide."""
    MULTIFIDUS = 6
    LONGISSIMUS = 7
    ILIOCOSTALIS = 8
    QUADRATUS_LUMBORUM = 9
    PSOAS = 10
    TRANSVERSUS_ABDOMINIS = 11
    INTERNAL_OBLIQUE = 12
    EXTERNAL_OBLIQUE = 13
    SEPTUM = 14
    """Epimysium and the fat and fibrous planes between muscles."""
    MULTIFIDUS_FAT = 15
    """Fat that has infiltrated multifidus: part of the muscle in every label map."""
    ERECTOR_FAT = 16
    SPINOUS_PROCESS = 17
    LAMINA = 18
    SUPERIOR_ARTICULAR = 19
    INFERIOR_ARTICULAR = 20
    FACET_GAP = 21
    TRANSVERSE_PROCESS = 22
    PEDICLE = 23
    VERTEBRAL_BODY = 24
    SACRUM = 25
    ILIUM = 26
    RIB = 27
    DISC = 28
    LIGAMENTUM_FLAVUM = 29
    INTERSPINOUS = 30
    """Interspinous and supraspinous ligaments."""
    EPIDURAL_FAT = 31
    DURA = 32
    CSF = 33
    CAUDA_EQUINA = 34
    NERVE_ROOT = 35
    MEDIAL_BRANCH = 36
    SEGMENTAL_VESSEL = 37
    AORTA = 38
    VENA_CAVA = 39
    ABDOMEN = 40
    BOWEL_GAS = 41
    INJECTATE = 42


class Texture(StrEnum):
    """How a tissue's brightness varies within it."""

    EVEN = "even"
    FIBRES = "fibres"
    """Bright perimysium along the fibres, dark fascicles: streaks lengthwise, dots across."""
    LOBULES = "lobules"
    """Fat lobules between thin bright septa that lie along the skin."""
    LAYERS = "layers"
    """Thin bright sheets, one upon the other."""


@dataclass(frozen=True, slots=True)
class Acoustics:
    """How one tissue answers ultrasound.

    `impedance_mrayl`: characteristic impedance, MRayl; `attenuation_db_cm_mhz`: one way, dB/cm/MHz;
    `echo_db`: mean diffuse backscatter relative to resting muscle, dB (NO_ECHO: none); `texture`,
    `texture_db`: how its brightness varies within it, and the SD of that, dB; `structure`: what it is called
    in label maps of pictures.
    """

    impedance_mrayl: float
    attenuation_db_cm_mhz: float
    echo_db: float
    structure: Structure = Structure.BACKGROUND
    texture: Texture = Texture.EVEN
    texture_db: float = 0.0


NO_ECHO = -200.0
"""Backscatter of what does not scatter at all, dB."""

_BONE = (6.5, 12.0, -8.0)

TISSUES: dict[Tissue, Acoustics] = {
    Tissue.AIR: Acoustics(0.0004, 40.0, NO_ECHO),
    Tissue.GEL: Acoustics(1.53, 0.02, NO_ECHO),
    Tissue.SKIN: Acoustics(1.68, 1.2, 12.0, Structure.BACKGROUND, Texture.EVEN, 2.0),
    Tissue.FAT: Acoustics(1.38, 0.5, -3.0, Structure.SUBCUTANEOUS, Texture.LOBULES, 6.0),
    Tissue.FASCIA: Acoustics(1.80, 1.5, 16.0, Structure.FASCIA, Texture.LAYERS, 3.0),
    Tissue.FASCIA_LOOSE: Acoustics(1.50, 0.8, 4.0, Structure.FASCIA),
    Tissue.MULTIFIDUS: Acoustics(1.66, 0.75, 0.0, Structure.MULTIFIDUS, Texture.FIBRES, 5.0),
    Tissue.LONGISSIMUS: Acoustics(1.66, 0.75, 0.0, Structure.ERECTOR_SPINAE, Texture.FIBRES, 5.0),
    Tissue.ILIOCOSTALIS: Acoustics(1.66, 0.75, 0.5, Structure.ERECTOR_SPINAE, Texture.FIBRES, 5.0),
    Tissue.QUADRATUS_LUMBORUM: Acoustics(1.66, 0.75, -1.0, Structure.QUADRATUS_LUMBORUM, Texture.FIBRES, 4.0),
    Tissue.PSOAS: Acoustics(1.66, 0.75, -1.0, Structure.PSOAS, Texture.FIBRES, 5.0),
    Tissue.TRANSVERSUS_ABDOMINIS: Acoustics(1.66, 0.75, -2.0, Structure.BACKGROUND, Texture.FIBRES, 4.0),
    Tissue.INTERNAL_OBLIQUE: Acoustics(1.66, 0.75, -1.0, Structure.BACKGROUND, Texture.FIBRES, 4.0),
    Tissue.EXTERNAL_OBLIQUE: Acoustics(1.66, 0.75, -1.0, Structure.BACKGROUND, Texture.FIBRES, 4.0),
    Tissue.SEPTUM: Acoustics(1.55, 1.0, 9.0, Structure.BACKGROUND, Texture.LAYERS, 3.0),
    Tissue.MULTIFIDUS_FAT: Acoustics(1.42, 0.9, 8.0, Structure.MULTIFIDUS, Texture.EVEN, 3.0),
    Tissue.ERECTOR_FAT: Acoustics(1.42, 0.9, 8.0, Structure.ERECTOR_SPINAE, Texture.EVEN, 3.0),
    Tissue.SPINOUS_PROCESS: Acoustics(*_BONE, Structure.SPINOUS_PROCESS),
    Tissue.LAMINA: Acoustics(*_BONE, Structure.LAMINA),
    Tissue.SUPERIOR_ARTICULAR: Acoustics(*_BONE, Structure.ARTICULAR_PROCESS),
    Tissue.INFERIOR_ARTICULAR: Acoustics(*_BONE, Structure.ARTICULAR_PROCESS),
    Tissue.FACET_GAP: Acoustics(1.70, 1.5, -4.0, Structure.ARTICULAR_PROCESS),
    Tissue.TRANSVERSE_PROCESS: Acoustics(*_BONE, Structure.TRANSVERSE_PROCESS),
    Tissue.PEDICLE: Acoustics(*_BONE, Structure.VERTEBRAL_BODY),
    Tissue.VERTEBRAL_BODY: Acoustics(*_BONE, Structure.VERTEBRAL_BODY),
    Tissue.SACRUM: Acoustics(*_BONE, Structure.SACRUM),
    Tissue.ILIUM: Acoustics(*_BONE, Structure.BONE),
    Tissue.RIB: Acoustics(*_BONE, Structure.BONE),
    Tissue.DISC: Acoustics(1.72, 2.0, 2.0),
    Tissue.LIGAMENTUM_FLAVUM: Acoustics(1.75, 1.4, 10.0, Structure.POSTERIOR_COMPLEX, Texture.LAYERS, 2.0),
    Tissue.INTERSPINOUS: Acoustics(1.68, 1.2, 3.0, Structure.BACKGROUND, Texture.FIBRES, 3.0),
    Tissue.EPIDURAL_FAT: Acoustics(1.40, 0.6, 2.0, Structure.POSTERIOR_COMPLEX),
    Tissue.DURA: Acoustics(1.78, 1.4, 14.0, Structure.POSTERIOR_COMPLEX),
    Tissue.CSF: Acoustics(1.51, 0.05, -32.0, Structure.DURAL_SAC),
    Tissue.CAUDA_EQUINA: Acoustics(1.60, 0.7, -2.0, Structure.DURAL_SAC),
    Tissue.NERVE_ROOT: Acoustics(1.62, 0.9, 4.0, Structure.NERVE, Texture.FIBRES, 5.0),
    Tissue.MEDIAL_BRANCH: Acoustics(1.62, 0.9, 5.0, Structure.NERVE),
    Tissue.SEGMENTAL_VESSEL: Acoustics(1.61, 0.2, -28.0, Structure.VESSEL),
    Tissue.AORTA: Acoustics(1.61, 0.2, -28.0, Structure.VESSEL),
    Tissue.VENA_CAVA: Acoustics(1.61, 0.2, -28.0, Structure.VESSEL),
    Tissue.ABDOMEN: Acoustics(1.60, 0.7, 2.0, Structure.BACKGROUND, Texture.LOBULES, 5.0),
    Tissue.BOWEL_GAS: Acoustics(0.02, 25.0, NO_ECHO),
    Tissue.INJECTATE: Acoustics(1.52, 0.05, -40.0),
}
"""One row per tissue.

Impedance and attenuation: Duck 1990, Physical Properties of Tissue, tables 4.2 and 4.14; Goss, Johnston and
Dunn 1978, J Acoust Soc Am 64:423; bone: Culjat et al. 2010, Ultrasound Med Biol 36:861. Backscatter levels
and textures: set so that pictures agree with real ones (docs/methods/twin.md).
"""

BONES = frozenset(
    {
        Tissue.SPINOUS_PROCESS,
        Tissue.LAMINA,
        Tissue.SUPERIOR_ARTICULAR,
        Tissue.INFERIOR_ARTICULAR,
        Tissue.TRANSVERSE_PROCESS,
        Tissue.PEDICLE,
        Tissue.VERTEBRAL_BODY,
        Tissue.SACRUM,
        Tissue.ILIUM,
        Tissue.RIB,
    }
)
"""Tissues with a cortex: they reflect at their surface and cast a shadow."""
