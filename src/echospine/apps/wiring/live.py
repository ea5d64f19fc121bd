"""Live pictures: where they come from, what looks at them, and where they go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from echospine.apps.wiring.formats import build_reader
from echospine.domain.errors import InputError
from echospine.domain.frames import Frame
from echospine.ports import FrameSource, LiveSource, LocalFile, Model

if TYPE_CHECKING:
    from echospine.adapters.igtl import Serving
    from echospine.workflow.live import Eye


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
