"""The public example data: where each file lies, its checksum, its licence. Fetched by pooch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from echospine.domain.errors import InputError, StorageError, UnsupportedError

PLUS = "https://raw.githubusercontent.com/PlusToolkit/PlusLibData/51dcbb76d9f29fad94cf80788a7a0b7c704fb5dc"
PYDICOM = "https://raw.githubusercontent.com/pydicom/pydicom/fb1f24e4f0418008757766d8e79ec92dc2ab9855"
TOTALSEG = "https://raw.githubusercontent.com/wasserth/TotalSegmentator/0e65a448d557382b1e925276212b3bec7f5aff83"
ITKPOCUS = "https://raw.githubusercontent.com/KitwareMedical/ITKPOCUS/b0bdc2c7cae1332d268aaa40f6398195010b39cf"


@dataclass(frozen=True, slots=True)
class DataSet:
    """One public data set. `files`: path below `source` -> SHA-256 in hex; a source names one commit."""

    name: str
    about: str
    licence: str
    attribution: str
    source: str
    files: Mapping[str, str]

    def summary(self) -> dict[str, object]:
        """Return what a machine wants to know, for `--json`."""
        return {
            "name": self.name,
            "about": self.about,
            "licence": self.licence,
            "attribution": self.attribution,
            "source": self.source,
            "files": dict(self.files),
        }


DATA_SETS = (
    DataSet(
        "plus-bone",
        "in-vivo bone surface, tracked linear probe, 21 frames, with its calibration",
        "BSD-3-Clause",
        "PLUS Toolkit",
        PLUS,
        {
            "TestImages/BoneUltrasound_L14.igs.mha": "8a6eccb91ea19bde3377ba1d63ebaeed39234f551f768569bdc48f70e3675127",
            "ConfigFiles/Testing/BoneUltrasound_L14_config.xml": (
                "35ff5399ad1217472a514c5b1b178f0f22e68c04251ca42c85bae45af93a3a01"
            ),
        },
    ),
    DataSet(
        "plus-spine-phantom",
        "tracked freehand sweep over a spine phantom, 21 frames, with its calibration",
        "BSD-3-Clause",
        "PLUS Toolkit",
        PLUS,
        {
            "TestImages/SpinePhantomFreehand.igs.mha": (
                "55b500e987a2053a69df93ae08d109981df2ff8865d7b8e50643c9d6559205c0"
            ),
            "ConfigFiles/Testing/PlusDeviceSet_SpinePhantomFreehandReconstructionOnly.xml": (
                "55df62e90286ff314a454342efa716c76b85d470c05a9abd6e27bf87b6bcdf6c"
            ),
        },
    ),
    DataSet(
        "pydicom-ultrasound",
        "a colour cine whose scale is wrong (30 frames) and a palette picture; pitfalls to test against",
        "MIT",
        "pydicom contributors",
        PYDICOM,
        {
            "src/pydicom/data/test_files/examples_ybr_color.dcm": (
                "6fa3a087d3c631b43216a8abec8aac8d2d73751c5bf5885708d1150b09283f72"
            ),
            "src/pydicom/data/test_files/examples_palette.dcm": (
                "c6f5b60e1711d6009f7a944873969d4c8d4fcbd6ad96099a3a1a20f32a95a2bb"
            ),
        },
    ),
    DataSet(
        "itkpocus-clarius",
        "a Clarius clip with screen furniture, 50 frames (eye, not spine)",
        "Apache-2.0",
        "Kitware",
        ITKPOCUS,
        {
            "itkpocus/tests/data/clarius-ocular-short.mp4": (
                "3137cf7c0a953b413044dd4a218ca83faa6762de5827a7b4935844d6449bca20"
            )
        },
    ),
    DataSet(
        "totalsegmentator-ct",
        "a small CT with vertebra labels made by TotalSegmentator",
        "Apache-2.0",
        "Wasserthal et al.",
        TOTALSEG,
        {
            "tests/reference_files/example_ct.nii.gz": (
                "dbd3ae6d614d1d7ef3a46925c30c70038ed52da6b37fdd6afdc7b9b71387e3e1"
            )
        },
    ),
)

BY_HAND = (
    DataSet(
        "usgra",
        "204 linear-probe images with nerve and vessel masks",
        "CC-BY-4.0",
        "Timm Kandaouroff",
        "https://github.com/tmkand/usgra-seg (dataset/)",
        {},
    ),
    DataSet(
        "dltrack-aponeurosis",
        "muscle images with aponeurosis masks",
        "Apache-2.0",
        "Neil Cronin et al.",
        "https://github.com/njcronin/DL_Track (apo_images, apo_masks)",
        {},
    ),
    DataSet(
        "timtrack",
        "muscle images with three observers' thickness",
        "CC0-1.0",
        "Tim van der Zee",
        "https://github.com/timvanderzee/ultrasound-automated-algorithm (Example images)",
        {},
    ),
)


def find(name: str) -> DataSet:
    """Return the data set of that name; raises UnsupportedError that lists the names."""
    for item in DATA_SETS:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in DATA_SETS)
    raise UnsupportedError(f"{name}: there is no such data set; `echospine data get` knows {names}")


def fetch(name: str, into: Path | None = None, base: str | None = None) -> tuple[Path, ...]:
    """Fetch a data set and return its files; each is checked against its SHA-256, whole or not there at all.

    `into`: folder, by default the user's cache; `base`: URL to use in place of the public source (a mirror).
    Raises UnsupportedError for an unknown name, InputError when the source cannot be reached or is not the
    same any more, StorageError when the folder cannot be written.
    """
    import pooch
    import requests

    item = find(name)
    folder = into or Path(pooch.os_cache("echospine")) / item.name
    pooch.get_logger().setLevel("WARNING")
    paths = []
    for remote, digest in item.files.items():
        url = f"{(base or item.source).rstrip('/')}/{remote}"
        try:
            found = pooch.retrieve(url, known_hash=f"sha256:{digest}", fname=Path(remote).name, path=folder)
        except requests.RequestException as error:
            raise InputError(f"{name}: {url} cannot be reached; connect to the network and try again") from error
        except ValueError as error:
            raise InputError(f"{name}: {url} is not the file it was (wrong checksum); nothing was kept") from error
        except OSError as error:
            raise StorageError(f"{folder}: cannot keep {Path(remote).name} ({error.strerror})") from error
        paths.append(Path(found))
    return tuple(paths)
