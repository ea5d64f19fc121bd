"""The virtual scanner as one viewer has it: pictures on demand, at the pace of a real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import numpy as np

from echospine.apps.server.live import messages
from echospine.apps.server.live.feeds import Shot
from echospine.apps.server.live.line import Refused
from echospine.domain.errors import EchoSpineError
from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.probe import Machine, Settings
from echospine.workflow.scanner import Controls, Couch, Scanner

NOMINAL_HZ = 30.0
"""Frames that a scanner makes in a second where nothing holds it back."""
WAIT_S = 0.25


class ScannerFeed:
    """Makes a picture whenever it is asked for one, of how things stand at that moment.

    Nobody sees a picture that is made ahead, and it would be old; so while the viewer is slow none are made, and those
    that a scanner would have made meanwhile are counted as dropped.
    """

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._couch: Couch | None = None
        self._controls: tuple[int, Controls] | None = None
        self._able = threading.Event()
        self._began_s = time.monotonic()
        self._due_s = self._began_s
        self._made = 0
        self._dropped = 0

    def lay(self, couch: Couch) -> None:
        """Scan that patient from now on."""
        self._couch = couch
        self._wake()

    def control(self, number: int, controls: Controls) -> None:
        """Scan like that from now on."""
        self._controls = number, controls
        self._wake()

    def rest(self) -> None:
        """Count nothing as dropped up to now: nobody wanted a picture."""
        self._due_s = time.monotonic()

    def next(self) -> Shot | None:
        """Return a picture; None where there is no patient, or nobody has said where the probe is."""
        if not self._able.wait(WAIT_S) or self._couch is None or self._controls is None:
            return None
        self._keep_pace()
        number, controls = self._controls
        start_s = time.monotonic()
        self._made += 1
        picture = self._scanner.picture(self._couch, controls, index=self._made, time_s=start_s - self._began_s)
        made_s = time.monotonic() - start_s
        self._due_s = max(self._due_s, time.monotonic())
        focus_mm = controls.settings.focus_mm
        return Shot(picture.frame, number, made_s, picture.contact, picture.truth, self._dropped, focus_mm)

    def _wake(self) -> None:
        if self._couch is not None and self._controls is not None:
            self._able.set()

    def _keep_pace(self) -> None:
        """Wait until a scanner would make its next picture; count those it would have made since the last one."""
        now = time.monotonic()
        if now < self._due_s:
            time.sleep(self._due_s - now)
        else:
            self._dropped += int((now - self._due_s) * NOMINAL_HZ)
        self._due_s = max(now, self._due_s) + 1 / NOMINAL_HZ


def controls_of(control: messages.Control, machines: Mapping[str, Machine]) -> Controls:
    """Return what a message says; raises Refused for a machine that there is not or a pose that cannot be."""
    machine = machines.get(control.machine)
    if machine is None:
        raise Refused("No such machine", f"machine {control.machine!r} is none of {', '.join(machines)}")
    try:
        pose = Pose("Patient", "Probe", _matrix(control.pose))
    except EchoSpineError as error:
        raise Refused("No such pose", str(error)) from None
    if not pose.is_rigid:
        raise Refused("No such pose", "a probe is rigid: the pose must be a rotation and a shift")
    knobs = control.knobs
    settings = Settings(knobs.depth_mm, knobs.gain_db, knobs.tgc_db, knobs.focus_mm, knobs.dynamic_range_db)
    return Controls(pose, machine, settings, breathing=control.breathing, truth=control.truth)


def parameters_of(body: messages.PatientBody) -> PatientParameters:
    """Return the patient that a message describes; raises GeometryError for one that cannot be."""
    return PatientParameters(**dict(body))


def _matrix(numbers: tuple[float, ...]) -> Floats:
    return np.asarray(numbers, dtype=np.float64).reshape(4, 4)
