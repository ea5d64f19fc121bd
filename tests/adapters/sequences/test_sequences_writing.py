"""A sequence that is written frame by frame comes back as it was, through our own reader and SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from echospine.adapters.sequences import MhaWriter, encode_config, open_sequence
from echospine.domain.errors import GeometryError, StorageError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose
from echospine.ports import LocalFile, RecordingPlan
from small_disks import small_disk

SIZE = (40, 56)


def pose(source: str, rng) -> Pose:
    matrix = np.eye(4)
    matrix[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    matrix[:3, :3] *= np.sign(np.linalg.det(matrix[:3, :3]))
    matrix[:3, 3] = rng.normal(size=3) * 100
    return Pose("Tracker", source, matrix)


def frames(n: int = 5, colour: bool = False) -> list[Frame]:
    rng = np.random.default_rng(3)
    geometry = ImageGeometry.uniform(SIZE[1], SIZE[0], 0.2, 0.3, Spacing.DICOM_REGION)
    shape = (*SIZE, 3) if colour else SIZE
    made = []
    for index in range(n):
        poses = (pose("Probe", rng), pose("Reference", rng), Pose("Probe", "Image", np.diag([0.2, 0.3, 1.0, 1.0])))
        pixels = rng.integers(0, 255, shape).astype(np.uint8)
        made.append(Frame(pixels, geometry, index, 2.0 + index / 7, poses))
    return made


def opened(path: Path, *companions: Path):
    files = [LocalFile(one.name, one) for one in (path, *companions)]
    return open_sequence(RecordingPlan(path.name, tuple(files)))


@pytest.mark.parametrize("letters", ["MFA", "MF", "UF", "UN", "FM"])
@pytest.mark.parametrize("colour", [False, True])
def test_pixels_poses_times_and_statuses_come_back(tmp_path, letters, colour):
    path, made = tmp_path / "a.igs.mha", frames(colour=colour)
    with MhaWriter(path, (0.2, 0.3), "a note", letters) as writer:
        for frame in made:
            writer.add(frame, lost=("NeedleToTracker",))
    with opened(path) as source:
        assert len(source) == len(made)
        assert source.header.times_s == pytest.approx([index / 7 for index in range(5)])
        for one, two in zip(source, made, strict=True):
            assert np.array_equal(one.pixels, two.pixels)
            assert [str(pose) for pose in one.poses] == ["ProbeToTracker", "ReferenceToTracker"]
            for name in ("Probe", "Reference"):
                assert np.array_equal(one.pose("Tracker", name).matrix, two.pose("Tracker", name).matrix)
        assert any("NeedleToTracker" in note for note in source.header.notes)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.igs.mha"]


def test_the_calibration_in_the_configuration_gives_the_millimetres(tmp_path):
    path, config = tmp_path / "a.igs.mha", tmp_path / "a.xml"
    image_to_probe = Pose("Probe", "Image", np.array([[0.2, 0, 0, -5], [0, 0.3, 0, 1.5], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    config.write_bytes(encode_config(image_to_probe, 'simulated, "quoted" & <so on>'))
    with MhaWriter(path, (9.0, 9.0)) as writer:
        writer.add(frames()[0])
    with opened(path, config) as source:
        region = source.header.geometry.main_region()
        assert region is not None
        assert region.step_mm == pytest.approx((0.2, 0.3))
        assert np.allclose(source.frame(0).pose("Probe", "Image").matrix, image_to_probe.matrix)


def test_simpleitk_reads_it(tmp_path):
    path, made = tmp_path / "a.mha", frames()
    with MhaWriter(path, (0.2, 0.3), "note") as writer:
        for frame in made:
            writer.add(frame)
    image = SimpleITK.ReadImage(str(path))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), np.array([frame.pixels for frame in made]))
    assert image.GetSpacing()[:2] == pytest.approx((0.2, 0.3))


def test_it_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), MhaWriter(tmp_path / "a.mha", (1.0, 1.0)) as writer:
        writer.add(frames()[0])
        raise RuntimeError("somebody pulled the plug")
    assert not list(tmp_path.iterdir())
    with pytest.raises(GeometryError, match="one frame or more"), MhaWriter(tmp_path / "a.mha", (1.0, 1.0)):
        pass
    assert not list(tmp_path.iterdir())


def test_frames_of_another_size_are_refused(tmp_path):
    with pytest.raises(GeometryError, match="those before it"), MhaWriter(tmp_path / "a.mha", (1.0, 1.0)) as writer:
        writer.add(frames()[0])
        writer.add(frames(colour=True)[1])


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        full = pytest.raises(StorageError, match=r"a\.mha: cannot be written \(No space left on device\)")
        with full as caught, MhaWriter(disk / "a.mha", (1.0, 1.0)) as writer:
            for frame in frames(200):
                writer.add(frame)
        assert "\n" not in str(caught.value)
        assert not list(disk.iterdir())
