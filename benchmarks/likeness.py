"""Draw simulated pictures beside real ones of the same kind: `python -m benchmarks.likeness docs/pictures/FILE`.

Bone and muscle under a linear probe, a lumbar phantom, and a thigh's muscle with its aponeuroses; each simulated one is
by a machine record that was set to match. The real ones are the public example data.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.realism import LIKE_L14, LIKE_L14_KNOBS, data_folder
from echospine.adapters.sequences import open_sequence
from echospine.domain.labels import Side, View
from echospine.domain.units import Pixels
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import render
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient, cast
from echospine.engine.twin.probe import Machine, Probe, Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.twin.tissues import Tissue
from echospine.ports import LocalFile, RecordingPlan

HEIGHT = 420
LIKE_PHANTOM = Machine(
    "like the scanner of SpinePhantomFreehand", Probe("L14-5", 38.0, None, 5.0, 0.6, 12.0, 3.0, 5.0, 20.0),
    n_lines=128, noise_db=-52.0, haze_db=-20.0, fog_db=-24.0, clutter_db=-30.0, scatterers_per_mm3=30.0,
)  # fmt: skip
LIKE_PHANTOM_KNOBS = Settings(
    depth_mm=48.0, gain_db=2.0, tgc_db=(26.0, 16.0, 4.0, -8.0, -18.0, -26.0, -32.0, -36.0), focus_mm=16.0,
    dynamic_range_db=50.0,
)  # fmt: skip
LIKE_THIGH = Machine(
    "like the scanner of TimTrack", Probe("L9", 44.0, None, 8.0, 0.75, 16.0, 2.0, 4.5, 20.0),
    n_lines=192, noise_db=-60.0, haze_db=-36.0, fog_db=-36.0, speckle_reduction=0.5, scatterers_per_mm3=60.0,
)  # fmt: skip
LIKE_THIGH_KNOBS = Settings(depth_mm=50.0, gain_db=-2.0, focus_mm=22.0, dynamic_range_db=52.0)


def pairs() -> list[tuple[str, Pixels, Pixels]]:
    """Return what is shown, the real picture, and the simulated one."""
    data, person = data_folder(), build_patient(PatientParameters())
    phantom = cast(person, Tissue.EPIDURAL_FAT)
    thigh = np.asarray(Image.open(sorted((data / "timtrack/dataset1_vastus_lateralis").glob("*.jpg"))[0]).convert("L"))
    return [
        (
            "bone and muscle",
            _recorded(data / "plus/BoneUltrasound_L14.igs.mha", 10),
            _drawn(person, View.TRANSVERSE_SPINOUS, LIKE_L14, LIKE_L14_KNOBS),
        ),
        (
            "phantom of a spine",
            _recorded(data / "plus/SpinePhantomFreehand.igs.mha", 14),
            _drawn(phantom, View.TRANSVERSE_SPINOUS, LIKE_PHANTOM, LIKE_PHANTOM_KNOBS),
        ),
        (
            "muscle and aponeurosis",
            thigh,
            _drawn(person, View.FASCIA_LONGITUDINAL, LIKE_THIGH, LIKE_THIGH_KNOBS),
        ),
    ]


def _recorded(file: Path, index: int) -> Pixels:
    with open_sequence(RecordingPlan(file.name, (LocalFile(file.name, file),))) as source:
        return source.frame(index).grey


def _drawn(anatomy, view: View, machine: Machine, knobs: Settings) -> Pixels:
    pose = standard_view(anatomy, view, "L3", Side.LEFT, machine.probe)
    return render(Body(anatomy, 1), pose, machine, knobs).pixels


def _cut(pixels: Pixels) -> Image.Image:
    """Return the part of a picture that holds anything, scaled to HEIGHT."""
    rows, columns = (np.flatnonzero((pixels > 8).mean(axis=axis) > 0.05) for axis in (1, 0))
    part = Image.fromarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return part.resize((round(part.width * HEIGHT / part.height), HEIGHT))


def main() -> None:
    """Write the picture."""
    columns = [(name, _cut(real), _cut(simulated)) for name, real, simulated in pairs()]
    width = sum(max(a.width, b.width) + 12 for _, a, b in columns)
    sheet = Image.new("L", (width, 2 * HEIGHT + 48))
    pen, x = ImageDraw.Draw(sheet), 6
    for name, real, simulated in columns:
        pen.text((x, 4), f"real: {name}", fill=255)
        sheet.paste(real, (x, 20))
        pen.text((x, HEIGHT + 26), f"simulated: {name}", fill=255)
        sheet.paste(simulated, (x, HEIGHT + 42))
        x += max(real.width, simulated.width) + 12
    sheet.save(sys.argv[1], quality=88)


if __name__ == "__main__":
    main()
