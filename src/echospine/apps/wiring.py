"""The only place that joins ports to adapters."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from echospine import __version__
from echospine.domain.errors import InputError, StorageError, UnsupportedError
from echospine.domain.exams import Recording
from echospine.domain.frames import Frame
from echospine.domain.reports import Report, ReportFile
from echospine.ports import Explainer, FrameSource, House, LiveSource, LocalFile, Model, RecordingPlan, ReportWriter

if TYPE_CHECKING:
    from echospine.adapters.igtl import Serving
    from echospine.adapters.onnx import Known, ModelSettings
    from echospine.engine.twin.scene import SceneSource, Truth
    from echospine.workflow.live import Eye

SOFTWARE = f"EchoSpine {__version__}"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time now, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reader:
    """Every format that EchoSpine reads, told apart by content."""

    def kind(self, file: LocalFile) -> str:
        """Return `dicom`, `sequence`, `video`, `image`, `companion` or `archive`; raises InputError."""
        from echospine.adapters.dicom import is_dicom
        from echospine.adapters.sequences import sniff

        if is_dicom(file.path):
            return "dicom"
        found = sniff(file)
        if found is None:
            raise UnsupportedError(
                f"{file.name}: not a recording that EchoSpine reads (DICOM ultrasound, .mha, .nrrd, video, image)"
            )
        return found

    def open(self, plan: RecordingPlan) -> FrameSource:
        """Open a recording; raises InputError whose text names the file and the way out."""
        from echospine.adapters.dicom import is_dicom, open_dicom
        from echospine.adapters.sequences import open_sequence

        return open_dicom(plan) if is_dicom(plan.files[0].path) else open_sequence(plan)


@dataclass(frozen=True, slots=True)
class Writers:
    """Every writer of a report, as one; their libraries are loaded with the first report, not when a server starts.

    `open_recording`: gives the images of recordings that are not DICOM.
    """

    open_recording: Callable[[Recording], FrameSource]

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the files of all writers, the PDF first."""
        from echospine.adapters.dicom.writing import SegWriter, SrWriter, UsImageWriter
        from echospine.adapters.pdf import PdfWriter
        from echospine.adapters.pictures import OverlayWriter

        images = UsImageWriter(self.open_recording)
        writers: tuple[ReportWriter, ...] = (PdfWriter(), OverlayWriter(), SrWriter(), SegWriter(), images)
        return tuple(file for writer in writers for file in writer.write(report))


def build_reader() -> Reader:
    """Return the reader of every format."""
    return Reader()


def build_model(name: str | None = None) -> Model:
    """Return the interpretation engine: the model of that name, or of the settings, or that comes with EchoSpine.

    `name`: of the models' folder, `shipped`, `finder` (the training-free bone finder), or a folder with a model. What
    is not as it was asked for goes to the log. Raises ModelError, one line, where the asked one cannot be used.
    """
    from echospine.adapters.onnx import choose

    settings = model_settings()
    chosen = choose(replace(settings, name=name or settings.name))
    for note in chosen.notes:
        logging.getLogger("echospine").warning("echospine: %s", note)
    return chosen.model


def model_settings() -> ModelSettings:
    """Return the settings of models, from the environment (ECHOSPINE_MODEL and its like)."""
    from platformdirs import user_data_path

    from echospine.adapters.onnx import ModelSettings

    return ModelSettings.read(os.environ, user_data_path("echospine") / "models")


def model_folder(name: str) -> Path:
    """Return the folder of a learned model by its name; raises ModelError where there is none."""
    from echospine.adapters.onnx import folder_of

    return folder_of(name, model_settings().folder)


def known_models() -> tuple[Known, ...]:
    """Return every model that can be named, with what is wrong with a damaged one."""
    from echospine.adapters.onnx import known_models as known

    return known(model_settings())


def add_model(name: str, source: Path) -> Path:
    """Keep a model under that name, checked; return its folder. Raises ModelError, Conflict, StorageError."""
    return model_settings().folder.add(name, source)


def use_model(name: str) -> str:
    """Use a model from now on; return its method. Raises ModelError where it cannot be opened."""
    from echospine.adapters.onnx import use

    return use(name, model_settings())


def default_store() -> Path:
    """Return the folder of this user's examinations."""
    from platformdirs import user_data_path

    return user_data_path("echospine") / "store"


@contextmanager
def open_house(store: Path | None = None, model: Model | None = None) -> Iterator[House]:
    """Give all ports joined over the store in that folder, by default this user's; close it at the end.

    `model`: what interprets, instead of the usual one. Makes the store when it is new. Raises StorageError when the
    folder cannot be used, and ModelError when the chosen model cannot.
    """
    from echospine.adapters.objects import FileObjects
    from echospine.adapters.sql import SqlStudies, sqlite_url
    from echospine.workflow.exam import open_recording

    folder = store or default_store()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another --store") from error
    with closing(SqlStudies(sqlite_url(folder / "echospine.sqlite"))) as studies:
        house = House(
            studies=studies,
            objects=FileObjects(folder / "objects"),
            reader=build_reader(),
            model=model or build_model(),
            writers=(),
            clock=SystemClock(),
            new_id=lambda: uuid.uuid4().hex,
        )
        yield replace(house, writers=(Writers(partial(open_recording, house)),))


def build_eye(model: Model) -> Eye:
    """Return what looks at live pictures with `model`; the training-free bone finder stands in where that fails.

    A learned model looks alone: its second opinion on bone takes longer than a live picture may, so that is asked now
    and then, beside it.
    """
    from echospine.adapters.onnx import NetworkModel
    from echospine.engine.vision.bone import BoneFinder
    from echospine.workflow.live import Eye
    from echospine.workflow.live.second import SecondOpinion
    from echospine.workflow.live.sweep import Sweep

    finder = BoneFinder()
    if isinstance(model, NetworkModel):
        second = SecondOpinion(finder)
        return Eye([model.alone(), finder], course=lambda: Sweep(second))
    return Eye([model] if model.method == finder.method else [model, finder], course=Sweep)


