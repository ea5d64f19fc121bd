"""`echospine live` as a process: a video goes in, and its pictures come out with what is seen in them."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from echospine.adapters.igtl.messages import Message, Unpacker

BOUND_S = 90.0


def names_of(port: int) -> set[str]:
    unpacker, found, end_s = Unpacker(), set[str](), time.monotonic() + BOUND_S
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        while "Quality" not in found and time.monotonic() < end_s:
            for message in unpacker.feed(line.recv(1 << 16)):
                assert isinstance(message, Message)
                found.add(message.device)
    return found


def test_a_recording_is_sent_on_with_what_is_seen_in_it(tmp_path: Path) -> None:
    for index in range(3):
        Image.new("L", (64, 48), 60 + index).save(tmp_path / f"{index}.png")
    command = [sys.executable, "-m", "echospine", "live", str(tmp_path), "--port", "0", "--seconds", str(BOUND_S)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"igtl://127\.0\.0\.1:(\d+)", line)
        assert found, process.stderr.read() if process.stderr else line
        assert {"Image", "Structures", "View", "Level", "Quality"} <= names_of(int(found[1]))
    finally:
        process.kill()
        process.communicate()


def test_a_source_that_is_none_is_refused(tmp_path: Path) -> None:
    for source in ("http://scanner", str(tmp_path / "nothing.mp4")):
        answer = subprocess.run(
            [sys.executable, "-m", "echospine", "live", source, "--port", "0"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert answer.returncode == 2
        assert len(answer.stderr.strip().splitlines()) == 1 and "echospine: " in answer.stderr


def test_a_camera_that_never_gave_a_picture_is_a_bad_input() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "echospine", "live", "camera://97", "--port", "0", "--seconds", "3"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 2 and "camera://97" in answer.stderr
