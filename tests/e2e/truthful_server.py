"""The workstation with a model that knows the truth about the virtual patient: `python truthful_server.py STORE`.

It stands for a learned one in tests of the page: structures, landmarks, view, level and silence, frame by frame.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from echospine.apps.server.run import run_server
from echospine.domain.errors import GeometryError, ModelError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Side, Structure, Surface, View
from echospine.domain.poses import Pose
from echospine.domain.sights import ACROSS, Bearing, Doubt, Landmark, LevelBelief, Sighting, StructureMap, ViewBelief
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.scene import standard_view
from echospine.engine.twin.scene.views import usual_machine
from echospine.engine.twin.tissues import TISSUES, Tissue
from echospine.engine.vision.field import find_field

sys.path.insert(0, str(Path(__file__).parents[2]))
from training.places import place_of

STEP_PX = 2
SURE = 0.95
CONTACT_CELLS = 6
NEAR_MM, FAR_MM, FAR_DEG = 4.0, 15.0, 15.0
BONES = [Structure.SPINOUS_PROCESS, Structure.LAMINA, Structure.ARTICULAR_PROCESS, Structure.TRANSVERSE_PROCESS]
KINDS = {"spinous_tip": Landmark.SPINOUS_TIP, "lamina": Landmark.LAMINA, "facet": Landmark.FACET}
KINDS |= {"transverse_tip": Landmark.TRANSVERSE_TIP, "interlaminar": Landmark.INTERLAMINAR_WINDOW}
STRUCTURES = np.zeros(256, np.uint8)
STRUCTURES[[int(tissue) for tissue in Tissue]] = [TISSUES[tissue].structure for tissue in Tissue]


class TruthModel:
    """Looks up in the anatomy what lies under each cell of the picture."""

    method = Method("the twin's truth", "1")

    @cached_property
    def anatomy(self) -> Anatomy:
        return build_patient(PatientParameters())

    @cached_property
    def places(self) -> list[tuple[View, Pose]]:
        found = []
        for view in View:
            for level in ("L2", "L3", "L4", "L5"):
                for side in (Side.MIDLINE, Side.LEFT, Side.RIGHT):
                    try:
                        found.append((view, standard_view(self.anatomy, view, level, side)))
                    except (GeometryError, KeyError, ValueError):
                        continue
        return found

    def survey(self, samples: Sequence[Frame]) -> Field:
        return find_field(samples)

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        try:
            probe, image = frame.pose("Patient", "Probe"), frame.pose("Probe", "Image")
        except GeometryError as error:
            raise ModelError(f"the truth is known of the virtual patient only: {error}") from error
        labels = self._labels(frame, probe, image)
        contact = touching(frame.grey[::STEP_PX, ::STEP_PX] > 0, labels)
        silent = contact < 0.2
        quality = Quality(contact, 0.0, 0.3, contact, () if contact > 0.8 else ("no contact: press, or add gel",))
        reasons = ("the picture is unlike any that the model has learned from",) if silent else ()
        return Interpretation(
            frame.index,
            self.method,
            field,
            tuple(surfaces(labels, frame.geometry.width)),
            quality,
            structures=StructureMap(labels, np.where(labels > 0, 225, 250).astype(np.uint8), (0.5, 0.5), STEP_PX),
            landmarks=tuple(self._landmarks(frame, probe, image)),
            view=self._view(probe),
            level=self._level(probe),
            doubt=Doubt(1.5 if silent else 0.2, silent, (Structure.NERVE,), reasons),
            bearing=None if silent else self._bearing(probe, contact),
        )

    def _bearing(self, probe: Pose, contact: float) -> Bearing:
        place = place_of(self.anatomy, probe, usual_machine(View.TRANSVERSE_SPINOUS).probe)
        turn = (place.turn_rad + math.pi / 2) % math.pi - math.pi / 2
        across = abs(turn) <= ACROSS
        return Bearing(
            place.along_mm if across else None, abs(place.lateral_mm), turn, SURE, place.phase_rad, SURE,
            place.tilt_deg if across else None, place.rock_deg, contact,
        )  # fmt: skip

    def _labels(self, frame: Frame, probe: Pose, image: Pose) -> np.ndarray:
        rows, columns = frame.geometry.height // STEP_PX, frame.geometry.width // STEP_PX
        row, column = np.mgrid[:rows, :columns] * float(STEP_PX) + (STEP_PX - 1) / 2
        points = probe.apply(image.apply(np.stack([column, row, np.zeros_like(row)], axis=-1)))
        inside = frame.grey[::STEP_PX, ::STEP_PX][:rows, :columns] > 0
        found = STRUCTURES[self.anatomy.tissue_at(points)]
        return np.where(np.logical_or.accumulate(inside, axis=0), found, 0).astype(np.uint8)

    def _landmarks(self, frame: Frame, probe: Pose, image: Pose) -> list[Sighting]:
        found = []
        for mark in self.anatomy.landmarks.values():
            at = (probe @ image).inverse.apply(mark.point_mm)
            off_mm = abs(float(probe.inverse.apply(mark.point_mm)[2]))
            inside = 0 <= at[0] < frame.geometry.width and 0 <= at[1] < frame.geometry.height
            if mark.kind in KINDS and off_mm < NEAR_MM and inside:
                doubt = np.array([[30.0, 8.0], [8.0, 14.0]])
                found.append(Sighting(KINDS[mark.kind], (float(at[0]), float(at[1])), doubt, 1 - off_mm / 8))
        return found

    def _view(self, probe: Pose) -> ViewBelief:
        best, view = min((away(pose, probe), view) for view, pose in self.places)
        share = round(float(np.clip(1.0 - 0.35 * best, 0.35, 0.97)), 3)
        return ViewBelief(tuple(sorted([(view, share), (View.OTHER, 1 - share)], key=lambda one: -one[1])))

    def _level(self, probe: Pose) -> LevelBelief:
        tips = [m for m in self.anatomy.landmarks.values() if m.kind == "spinous_tip" and m.level in "L1L2L3L4L5"]
        away = np.array([abs(float(tip.point_mm[2] - probe.matrix[2, 3])) for tip in tips])
        weight = np.exp(-((away / 9.0) ** 2)) + 1e-6
        shares = sorted(zip([tip.level for tip in tips], weight / weight.sum(), strict=True), key=lambda one: -one[1])
        return LevelBelief(tuple((level, float(share)) for level, share in shares), "counted from the sacrum")


def away(one: Pose, other: Pose) -> float:
    """Return how far two probes are apart, 1 where that is as far as a view reaches."""
    cosine = (np.trace(one.matrix[:3, :3].T @ other.matrix[:3, :3]) - 1) / 2
    turn_deg = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return float(np.linalg.norm((one.matrix - other.matrix)[:3, 3]) / FAR_MM + turn_deg / FAR_DEG)


def touching(inside: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of columns with tissue a little below the first pixel of the field."""
    columns = np.flatnonzero(inside.any(axis=0))
    first = inside[:, columns].argmax(axis=0)
    rows = np.minimum(first + CONTACT_CELLS, labels.shape[0] - 1)
    near = first < inside.shape[0] // 3  # beyond lie the sides of the sector, which are no face
    return float((labels[rows, columns] > 0)[near].mean()) if near.any() else 0.0


def surfaces(labels: np.ndarray, width: int) -> list[Surface]:
    """Return the uppermost bone of each kind as a line over the columns of the picture."""
    bone = np.isin(labels, BONES)
    top = np.where(bone.any(axis=0), bone.argmax(axis=0), -1)
    kind = np.where(top >= 0, labels[np.maximum(top, 0), np.arange(labels.shape[1])], 0)
    found = []
    for one in BONES:
        row = np.where(kind == one, STEP_PX * top.astype(np.float64), np.nan).repeat(STEP_PX)[:width]
        if np.isfinite(row).sum() > 8:
            found.append(Surface(one, row, np.full(width, 0.85)))
    return found


if __name__ == "__main__":
    run_server(Path(sys.argv[1]), host="127.0.0.1", port=0, open_browser=False, model=TruthModel())