def explainer_of(model: Model) -> Explainer | None:
    """Return what can say why `model` calls something what it calls it; None where it gives no reasons."""
    from echospine.adapters.onnx import NetworkModel

    return model if isinstance(model, NetworkModel) else None


def build_live(url: str) -> LiveSource:
    """Return the live pictures of `igtl://HOST[:PORT]` or `camera://DEVICE`; at once, whether it answers or not.

    DEVICE is a camera's or grabber's number or device file, or a video file that is played at its pace. `state` and
    `trouble` tell how it stands; it is tried again until somebody closes it. Raises InputError for an address that
    cannot be one.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "camera" and rest:
        from echospine.adapters.camera import open_camera

        return open_camera(rest)
    return _device(url)


def _device(url: str) -> LiveSource:
    from echospine.adapters.igtl import PORT, open_igtl

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, PORT if parts.port is None else parts.port
        known = parts.scheme == "igtl" and not (parts.path.strip("/") or parts.query or parts.username)
    except ValueError:  # brackets left open, or a port that is no number up to 65535
        known, host, port = False, None, 0
    if not (known and host and port):
        raise InputError(
            f"{url!r} is no address of a device; write igtl://HOST:PORT, such as igtl://127.0.0.1:{PORT}, or camera://0"
        )
    return open_igtl(host, port)


@contextmanager
def open_live(source: str) -> Iterator[LiveSource]:
    """Give live pictures of a device or camera (see `build_live`), or of a recording that is played again and again.

    Of several recordings in a folder the first is played. Raises InputError for what is neither.
    """
    from echospine.workflow.exam import expand, gather
    from echospine.workflow.live import Replay

    if "://" in source:
        with build_live(source) as live:
            yield live
        return
    with TemporaryDirectory(prefix="echospine-") as scratch:
        gathered = gather(build_reader(), expand(Path(source)), scratch=Path(scratch))
        if not gathered.plans:
            raise InputError("; ".join(gathered.problems) or f"{source}: holds no recording")
        with build_reader().open(gathered.plans[0]) as recording, Replay(recording) as replay:
            yield replay


@contextmanager
def serve_live(source: LiveSource, host: str, port: int, eye: Eye | None = None) -> Iterator[Serving]:
    """Serve live pictures over OpenIGTLink while the block runs, as PLUS would; the source stays open.

    `eye`: what it sees in each picture goes with it, as a label map and in words.

    `port` 0 takes a free one; the server's `port` tells which, its `wait()` waits until the source ends, its `counts`
    tell who listens. Raises InputError where nobody can listen at that address.
    """
    from echospine.adapters.igtl import serve

    look = None if eye is None else (lambda frame: eye.see(frame).interpretation)
    with serve(source, host, port, look=look) as serving:
        yield serving


@contextmanager
def serve_recording(
    source: FrameSource, host: str, port: int, rate_hz: float | None = None, *, loop: bool = True
) -> Iterator[Serving]:
    """Serve a recording, or a simulated scene, as a scanner would: over OpenIGTLink, in real time, again and again.

    For `echospine simulate SCENE --serve`:

        with serve_recording(scene, host, port) as serving:
            click.echo(f"scanner on igtl://{serving.host}:{serving.port}")
            serving.wait()

    `rate_hz`: instead of the recording's own pace. A frame is read only when somebody listens, in one thread; where
    that is too slow, frames are left out and time goes on. Raises InputError for a rate or an address that cannot be.
    """
    from echospine.workflow.live import Replay

    with Replay(source, rate_hz=rate_hz, loop=loop) as replay, serve_live(replay, host, port) as serving:
        yield serving


def write_live(folder: Path, frames: Iterable[Frame], *, simulated: bool) -> tuple[LocalFile, ...]:
    """Write live frames into an empty folder as recordings that can be imported; return their files.

    One recording has one size and one scale: where these change in the middle another one begins. Of several, those
    of fewer than three frames (a knob was being turned) are left out. Raises StorageError where the disk is full.
    """
    from itertools import groupby

    runs: list[tuple[int, tuple[LocalFile, ...]]] = []
    for _, run in groupby(frames, key=lambda frame: (frame.geometry, frame.pixels.shape)):
        runs.append(_write_run(folder, f"live-{len(runs) + 1}", run, simulated))
    kept = [files for count, files in runs if count >= 3] or [files for _, files in runs]
    return tuple(file for files in kept for file in files)


def _write_run(folder: Path, stem: str, run: Iterator[Frame], simulated: bool) -> tuple[int, tuple[LocalFile, ...]]:
    """Write frames of one form; return how many, and the files: a sequence, and its calibration where it is known."""
    from echospine.adapters.sequences import MhaWriter, encode_config
    from echospine.engine.twin.scene import SIMULATED

    first = next(run)
    note, region = SIMULATED if simulated else "", first.geometry.main_region()
    sequence, config = (LocalFile(f"{stem}{end}", folder / f"{stem}{end}") for end in (".igs.mha", ".xml"))
    count = 1
    with MhaWriter(sequence.path, region.step_mm if region else (1.0, 1.0), note) as writer:
        writer.add(first)
        for frame in run:
            writer.add(frame)
            count += 1
    placed = next((pose for pose in first.poses if (pose.target, pose.source) == ("Probe", "Image")), None)
    if placed is None:
        return count, (sequence,)
    config.path.write_bytes(encode_config(placed, note))
    return count, (sequence, config)


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
