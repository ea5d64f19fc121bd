"""A device is opened by its address, and a recording is served as a scanner would be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from echospine.adapters.sequences import encode_mha
from echospine.apps.wiring import build_live, build_reader, serve_recording
from echospine.domain.errors import InputError
from echospine.ports import LocalFile, RecordingPlan

BOUND_S = 10.0


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("igtl://127.0.0.1:1", "igtl://127.0.0.1:1"),
        ("igtl://scanner.invalid", "igtl://scanner.invalid:18944"),
        ("igtl://scanner.invalid/", "igtl://scanner.invalid:18944"),
        ("igtl://[::1]:18945", "igtl://[::1]:18945"),
    ],
)
def test_an_address_names_host_and_port(url: str, name: str) -> None:
    with build_live(url) as live:
        assert live.name == name


@pytest.mark.parametrize(
    "url",
    [
        "",
        "scanner",
        "http://scanner",
        "igtl:",
        "igtl://",
        "igtl://:18944",
        "igtl://scanner:0",
        "igtl://scanner:99999",
        "igtl://scanner:port",
        "igtl://scanner/image",
        "igtl://me@scanner",
        "igtl://[::1",
    ],
)
def test_what_is_no_address_is_refused_with_one_that_is(url: str) -> None:
    with pytest.raises(InputError, match=r"igtl://127\.0\.0\.1:18944"):
        build_live(url)


def test_a_recording_is_served_in_real_time_and_again_and_again(tmp_path: Path) -> None:
    pixels = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 48, 64), np.uint8)
    (tmp_path / "sweep.mha").write_bytes(encode_mha(pixels, times_s=[0.0, 0.02, 0.04, 0.06, 0.08]))
    plan = RecordingPlan("sweep", (LocalFile("sweep.mha", tmp_path / "sweep.mha"),))
    with (
        build_reader().open(plan) as source,
        serve_recording(source, "127.0.0.1", 0) as serving,
        build_live(f"igtl://{serving.host}:{serving.port}") as live,
    ):
        first = live.latest(-1, BOUND_S)
        assert first is not None
        found, after = [first], first.index
        while len(found) < 20:
            frame = live.latest(after, BOUND_S)
            assert frame is not None
            found.append(frame)
            after = frame.index
        assert {int(frame.pixels[0, 0]) for frame in found} == {0, 1, 2, 3, 4}
        times_s = np.array([frame.time_s for frame in found])
        assert np.all(np.diff(times_s) > 0)
        assert np.diff(times_s).min() == pytest.approx(0.02, abs=1e-6)
        assert not serving.wait(0)
