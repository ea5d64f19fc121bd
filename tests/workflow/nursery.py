"""A process that loads everything once and then brings up short-lived children, to be killed while they import.

On its input: `import SEED STORE` brings up a child that imports all sources, in an order of its own, until
`kill WAIT_S` kills it after that time; `one NAME EXAM_ID STORE` imports one source. On its output, a line for
each thing that is certain: `kept ALREADY RECORDING_ID NAME` after an import was acknowledged, `failed MESSAGE`,
`gone EXIT_CODE`. A process that fails writes why on its standard error and goes; one that cannot go on within
PATIENCE_S writes where it stands, in every thread, and goes as well: so whoever listens hears something, or the end.
"""

from __future__ import annotations

import faulthandler
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import uuid
from contextlib import closing
from pathlib import Path
from typing import cast

from echospine.adapters.objects import FileObjects
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.apps.wiring import SystemClock, build_reader
from echospine.domain.errors import EchoSpineError
from echospine.ports import House, LocalFile, Model, RecordingPlan
from echospine.workflow.exam import Imported, create_exam, import_recording

PATIENCE_S = 100
"""How long one thing may take, such as one import; well below the limit of a test."""


def open_house(store: Path) -> House:
    """Join the real parts: readers, objects on a disk, SQLite."""
    store.mkdir(exist_ok=True)
    return House(
        studies=SqlStudies(sqlite_url(store / "studies.db")),
        objects=FileObjects(store / "objects"),
        reader=build_reader(),
        model=cast(Model, None),  # an import asks no model
        writers=(),
        clock=SystemClock(),
        new_id=lambda: uuid.uuid4().hex,
    )


def say(line: str) -> None:
    """Write a line in one step, so that the lines of several processes never mix and none is cut."""
    os.write(1, f"{line}\n".encode())


def exam_for_tests(house: House) -> str:
    """Return the examination that everything goes to; the first process makes it."""
    found = house.studies.search("killed imports").exams
    return found[-1].id if found else create_exam(house, title="Killed imports", who="Reader One").id


def bring_in(house: House, source: Path, exam_id: str) -> Imported:
    """Import one source."""
    plan = RecordingPlan(source.name, (LocalFile(source.name, source),))
    return import_recording(house, exam_id, plan, who="Reader One")


def bring_in_and_say(house: House, source: Path, exam_id: str) -> None:
    """Import one source and say so after it was acknowledged."""
    try:
        done = bring_in(house, source, exam_id)
    except EchoSpineError as error:
        say(f"failed {error}")
    else:
        say(f"kept {done.already} {done.recording.id} {source.name}")


def be_on_time() -> None:
    """Start the time anew within which this process must get something done."""
    signal.alarm(PATIENCE_S)


def bring_all_in(store: Path, sources: Path, seed: int) -> None:
    """Import every source; then wait to be killed."""
    be_on_time()
    house = open_house(store)
    exam_id = exam_for_tests(house)
    order = sorted(sources.iterdir())
    random.Random(seed).shuffle(order)
    for source in order:
        be_on_time()
        bring_in_and_say(house, source, exam_id)
    time.sleep(2 * PATIENCE_S)


def rear_and_kill(store: Path, sources: Path, seed: int) -> None:
    """Bring up a child, kill it when the input says so, and say that it is gone."""
    child = os.fork()
    if child == 0:
        try:
            bring_all_in(store, sources, seed)
        except BaseException as error:  # nobody else would tell, and the listener would wait for an import
            traceback.print_exc()
            say(f"failed {error!r}")
        finally:
            os._exit(1)
    signal.alarm(0)
    time.sleep(float(sys.stdin.readline().removeprefix("kill ")))
    be_on_time()
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    say(f"gone {os.waitstatus_to_exitcode(status)}")


def warm_up(sources: Path) -> None:
    """Import something somewhere else, so that every module is loaded before the first child is born."""
    with tempfile.TemporaryDirectory() as elsewhere:
        house = open_house(Path(elsewhere))
        bring_in(house, next(sources.iterdir()), exam_for_tests(house))
        house.studies.close()


def main(sources: Path) -> None:
    """Do what the input says, line by line; to wait for a line has no limit, to do it has.

    The limit is an alarm, not faulthandler's own timer: that one holds a lock which a forked child never gets.
    """
    faulthandler.register(signal.SIGALRM, all_threads=True, chain=True)
    for line in sys.stdin:
        be_on_time()
        match line.rstrip("\n").split(" ", 3):
            case ["import", seed, store]:
                rear_and_kill(Path(store), sources, int(seed))
            case ["one", name, exam_id, store]:
                house = open_house(Path(store))
                with closing(house.studies):
                    bring_in_and_say(house, sources / name, exam_id)
        signal.alarm(0)


if __name__ == "__main__":
    warm_up(Path(sys.argv[1]))
    main(Path(sys.argv[1]))
