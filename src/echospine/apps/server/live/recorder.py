"""Recording of what one viewer is shown, and its way into an examination by the ordinary import."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from echospine.apps.server.importing.uploads import Upload
from echospine.apps.server.importing.work import Importing
from echospine.apps.server.live import messages
from echospine.domain.errors import NotAllowed, StorageError
from echospine.domain.frames import Frame
from echospine.ports import Clock, LocalFile
from echospine.workflow.live import Spool, Tape

WriteLive = Callable[[Path, Iterable[Frame], bool], tuple[LocalFile, ...]]
"""Writes frames into a folder as recordings; told whether they are simulated."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Frames that are to be kept, and what is said with them."""

    frames: tuple[Frame, ...] | Spool
    seconds: float
    source: str
    simulated: bool
    title: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Brings frames into a new examination. `scratch`: an existing folder; `write`: see `WriteLive`."""

    importing: Importing
    scratch: Path
    write: WriteLive
    clock: Clock

    def keep(self, take: Take) -> messages.Recorded:
        """Write the frames and start their import; raises what that raises, and then nothing is left behind."""
        folder = self._folder()
        try:
            self.importing.require_free()
            files = self.write(folder, take.frames, take.simulated)
            title = take.title or f"{take.source}, {self.clock.now().astimezone():%Y-%m-%d %H:%M}"
            upload = Upload(folder, files, title=title, who=take.who)
            job = self.importing.start(upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            if isinstance(take.frames, Spool):
                take.frames.close()
        return messages.Recorded(frames=len(take.frames), seconds=round(take.seconds, 2), job=job)

    def _folder(self) -> Path:
        try:
            return Path(tempfile.mkdtemp(prefix="live-", dir=self.scratch))
        except OSError as error:
            raise StorageError(f"a recording cannot be kept ({error.strerror}); check the disk") from error


class Recorder:
    """What one viewer was shown. Frames are added in one thread while another starts and stops."""

    def __init__(self, folder: Path) -> None:
        self._tape = Tape(folder)
        self._lock = threading.Lock()
        self._trouble = ""

    def add(self, frame: Frame) -> None:
        """Keep a frame; where there is no room for it any more, `trouble` says so."""
        with self._lock:
            try:
                self._tape.add(frame, time.monotonic())
            except StorageError as error:
                self._trouble = str(error)

    def start(self) -> None:
        """Keep everything from now on; raises NotAllowed, StorageError."""
        with self._lock:
            self._tape.start()

    def stop(self) -> Spool:
        """Return what was kept since `start`; raises NotAllowed where that is nothing."""
        with self._lock:
            if self._tape.state.recording and not self._tape.state.frames:
                self._tape.stop().close()
                raise NotAllowed("no picture came while it was recorded; nothing was kept")
            return self._tape.stop()

    def last(self, seconds: float) -> tuple[Frame, ...]:
        """Return the frames of the last seconds; raises NotAllowed where there are none."""
        with self._lock:
            found = self._tape.last(seconds)
        if not found:
            raise NotAllowed("no picture has come yet; there is nothing to keep")
        return found

    def told(self) -> messages.RecordState:
        """Return how it stands."""
        with self._lock:
            state = self._tape.state
        return messages.RecordState(
            recording=state.recording, frames=state.frames, seconds=round(state.seconds, 1), full=state.full
        )

    def trouble(self) -> str:
        """Return what went wrong since it was asked last; empty: nothing."""
        with self._lock:
            told, self._trouble = self._trouble, ""
            return told

    def close(self) -> None:
        """Throw away what nobody took."""
        with self._lock:
            self._tape.close()
