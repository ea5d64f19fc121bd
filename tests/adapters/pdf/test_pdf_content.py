"""What the document says: numbers with their doubt and unit, names as they are, lines where the picture has them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from echospine.adapters.pdf.content import report_content
from echospine.adapters.pdf.numbers import breakable, clean, size_text, value_text
from echospine.adapters.pdf.pictures import LARGEST_SIDE_PX, Picture, picture_png, runs
from echospine.adapters.pdf.plots import MOST_POINTS, depth_plot, round_axis
from echospine.domain.colours import COLOURS, rgb
from echospine.domain.labels import Structure, View
from echospine.domain.measures import Quantity, Status
from echospine.domain.reports import DRAFT_MARK
from echospine.domain.sights import Doubt, StructureMap, ViewBelief
from reporting import Scene, bone_row, make_frame, make_report, measured, report_recording

SCENE = Scene()


def content(**scene):
    return report_content(make_report(report_recording(replace(SCENE, **scene))))[0]


def test_a_value_has_as_many_decimals_as_its_doubt_reaches_and_always_its_unit():
    depth, length, area, angle = content()["recordings"][0]["findings"]
    assert (depth["value"], depth["uncertainty"], depth["unit"]) == ("3.3", "0.1", "mm")
    assert (length["value"], length["uncertainty"], length["unit"]) == ("8.1", "", "mm")
    assert area["unit"] == "mm²"
    assert angle["unit"] == "°"
    precise = replace(measured(SCENE)[0], uncertainty=0.004)
    assert value_text(precise, precise.value) == "3.333"


def test_a_missing_value_is_a_word_and_not_a_number():
    scene = replace(SCENE, step_mm=None)
    report = make_report(report_recording(scene, measured(scene, Status.DRAFT)), draft=True)
    recording = report_content(report)[0]["recordings"][0]
    absent = recording["findings"][0]
    assert absent["value"] == "uncalibrated"
    assert not absent["has_value"]
    why = replace(report.recordings[0].findings[0].measurement, note="uncalibrated: the picture carries no millimetres")
    item = report_recording(scene, (why,))
    explained = report_content(make_report(item, draft=True))[0]["recordings"][0]["findings"][0]
    assert (explained["value"], explained["note"]) == ("uncalibrated", "the picture carries no millimetres")
    assert any("uncalibrated" in fact for fact in recording["facts"])


def test_an_edited_value_keeps_what_it_was_and_why():
    edited = replace(measured(SCENE)[0], status=Status.EDITED, value=4.5, uncertainty=None)
    item = report_recording(SCENE, (edited,))
    item = replace(item, findings=(replace(item.findings[0], original=2.0, reason="Gas in the field"),))
    shown = report_content(make_report(item))[0]["recordings"][0]["findings"][0]
    assert (shown["value"], shown["original"], shown["reason"]) == ("4.5", "2.0", "Gas in the field")


def test_only_a_report_that_is_not_signed_carries_the_mark():
    item = report_recording(SCENE)
    draft = report_content(make_report(item, draft=True))[0]
    assert draft["draft"]
    assert draft["draft_mark"] == DRAFT_MARK
    assert not report_content(make_report(item))[0]["draft"]


def test_overlay_lines_lie_on_the_pixels_that_were_found():
    image = content()["recordings"][0]["images"][0]
    surface = image["overlay"]["surfaces"][0]
    drawn = np.concatenate([np.array(line) for line in surface["lines"]])
    truth = bone_row(SCENE, 0)
    columns = np.flatnonzero(np.isfinite(truth))
    np.testing.assert_allclose(drawn[:, 0] * SCENE.width - 0.5, columns, atol=2e-3)
    np.testing.assert_allclose(drawn[:, 1] * SCENE.height - 0.5, truth[columns], atol=2e-3)
    assert surface["colour"] == COLOURS[Structure.BONE]
    assert len(surface["lines"]) == 2, "the gap between two surfaces must stay open"


def test_areas_are_tinted_named_and_explained_and_doubt_is_told():
    item = report_recording(SCENE)
    labels = np.zeros((SCENE.height // 2, SCENE.width // 2), np.uint8)
    labels[4:20, 6:30] = Structure.MULTIFIDUS
    grid = StructureMap(labels, np.full_like(labels, 230), (0.5, 0.5), 2.0)
    doubt = Doubt(0.95, False, (), ("the picture is at the edge of what the model knows",))
    view = ViewBelief(((View.MIDLINE_SAGITTAL, 0.8), (View.OTHER, 0.2)))
    keys = tuple(
        replace(key, interpretation=replace(key.interpretation, structures=grid, doubt=doubt, view=view))
        for key in item.key_images
    )
    document, pictures = report_content(make_report(replace(item, key_images=keys)))
    image = document["recordings"][0]["images"][0]
    assert "areas of multifidus, view: midline sagittal, probability 0.80; the picture is at the edge" in image["sure"]
    assert {"name": "multifidus", "colour": COLOURS[Structure.MULTIFIDUS]} in document["recordings"][0]["legend"]
    pixels, plain = pictures[image["file"]].pixels, item.key_images[0].frame.pixels
    assert pixels.shape == (SCENE.height, SCENE.width, 3)
    np.testing.assert_array_equal(pixels[0, 0], np.full(3, plain[0, 0]) if plain.ndim == 2 else plain[0, 0])
    np.testing.assert_array_equal(pixels[8, 20], rgb(Structure.MULTIFIDUS))


def test_a_calliper_is_drawn_only_on_its_own_frame_and_names_its_row():
    item = report_recording(SCENE)
    images = report_content(make_report(item))[0]["recordings"][0]["images"]
    with_callipers = [i for i in images if i["overlay"]["callipers"]]
    assert [i["place"].split(",")[0] for i in with_callipers] == ["Frame 3 of 5"]
    assert [c["row"] for c in with_callipers[0]["overlay"]["callipers"]] == [2, 3, 4]
    area = with_callipers[0]["overlay"]["callipers"][1]["line"]
    assert area[0] == area[-1], "the outline of an area is closed"


def test_the_scale_bar_is_ten_millimetres_long_or_absent():
    bar = content()["recordings"][0]["images"][0]["overlay"]["scale"]
    assert bar["length"] * SCENE.width * SCENE.step_mm[0] == pytest.approx(10.0, abs=0.01)
    assert content(step_mm=None)["recordings"][0]["images"][0]["overlay"]["scale"] is None


def test_rows_are_numbered_through_the_whole_report():
    second = report_recording(replace(SCENE, name="other.mha"))
    recordings = report_content(make_report(report_recording(SCENE), second))[0]["recordings"]
    assert [f["row"] for r in recordings for f in r["findings"]] == list(range(1, 9))


def test_the_history_names_things_as_the_report_does():
    item = report_recording(SCENE)
    report = make_report(item)
    change = report.history[1]
    report = replace(
        report,
        history=(
            replace(change, target=f"measurement:{item.findings[2].id}"),
            replace(change, target=f"contour:{item.recording.id}/4"),
            replace(change, target="exam"),
        ),
    )
    assert [line["target"] for line in report_content(report)[0]["history"]] == [
        "measurement no. 3",
        "contour sweep_L4.igs.mha, frame 5",
        "exam",
    ]


def test_pictures_are_made_smaller_only_when_they_are_large():
    large = np.zeros((3000, 4000, 3), dtype=np.uint8)
    assert max(Image.open(io.BytesIO(picture_png(Picture(large)))).size) == LARGEST_SIDE_PX
    small = make_frame(SCENE, 0).pixels
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture_png(Picture(small))))), small)


@given(st.lists(st.one_of(st.none(), st.floats(0, 400)), max_size=40))
def test_runs_keep_every_found_column_and_nothing_else(rows):
    row_px = np.array([np.nan if row is None else row for row in rows], dtype=np.float64)
    found = [point for run in runs(row_px) for point in run]
    assert found == [(float(x), row) for x, row in enumerate(rows) if row is not None]
    for run in runs(row_px):
        assert [x for x, _ in run] == list(np.arange(run[0][0], run[-1][0] + 1))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_an_axis_holds_its_values_with_a_handful_of_round_ticks(low, span):
    axis = round_axis(low, low + span)
    assert axis.low <= low + 1e-6 * max(1, abs(low))
    assert axis.high >= low + span - 1e-6 * max(1, abs(low + span))
    assert 2 <= len(axis.ticks) <= 9
    assert list(axis.ticks) == sorted(axis.ticks)


def test_the_plot_leaves_gaps_open_and_reduces_long_recordings():
    item = report_recording(replace(SCENE, n_frames=9, empty_frames=(3, 4)))
    curve = depth_plot(item)["curves"][0]
    assert [len(line) for line in curve["lines"]] == [3, 4]
    values = np.linspace(10, 30, 20_000)
    long = replace(item, series={Quantity.BONE_DEPTH_MIN: values}, header=replace(item.header, times_s=()))
    plot = depth_plot(long)
    assert sum(len(line) for line in plot["curves"][0]["lines"]) == MOST_POINTS
    assert plot["x_label"] == "frame"


def test_no_plot_where_there_is_nothing_to_join():
    assert depth_plot(report_recording(replace(SCENE, n_frames=1))) is None
    assert depth_plot(report_recording(replace(SCENE, step_mm=None))) is None


def test_long_words_may_break_and_control_characters_go():
    assert breakable("a" * 24) == "a" * 24
    assert breakable("ab " * 20) == "ab " * 20
    assert breakable("sweep_of_the_lower_back.igs.mha").split("\u200b")[-2:] == ["igs.", "mha"]
    assert breakable("a" * 30).replace("\u200b", "") == "a" * 30
    assert max(len(part) for part in breakable("a" * 99).split("\u200b")) <= 6
    assert clean("a\x00\x1b\nb\ud800c") == "a b c"


def test_sizes_read_well():
    assert [size_text(n) for n in (0, 999, 1000, 1_234_567, 5_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.2 MB",
        "5.0 GB",
    ]
