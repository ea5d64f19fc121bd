"""A scene as a recording: frames are made when they are asked for, each with its truth."""

from __future__ import annotations

from collections.abc import Iterator

from echospine.domain.frames import Frame, RecordingHeader, TimeSource
from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.image import Run, prepare, render, sequential, truth
from echospine.engine.twin.needle import needle_echoes
from echospine.engine.twin.scene.record import Scene
from echospine.engine.twin.scene.stage import Moment, Stage, set_stage
from echospine.engine.twin.scene.truth import Truth, frame_truth
from echospine.engine.twin.tracker import Tracked

SIMULATED = "Simulated: made by a computer model, no patient was scanned."


class SceneSource:
    """Frames of a scene, lazily, in constant memory, in any order; equal scenes give equal bytes.

    `run`: does parts of a picture beside each other (`map` of a thread pool), or one after the other. Raises SceneFault
    for a scene that cannot be played in this body.
    """

    def __init__(self, scene: Scene, anatomy: Anatomy, run: Run = sequential) -> None:
        self._stage = set_stage(scene, anatomy)
        self._run = run
        self._scanner = prepare(scene.machine, scene.settings)
        self._last: tuple[int, Moment] | None = None

    @property
    def scene(self) -> Scene:
        """What is played."""
        return self._stage.scene

    @property
    def stage(self) -> Stage:
        """What is shared by all frames."""
        return self._stage

    @property
    def image_to_probe(self) -> Pose:
        """Where each pixel lies at the probe, the same in all frames: its calibration."""
        return self._scanner.raster.image_to_probe

    @property
    def header(self) -> RecordingHeader:
        """What is known without making a picture."""
        scene = self.scene
        return RecordingHeader(
            name=scene.name,
            format="simulated scene",
            n_frames=len(self),
            geometry=self._scanner.raster.geometry,
            time_source=TimeSource.TIMESTAMP,
            times_s=tuple(self._stage.times_s.tolist()),
            tracked=scene.tracker is not None,
            notes=(SIMULATED,),
        )

    def frame(self, index: int) -> Frame:
        """Return one frame with what the tracker says; raises IndexError outside the scene."""
        moment, scene = self._moment(index), self.scene
        echoes = None
        if self._stage.course is not None and moment.needle is not None:
            echoes = needle_echoes(self._stage.course.needle, moment.needle, moment.probe, scene.machine)
        image = render(
            moment.body,
            moment.probe,
            scene.machine,
            scene.settings,
            echoes=echoes,
            frame_seed=scene.seed * 1_000_003 + index,
            scanner=self._scanner,
            run=self._run,
        )
        poses = (*self.tracked(index).poses, image.image_to_probe)
        return Frame(image.pixels, image.geometry, index, moment.t_s, poses)

    def truth(self, index: int) -> Truth:
        """Return what is true of one frame; raises IndexError outside the scene."""
        moment, scene = self._moment(index), self.scene
        picture = truth(moment.body, moment.probe, scene.machine, scene.settings, scanner=self._scanner, run=self._run)
        return frame_truth(self._stage, moment, picture, self._scanner, index=index)

    def tracked(self, index: int) -> Tracked:
        """Return what the tracker says in one frame, the tools that it has lost included."""
        self._check(index)
        return self._stage.tracked(index)

    def __len__(self) -> int:
        return len(self._stage.times_s)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def __enter__(self) -> SceneSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self._last = None

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.scene.name} has no frame {index}, it has {len(self)} (from 0)")

    def _moment(self, index: int) -> Moment:
        """Return how everything stands in a frame; kept, because its picture and its truth ask for the same."""
        self._check(index)
        last = self._last
        if last is None or last[0] != index:
            last = self._last = (index, self._stage.moment(float(self._stage.times_s[index])))
        return last[1]
