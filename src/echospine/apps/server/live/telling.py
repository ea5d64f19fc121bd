"""What a viewer is told of the scanner and of the patient, as messages."""

from __future__ import annotations

import math

import numpy as np

from echospine.apps.server.live import messages
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.probe import Machine, Settings
from echospine.workflow.scanner import Couch, HeightMap, Skin, Twin

START = (View.TRANSVERSE_SPINOUS, "L4", Side.MIDLINE)
"""Where a scan begins."""
STARTS = {"linear": Settings(depth_mm=50.0, focus_mm=25.0)}
_NAMES = messages.PatientBody.model_fields


def opened(twin: Twin) -> messages.Opened:
    """Return what the virtual scanner offers."""
    machines = [_machine(machine) for machine in twin.machines.values()]
    return messages.Opened(source="scanner", name="Virtual scanner", simulated=True, machines=machines)


def patient(twin: Twin, couch: Couch) -> messages.PatientReady:
    """Return who lies on the couch, with skin, bones and landmarks."""
    landmarks = [
        messages.LandmarkView(kind=one.kind, level=one.level, side=one.side, point_mm=_point(one.point_mm))
        for one in couch.anatomy.landmarks.values()
    ]
    return messages.PatientReady(
        patient=body_of(couch.parameters),
        skin=_skin(couch.skin),
        bones=_heights(couch.bones),
        landmarks=landmarks,
        views=list(twin.views),
        pose=matrix(twin.aim(couch.anatomy, *START)),
    )


def body_of(parameters: PatientParameters) -> messages.PatientBody:
    """Return the message that describes a patient."""
    return messages.PatientBody(**{name: getattr(parameters, name) for name in _NAMES})


def matrix(pose: Pose) -> tuple[float, ...]:
    """Return a pose as it is said: 16 numbers, row by row."""
    return tuple(pose.matrix.ravel().tolist())


def _machine(machine: Machine) -> messages.MachineView:
    probe = machine.probe
    start = STARTS["linear"] if probe.radius_mm is None else Settings()
    return messages.MachineView(
        name=machine.name,
        probe=probe.name,
        width_mm=probe.width_mm,
        radius_mm=probe.radius_mm,
        elevation_mm=probe.elevation_mm,
        frequency_mhz=probe.frequency_mhz,
        knobs=messages.KnobsBody(
            depth_mm=start.depth_mm,
            gain_db=start.gain_db,
            tgc_db=start.tgc_db,
            focus_mm=start.focus_mm,
            dynamic_range_db=start.dynamic_range_db,
        ),
    )


def _skin(skin: Skin) -> messages.SkinView:
    rows, columns = skin.radii_mm.shape
    return messages.SkinView(
        axis_mm=skin.axis_mm,
        around0_deg=skin.around0_deg,
        around_step_deg=skin.around_step_deg,
        z0_mm=skin.z0_mm,
        z_step_mm=skin.z_step_mm,
        columns=columns,
        rows=rows,
        radii_mm=np.round(skin.radii_mm, 2).ravel().tolist(),
    )


def _heights(heights: HeightMap) -> messages.HeightMapView:
    rows, columns = heights.heights_mm.shape
    return messages.HeightMapView(
        x0_mm=heights.x0_mm,
        z0_mm=heights.z0_mm,
        step_mm=heights.step_mm,
        columns=columns,
        rows=rows,
        heights_mm=[value if math.isfinite(value) else None for value in np.round(heights.heights_mm, 2).flat],
    )


def _point(point_mm: np.typing.NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 2) for value in point_mm)
    return x, y, z
