"""Which files make a recording, and what is said of those that make none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from workflow_kit import picture, picture_folder

from echospine.apps.wiring import build_reader
from echospine.domain.errors import TooLargeError, UnreadableError
from echospine.ports import LocalFile
from echospine.workflow.exam import Gathered, expand, gather, natural_key
from echospine.workflow.exam import archives as archives_module

TAGS = (
    "ObjectType = Image\nNDims = 3\nDimSize = 8 6 2\nElementType = MET_UCHAR\nUltrasoundImageOrientation = MF\n"
    "Seq_Frame0000_Timestamp = 0\nSeq_Frame0001_Timestamp = 0.1\n"
)
CONFIG = "<PlusConfiguration><CoordinateDefinitions/></PlusConfiguration>"


def gathered(*paths: Path, scratch: Path) -> Gathered:
    files = [file for path in paths for file in expand(path)]
    return gather(build_reader(), files, scratch=scratch)


def recordings(found: Gathered) -> dict[str, list[str]]:
    return {plan.name: [file.name for file in plan.files] for plan in found.plans}


def sequence(path: Path) -> Path:
    path.write_bytes(f"{TAGS}ElementDataFile = LOCAL\n".encode() + bytes(96))
    return path


def single(path: Path, row: int = 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(row)).save(path, "PNG")
    return path


@pytest.fixture
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch")


def test_a_folder_of_pictures_is_one_recording_in_natural_order(tmp_path, scratch):
    folder = picture_folder(tmp_path / "left", rows=range(10, 22))
    found = gathered(folder, scratch=scratch)
    assert recordings(found) == {"left": [f"frame{n}.png" for n in range(8, 20)]}
    assert not found.problems


def test_pictures_given_by_themselves_are_one_recording_each(tmp_path, scratch):
    paths = [single(tmp_path / name) for name in ("b.png", "a.png")]
    assert recordings(gathered(*paths, scratch=scratch)) == {"b.png": ["b.png"], "a.png": ["a.png"]}


def test_each_folder_below_is_a_recording_of_its_own(tmp_path, scratch):
    picture_folder(tmp_path / "visit" / "left")
    picture_folder(tmp_path / "visit" / "right", rows=(30, 31))
    assert {n: len(f) for n, f in recordings(gathered(tmp_path / "visit", scratch=scratch)).items()} == {
        "left": 3,
        "right": 2,
    }


def test_two_folders_of_the_same_name_stay_two_recordings(tmp_path, scratch):
    one, two = (picture_folder(tmp_path / side / "scans") for side in ("a", "b"))
    found = gathered(one, two, scratch=scratch)
    assert [(plan.name, len(plan.files)) for plan in found.plans] == [("scans", 3), ("scans", 3)]


def test_uploaded_files_are_grouped_by_the_folders_in_their_names(tmp_path, scratch):
    stored = [single(tmp_path / f"u{n}", row=10 + n) for n in range(4)]
    names = ["scans/10.png", "scans/9.png", "other/1.png", "alone.png"]
    found = gather(build_reader(), [LocalFile(n, p) for n, p in zip(names, stored, strict=True)], scratch=scratch)
    assert recordings(found) == {"scans": ["9.png", "10.png"], "1.png": ["1.png"], "alone.png": ["alone.png"]}


def test_the_same_file_given_twice_is_taken_once(tmp_path, scratch):
    path = single(tmp_path / "a.png")
    assert recordings(gathered(path, path, tmp_path, scratch=scratch)) == {"a.png": ["a.png"]}


def test_what_lies_beside_pictures_is_no_error_and_what_systems_leave_is_ignored(tmp_path, scratch):
    folder = picture_folder(tmp_path / "scans")
    for name in ("LICENSE", "table.csv", "README.md", ".DS_Store", "Thumbs.db", "DICOMDIR", ".hidden.png"):
        (folder / name).write_text("words, not a recording\n")
    (folder / "__MACOSX").mkdir()
    single(folder / "__MACOSX" / "x.png")
    found = gathered(folder, scratch=scratch)
    assert {name: len(files) for name, files in recordings(found).items()} == {"scans": 3}
    assert found.problems == ()


def test_a_file_that_was_named_and_is_no_recording_is_a_problem_and_the_others_go_on(tmp_path, scratch):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n")
    empty = tmp_path / "empty.png"
    empty.touch()
    good = single(tmp_path / "good.png")
    found = gathered(table, empty, good, scratch=scratch)
    assert list(recordings(found)) == ["good.png"]
    assert [line.split(":")[0] for line in sorted(found.problems)] == ["empty.png", "table.csv"]
    assert all("\n" not in line for line in found.problems)


def test_a_damaged_picture_in_a_folder_is_not_passed_over_in_silence(tmp_path, scratch):
    folder = picture_folder(tmp_path / "scans")
    (folder / "frame99.png").write_text("not a picture at all, only its name says so")
    found = gathered(folder, scratch=scratch)
    assert len(found.problems) == 1
    assert "frame99.png" in found.problems[0]


def test_a_missing_path_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError, match=r"nowhere\.png: cannot be opened \(No such file or directory\)"):
        expand(tmp_path / "nowhere.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(tmp_path, scratch):
    folder = picture_folder(tmp_path / "scans")
    os.mkfifo(folder / "live.png")
    found = gathered(folder, Path("/dev/zero"), scratch=scratch)
    assert {name: len(files) for name, files in recordings(found).items()} == {"scans": 3}
    assert [line.split(":")[0] for line in found.problems] == ["scans/live.png", "zero"]
    assert all("is a pipe or a device" in line for line in found.problems)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root, to drop rights for a while")
def test_a_folder_that_may_not_be_listed_is_one_problem_line():
    with tempfile.TemporaryDirectory() as folder:
        visit = Path(folder, "visit")
        picture_folder(visit / "open")
        picture_folder(visit / "closed").chmod(0o000)
        Path(folder).chmod(0o755)
        said = _gathered_by_nobody(visit)
        assert said.startswith("1 (")
        assert "closed: this folder cannot be listed" in said
        assert "cannot be opened (Permission denied)" in _gathered_by_nobody(visit / "closed" / "frame8.png")


def _gathered_by_nobody(path: Path) -> str:
    """Return what a user without rights gets to read."""
    code = (
        "import sys, os; from pathlib import Path\n"
        "from echospine.apps.wiring import build_reader\n"
        "from echospine.workflow.exam import expand, gather\n"
        "from echospine.domain.errors import InputError\n"
        "reader = build_reader()\n"
        "import echospine.adapters.dicom, echospine.adapters.sequences, PIL.PngImagePlugin\n"
        "os.setuid(65534)\n"
        "try: found = gather(reader, expand(Path(sys.argv[1])), scratch=Path('/tmp'))\n"
        "except InputError as error: print(error)\n"
        "else: print(len(found.plans), found.problems)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- sequences and what belongs to them


def test_a_configuration_with_the_sequence_s_name_is_found_beside_it(tmp_path, scratch):
    path = sequence(tmp_path / "sweep.igs.mha")
    (tmp_path / "sweep_config.xml").write_text(CONFIG)
    (tmp_path / "other.xml").write_text(CONFIG)
    found = gathered(path, scratch=scratch)
    assert recordings(found) == {"sweep.igs.mha": ["sweep.igs.mha", "sweep_config.xml"]}
    assert found.problems == ()


def test_the_only_configuration_given_goes_with_the_sequence_whatever_its_name(tmp_path, scratch):
    path, config = sequence(tmp_path / "sweep.mha"), tmp_path / "PlusDeviceSet.xml"
    config.write_text(CONFIG)
    assert recordings(gathered(path, config, scratch=scratch)) == {"sweep.mha": ["sweep.mha", "PlusDeviceSet.xml"]}


def test_a_configuration_that_a_person_named_goes_before_one_with_the_right_name(tmp_path, scratch):
    path, chosen = sequence(tmp_path / "sweep.mha"), tmp_path / "mine.xml"
    (tmp_path / "sweep.xml").write_text(CONFIG)
    chosen.write_text(CONFIG)
    assert recordings(gathered(path, chosen, scratch=scratch)) == {"sweep.mha": ["sweep.mha", "mine.xml"]}


def test_among_several_configurations_each_sequence_gets_its_own_or_none(tmp_path, scratch):
    folder = tmp_path / "plus"
    folder.mkdir()
    for name in ("a1", "LumbarSweep", "lost"):
        sequence(folder / f"{name}.igs.mha")
    for name in ("a1.xml", "PlusDeviceSet_LumbarSweepOnly.xml"):
        (folder / name).write_text(CONFIG)
    assert recordings(gathered(folder, scratch=scratch)) == {
        "a1.igs.mha": ["a1.igs.mha", "a1.xml"],
        "LumbarSweep.igs.mha": ["LumbarSweep.igs.mha", "PlusDeviceSet_LumbarSweepOnly.xml"],
        "lost.igs.mha": ["lost.igs.mha"],
    }


def test_a_wrong_calibration_is_not_taken_for_want_of_a_better_one(tmp_path, scratch):
    folder = tmp_path / "plus"
    folder.mkdir()
    for name in ("a1", "a12", "b"):
        sequence(folder / f"{name}.mha")
    (folder / "a1_config.xml").write_text(CONFIG)
    found = recordings(gathered(folder, scratch=scratch))
    assert found["a1.mha"] == ["a1.mha", "a1_config.xml"]
    assert (found["a12.mha"], found["b.mha"]) == (["a12.mha"], ["b.mha"])
    named = recordings(gathered(folder / "b.mha", folder / "a1_config.xml", scratch=scratch))
    assert named["b.mha"] == ["b.mha", "a1_config.xml"], "somebody chose it"


def test_an_xml_that_is_no_configuration_goes_with_nothing(tmp_path, scratch):
    folder = tmp_path / "plus"
    folder.mkdir()
    sequence(folder / "sweep.mha")
    (folder / "sweep.xml").write_text("<catalogue><book/></catalogue>")
    assert recordings(gathered(folder, scratch=scratch)) == {"sweep.mha": ["sweep.mha"]}


def test_a_configuration_alone_is_a_problem_when_named_and_none_in_a_folder(tmp_path, scratch):
    (tmp_path / "plus").mkdir()
    config = tmp_path / "plus" / "PlusDeviceSet.xml"
    config.write_text(CONFIG)
    assert "belongs to a sequence" in gathered(config, scratch=scratch).problems[0]
    assert gathered(tmp_path / "plus", scratch=scratch) == Gathered((), ())


@pytest.mark.parametrize("named", [True, False])
def test_detached_data_are_found_by_the_header_however_they_are_given(tmp_path, scratch, named):
    header, data = tmp_path / "sweep.mhd", tmp_path / "voxels.bin"
    header.write_text(f"{TAGS}ElementDataFile = voxels.bin\n")
    data.write_bytes(bytes(96))
    found = gathered(*((header, data) if named else (header,)), scratch=scratch)
    assert recordings(found) == {"sweep.mhd": ["sweep.mhd", "voxels.bin"]}
    assert found.problems == ()


def test_real_sequences_find_their_real_configurations(shared_data, scratch):
    found = recordings(gathered(shared_data / "plus", scratch=scratch))
    assert found["BoneUltrasound_L14.igs.mha"][1:] == ["BoneUltrasound_L14_config.xml"]
    assert found["SpinePhantomFreehand.igs.mha"][1:] == ["PlusDeviceSet_SpinePhantomFreehandReconstructionOnly.xml"]
    assert found["BkCurvilinearRfData.igs.mhd"][1:] == ["BkCurvilinearRfData.zraw"]


# --- archives


def packed(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def png(tmp_path: Path, row: int = 20) -> bytes:
    return single(tmp_path / "made" / f"{row}.png", row).read_bytes()


def test_an_archive_is_unpacked_and_its_folders_are_recordings(tmp_path, scratch):
    members = {f"visit/left/{n}.png": png(tmp_path, 10 + n) for n in (1, 2, 10)}
    members |= {"visit/LICENSE": b"words", "__MACOSX/visit/._1.png": b"junk", "top.png": png(tmp_path, 5)}
    found = gathered(packed(tmp_path / "study.zip", members), scratch=scratch)
    assert recordings(found) == {"left": ["1.png", "2.png", "10.png"], "top.png": ["top.png"]}
    assert found.problems == ()
    assert {file.path.suffix for plan in found.plans for file in plan.files} == {""}, "no packed name on the disk"


def test_detached_data_in_an_archive_are_found_by_their_packed_name(tmp_path, scratch):
    members = {"a/sweep.mhd": f"{TAGS}ElementDataFile = sweep.zraw\n".encode(), "a/sweep.zraw": bytes(96)}
    found = gathered(packed(tmp_path / "sweep.zip", members), scratch=scratch)
    assert recordings(found) == {"sweep.mhd": ["sweep.mhd", "sweep.zraw"]}
    with build_reader().open(found.plans[0]) as source:
        assert len(source) == 2


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "a\\..\\..\\evil.png"])
def test_a_path_that_leaves_the_archive_is_refused(tmp_path, scratch, name):
    found = gathered(packed(tmp_path / "evil.zip", {name: png(tmp_path)}), scratch=scratch)
    assert found.plans == ()
    assert "evil.zip" in found.problems[0]
    assert "points out of the archive" in found.problems[0]
    assert list(scratch.iterdir()) == []


def test_a_link_in_an_archive_is_refused(tmp_path, scratch):
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("passwd.png")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "points out of the archive" in gathered(path, scratch=scratch).problems[0]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, scratch):
    found = gathered(packed(tmp_path / "bomb.zip", {"zeros.dcm": bytes(64 << 20)}), scratch=scratch)
    assert "is it a bomb?" in found.problems[0]
    assert list(scratch.iterdir()) == []


def test_an_archive_that_lies_about_its_size_is_stopped(tmp_path, scratch):
    path = packed(tmp_path / "liar.zip", {"a.png": bytes(50_000)})
    data = path.read_bytes()
    path.write_bytes(data.replace((50_000).to_bytes(4, "little"), (500).to_bytes(4, "little")))
    found = gathered(path, scratch=scratch)
    assert found.plans == ()
    assert "liar.zip" in found.problems[0]
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(("limit", "value"), [("MAX_MEMBERS", 2), ("MAX_TOTAL_BYTES", 100)])
def test_an_archive_beyond_a_limit_says_the_limit(tmp_path, scratch, monkeypatch, limit, value):
    monkeypatch.setattr(archives_module, limit, value)
    members = {f"{n}.png": png(tmp_path, 10 + n) for n in range(3)}
    with pytest.raises(TooLargeError, match=f"the limit is {value}"):
        archives_module.unpack(LocalFile("big.zip", packed(tmp_path / "big.zip", members)), scratch)
    assert list(scratch.iterdir()) == []


def test_an_encrypted_archive_says_so(tmp_path, scratch):
    path = packed(tmp_path / "secret.zip", {"a.png": png(tmp_path)})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "is encrypted" in gathered(path, scratch=scratch).problems[0]


def test_an_archive_in_an_archive_is_a_problem_line_and_the_rest_goes_on(tmp_path, scratch):
    inner = packed(tmp_path / "inner.zip", {"a.png": png(tmp_path)}).read_bytes()
    found = gathered(packed(tmp_path / "outer.zip", {"inner.zip": inner, "b.png": png(tmp_path, 9)}), scratch=scratch)
    assert list(recordings(found)) == ["b.png"]
    assert "archive in an archive" in found.problems[0]


def test_an_archive_without_a_recording_says_so(tmp_path, scratch):
    found = gathered(packed(tmp_path / "words.zip", {"a.txt": b"words"}), scratch=scratch)
    assert "holds no recording" in found.problems[0]


@given(st.data())
def test_a_damaged_archive_is_one_line_and_leaves_nothing(tmp_path_factory, data):
    """Any damage: plans or one line each, never a traceback; what was refused leaves nothing behind."""
    folder = tmp_path_factory.mktemp("zip")
    whole = packed(folder / "x.zip", {"a.png": png(folder), "b/c.txt": b"words" * 40}).read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    harm = data.draw(st.binary(max_size=12))
    (folder / "x.zip").write_bytes(whole[:start] + harm + whole[start + data.draw(st.integers(0, 30)) :])
    scratch = folder / "scratch"
    found = gathered(folder / "x.zip", scratch=scratch)
    assert found.plans or found.problems
    assert not any("\n" in line for line in found.problems)
    if any("is a damaged .zip" in line for line in found.problems):
        assert list(scratch.iterdir()) == []
    shutil.rmtree(folder)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_natural_order_is_the_order_of_the_numbers(numbers):
    names = [f"frame{n}.png" for n in numbers]
    assert sorted(names, key=natural_key) == [f"frame{n}.png" for n in sorted(numbers)]
