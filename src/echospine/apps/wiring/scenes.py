"""Simulated scenes: opened, and written as recordings with their truth."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from echospine import __version__
from echospine.domain.frames import Frame

if TYPE_CHECKING:
    from echospine.engine.twin.scene import SceneSource, Truth

SOFTWARE = f"EchoSpine {__version__}"


def builtin_scenes() -> dict[str, str]:
    """Return the scenes that come with EchoSpine: title by name."""
    from echospine.adapters.scenes import builtin_scenes as known

    return known()


@contextmanager
def open_scene(name: str, *, seed: int | None = None, jobs: int = 1) -> Iterator[SceneSource]:
    """Give a scene by the name of a built-in one, or of a file, ready to be played, on `jobs` threads.

    `seed`: instead of the scene's own. Raises InputError, one line with the place in the file, for what cannot be.
    """
    from echospine.adapters.scenes import open_scene_file
    from echospine.engine.twin.person import build_patient
    from echospine.engine.twin.scene import SceneFault, SceneSource

    file = open_scene_file(name)
    scene = file.scene if seed is None else replace(file.scene, seed=seed)
    with ThreadPoolExecutor(jobs) as pool:
        anatomy = build_patient(scene.patient, run=pool.map)
        try:
            source = SceneSource(scene, anatomy, pool.map)
        except SceneFault as fault:
            raise file.blame(fault) from fault
        with source:
            yield source


class SceneFiles:
    """Writes a simulated recording into a folder, in all formats; each file appears whole, or not at all.

    `part`: which frames of the scene will be given. Raises StorageError where the disk does not take them.
    """

    def __init__(self, folder: Path, source: SceneSource, part: range) -> None:
        from echospine.adapters.dicom.writing import SimulatedUs
        from echospine.adapters.scenes import TruthWriter
        from echospine.adapters.sequences import MhaWriter
        from echospine.engine.twin.scene import SIMULATED

        scene, region = source.scene, source.header.geometry.main_region()
        self._folder, self._source = folder, source
        self._sequence, self._config, self._dicom = (
            folder / f"{scene.name}{ending}" for ending in (".igs.mha", ".xml", ".dcm")
        )
        self._labels: list[Path] = []
        self._us = SimulatedUs(scene.name, scene.title or scene.name, scene.machine.name, SOFTWARE, scene.frame_rate_hz)
        facts = {
            "software": SOFTWARE,
            "first_frame": part.start,
            "files": [self._sequence.name, self._config.name, self._dicom.name],
        }
        with ExitStack() as opened:
            spacing = region.step_mm if region else (1.0, 1.0)
            self._mha = opened.enter_context(MhaWriter(self._sequence, spacing, SIMULATED))
            self._truths = opened.enter_context(TruthWriter(folder, source, facts))
            self._opened = opened.pop_all()

    def add(self, frame: Frame, truth: Truth) -> None:
        """Write the next frame."""
        self._mha.add(frame, [link for link, status in truth.statuses.items() if status != "OK"])
        self._us.add(frame)
        self._labels.append(self._truths.add(truth))

    @property
    def paths(self) -> list[Path]:
        """What has been written."""
        others = [self._sequence, self._config, self._dicom, self._folder / "truth.json", self._folder / "labels.json"]
        return [*others, *self._labels]

    def __enter__(self) -> SceneFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write_whole()
        except BaseException as mine:
            self._opened.__exit__(type(mine), mine, mine.__traceback__)
            raise
        self._opened.__exit__(kind, error, trace)

    def _write_whole(self) -> None:
        """Write what is small enough to be written in one piece."""
        from echospine.adapters.scenes import write_whole
        from echospine.adapters.sequences import encode_config
        from echospine.engine.twin.scene import SIMULATED
        from echospine.workflow.report import labels_json

        write_whole(self._dicom, self._us.encoded())
        write_whole(self._config, encode_config(self._source.image_to_probe, SIMULATED))
        write_whole(self._folder / "labels.json", labels_json())
