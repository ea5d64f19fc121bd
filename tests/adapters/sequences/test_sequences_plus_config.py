"""PLUS configurations: calibration, fixed transforms, and XML that is not to be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequences_kit import opened, pictures, rigid, write

from echospine.adapters.sequences import encode_mha
from echospine.adapters.sequences.tracked.plus_config import decode_config
from echospine.domain.errors import InputError, TooLargeError
from echospine.domain.images import Spacing

CALIBRATION = "0.1 0 0 5  0 0.2 0 6  0 0 0.3 7  0 0 0 1"


def config(*transforms: tuple[str, str, str], extra: str = "") -> bytes:
    inner = "".join(f'<Transform From="{a}" To="{b}" Matrix="{m}" Error="0.5"/>\n' for a, b, m in transforms)
    return (
        f'<PlusConfiguration version="2.3">{extra}\n'
        f"<CoordinateDefinitions>\n{inner}</CoordinateDefinitions></PlusConfiguration>"
    ).encode()


def recorded(tmp_path, data: bytes, letters: str = "MF", **fields):
    path = write(tmp_path, "x.mha", encode_mha(pictures(2, 6, 8), letters=letters, **fields))
    return opened(path, write(tmp_path, "plus.xml", data))


def test_image_to_probe_gives_anisotropic_millimetres_and_a_pose(tmp_path):
    with recorded(tmp_path, config(("Image", "Probe", CALIBRATION))) as source:
        region = source.header.geometry.main_region()
        assert region.step_mm == pytest.approx((0.1, 0.2)) and region.spacing == Spacing.IMAGE_TO_PROBE
        np.testing.assert_allclose(source.frame(1).pose("Probe", "Image").apply((10, 20, 0)), (6, 10, 7))


def test_steps_are_the_lengths_of_the_first_two_columns_whatever_the_rotation(tmp_path):
    turned = rigid("Probe", "Image", 4).matrix @ np.diag([0.08, 0.09, 0.1, 1])
    text = " ".join(map(repr, turned.ravel().tolist()))
    with recorded(tmp_path, config(("Image", "Probe", text))) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.08, 0.09), rel=1e-12)


def test_a_calibration_given_in_steps_is_chained(tmp_path):
    centred = "1 0 0 -4  0 1 0 0  0 0 1 0  0 0 0 1"
    data = config(("Image", "TransducerOriginPixel", centred), ("TransducerOriginPixel", "Probe", CALIBRATION))
    with recorded(tmp_path, data) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.1, 0.2))
        np.testing.assert_allclose(source.frame(0).pose("Probe", "Image").apply((4, 0, 0)), (5, 6, 7))


def test_other_fixed_transforms_come_with_every_frame(tmp_path):
    with recorded(tmp_path, config(("Phantom", "Reference", CALIBRATION), ("Image", "Probe", CALIBRATION))) as source:
        assert all(str(frame.pose("Reference", "Phantom")) == "PhantomToReference" for frame in source)


def test_a_transform_that_the_recording_has_itself_is_not_taken_from_the_configuration(tmp_path):
    own = rigid("Tracker", "Probe")
    data = config(("Tracker", "Probe", CALIBRATION), ("Image", "Probe", CALIBRATION))
    with recorded(tmp_path, data, poses=[(own,), (own,)]) as source:
        np.testing.assert_array_equal(source.frame(0).pose("Tracker", "Probe").matrix, own.matrix)
        assert len(source.frame(0).poses) == 2


@pytest.mark.parametrize("bad", ["nan 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", "0 " * 16, "1 2 3", ""])
def test_a_broken_transform_is_left_out_and_noted(tmp_path, bad):
    with recorded(tmp_path, config(("Image", "Probe", bad))) as source:
        assert not source.header.geometry.calibrated
        assert "plus.xml: the transform ImageToProbe is not a finite, invertible 4x4 matrix" in source.header.notes[0]


def test_a_calibration_with_pixels_that_cannot_be_gives_no_lengths(tmp_path):
    with recorded(tmp_path, config(("Image", "Probe", CALIBRATION.replace("0.1", "85")))) as source:
        assert not source.header.geometry.calibrated
        assert "85 x 0.2 mm, which cannot be" in source.header.notes[0]


def scan_conversion(size: str) -> str:
    return f'<ScanConversion OutputImageSizePixel="{size}"/>'


def test_pictures_of_another_size_than_the_configuration_makes_are_noted(tmp_path):
    data = config(("Image", "Probe", CALIBRATION), extra=scan_conversion("820 616"))
    with recorded(tmp_path, data) as source:
        assert source.header.geometry.calibrated
        assert "was made for pictures of 820 x 616 pixels, these have 8 x 6" in source.header.notes[0]


def test_scan_lines_that_are_not_converted_yet_stay_uncalibrated(tmp_path):
    data = config(("Image", "Probe", CALIBRATION), extra=scan_conversion("820 616"))
    with recorded(tmp_path, data, letters="FM") as source:
        assert not source.header.geometry.calibrated
        assert "scan lines" in source.header.notes[0]


def test_converted_pictures_that_were_stored_with_lines_as_rows_are_calibrated(tmp_path):
    data = config(("Image", "Probe", CALIBRATION), extra=scan_conversion("8 6"))
    with recorded(tmp_path, data, letters="FM") as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.1, 0.2))


def test_a_given_spacing_does_not_override_a_calibration(tmp_path):
    path = write(tmp_path, "x.mha", encode_mha(pictures(1)))
    xml = write(tmp_path, "plus.xml", config(("Image", "Probe", CALIBRATION)))
    with opened(path, xml, spacing_mm=0.5) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.1, 0.2))
        assert "0.5 mm was not used" in source.header.notes[-1]


def test_the_calibration_wins_over_spacing_in_the_header(tmp_path):
    with recorded(tmp_path, config(("Image", "Probe", CALIBRATION)), spacing_mm=(0.5, 0.5)) as source:
        assert source.header.geometry.main_region().spacing == Spacing.IMAGE_TO_PROBE


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><PlusConfiguration>&i;</PlusConfiguration>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PlusConfiguration>&e;</PlusConfiguration>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_document_types_are_refused_before_anything_is_expanded(text):
    with pytest.raises(InputError, match=r"plus\.xml: brings a document type"):
        decode_config(text.encode(), "plus.xml")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<PlusConfiguration>", "not well-formed"),
        (b"<PlusConfiguration></Other>", "not well-formed"),
        (b"", "not well-formed"),
        (b"<?xml version='1.0' encoding='no-such'?><PlusConfiguration/>", "not well-formed"),
        (b"<html/>", "no PLUS configuration"),
    ],
)
def test_xml_that_is_no_configuration_is_refused_in_one_line(data, says):
    with pytest.raises(InputError) as error:
        decode_config(data, "plus.xml")
    assert says in str(error.value) and "plus.xml" in str(error.value) and "\n" not in str(error.value)


def test_a_configuration_of_many_megabytes_is_refused(tmp_path):
    data = config(extra=" " * (5 << 20))
    with pytest.raises(TooLargeError, match=r"plus\.xml"):
        recorded(tmp_path, data)


def test_a_configuration_in_utf16_is_read(tmp_path):
    text = '<?xml version="1.0" encoding="UTF-16"?>' + config(("Image", "Probe", CALIBRATION)).decode()
    with recorded(tmp_path, text.encode("utf-16")) as source:
        assert source.header.geometry.calibrated


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 300), at=st.integers(0, 200), new=st.binary(max_size=8), tail=st.binary(max_size=30))
def test_damaged_configurations_give_a_configuration_or_an_input_error(cut, at, new, tail):
    data = config(("Image", "Probe", CALIBRATION))
    changed = data[:at] + new + data[at + len(new) :][: max(0, 400 - cut)] + tail
    try:
        decode_config(changed, "plus.xml")
    except InputError as error:
        assert "plus.xml" in str(error) and "\n" not in str(error)
