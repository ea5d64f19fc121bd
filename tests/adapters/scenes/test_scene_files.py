"""Scene files: what they may say, and one line with its place for everything that they may not."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.adapters.scenes import builtin_scenes, open_scene_file, read_scene
from echospine.adapters.scenes.nodes import MAX_BYTES
from echospine.domain.errors import InputError
from echospine.domain.labels import Side, View
from echospine.engine.twin.motion import Breathing, Contraction, Flexion
from echospine.engine.twin.person import Visit, at, sample_patient
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL
from echospine.engine.twin.scene import Insertion, Lie, Place, SceneFault, Stay, Sweep

PROMISED = (
    "standard-views", "sweep", "contraction", "flexion", "needle-good", "needle-vessel", "needle-dura", "needle-nerve",
    "needle-out-of-plane", "needle-bent",
)  # fmt: skip
PROBE = "  - probe: {view: midline_sagittal}\n"
WHOLE = """\
title: Everything at once
patient: {random: 5, age_years: 60, multifidus_fat: {L4: [0.1, 0.3], L5: 0.2}, visit: {weeks: 12, course: recovery}}
machine: {like: linear L12-4, noise_db: -60, probe: {frequency_mhz: 9}}
settings: {depth_mm: 50, focus_mm: 20, tgc_db: [0, 1, 2]}
tracker: {translation_mm: 0.3, dropout: 0.1, burst_frames: 2}
tremor: {translation_mm: 0}
seed: 12
frame_rate_hz: 25
steps:
  - probe: {view: parasagittal_lamina, level: L3, side: right, for_s: 2, slide_mm: [1, -2], tilt_deg: 3}
  - sweep: {from: S1_spinous_tip, to: {at: L1_lamina_left, offset_mm: [0, 0, 10]}, lie: sagittal, speed_mm_s: 20}
  - breathing:
  - contraction: {side: right, levels: [L4, L5], thickening: 0.25, at_s: 0.5}
  - flexion: {shear_percent: 40, at_s: 1}
  - needle: {aim: nerve, level: L4, side: left, gauge: 25, bend_mm: 5, enters: left, inject_ml: 2}
"""


def steps(*lines: str) -> str:
    return "steps:\n" + PROBE + "".join(f"  - {line}\n" for line in lines)


def said(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_scene(text, "scene.yaml", "scene")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_file_is_read_as_it_is_written():
    scene = read_scene(WHOLE, "scene.yaml", "mine").scene
    assert (scene.name, scene.title, scene.seed, scene.frame_rate_hz) == ("mine", "Everything at once", 12, 25.0)
    stay, sweep, breathing, contraction, flexion, needle = scene.steps
    assert stay == Stay(View.PARASAGITTAL_LAMINA, "L3", Side.RIGHT, for_s=2.0, slide_mm=(1.0, -2.0), tilt_deg=3.0)
    end = Place("lamina", "L1", Side.LEFT, (0.0, 0.0, 10.0))
    assert sweep == Sweep(Place("spinous_tip", "S1"), end, Lie.SAGITTAL, 20.0)
    assert breathing == Breathing()
    assert contraction == Contraction(Side.RIGHT, ("L4", "L5"), 0.25, onset_s=0.5)
    assert flexion == Flexion(shear_percent=40.0, start_s=1.0)
    assert isinstance(needle, Insertion)
    assert (needle.aim, needle.needle.gauge, needle.needle.bend_mm) == (Place("nerve", "L4", Side.LEFT), 25, 5.0)
    assert scene.machine.noise_db == -60.0
    assert scene.machine.probe.frequency_mhz == 9.0
    assert scene.machine.probe.width_mm == MUSCULOSKELETAL.probe.width_mm


def test_a_random_person_at_a_later_visit_is_the_one_that_the_engine_draws():
    person = read_scene(WHOLE, "scene.yaml", "mine").scene.patient
    drawn = sample_patient(5)
    later = at(drawn, Visit(12.0))
    assert person.height_mm == drawn.height_mm
    assert person.age_years == pytest.approx(60 + 12 / 52.18)
    assert person.fascia_mm == later.fascia_mm
    assert person.multifidus_fat[3][1] < 0.3, "recovery takes fat away"


def test_what_is_left_out_is_as_usual():
    scene = read_scene(steps(), "scene.yaml", "scene").scene
    assert scene.machine is ABDOMINAL
    assert scene.patient == type(scene.patient)()
    assert scene.tracker is not None
    assert read_scene("tracker: none\n" + steps(), "scene.yaml", "scene").scene.tracker is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings: {deph_mm: 90}\n" + steps(), "scene.yaml:1: unknown key 'deph_mm'; did you mean 'depth_mm'?"),
        ("setings: {}\n" + steps(), "scene.yaml:1: unknown key 'setings'; did you mean 'settings'?"),
        ("\n\nseed: one\n" + steps(), "scene.yaml:3: seed: a whole number is expected, not 'one'"),
        ("seed: -1\n" + steps(), "scene.yaml:1: a seed is a whole number from 0 on"),
        ("frame_rate_hz: .nan\n" + steps(), "scene.yaml:1: frame_rate_hz: a number is expected, not '.nan'"),
        ("frame_rate_hz: 1000\n" + steps(), "scene.yaml:1: 1000 frames/s is no scanner's"),
        ("machine: convex\n" + steps(), "scene.yaml:1: unknown machine 'convex'; did you mean 'convex C5-2'?"),
        ("machine: {noise_db: 3}\n" + steps(), "scene.yaml:1: machine: `like` is missing"),
        ("settings:\n  gain_db: 1\n  depth_mm: 900\n" + steps(), "scene.yaml:3: depth 900 is out of reach"),
        ("patient:\n  age_years: 12\n" + steps(), "scene.yaml:2: patient: age_years 12 is no adult's"),
        ("patient: {facet_hypertrophy: {L6: 1}}\n" + steps(), "scene.yaml:1: unknown key 'L6'"),
        ("patient: {visit: {weeks: -3}}\n" + steps(), "scene.yaml:1: weeks: a later visit"),
        ("patient: {sex: femal}\n" + steps(), "scene.yaml:1: unknown sex 'femal'; did you mean 'female'?"),
        ("tracker: {dropout: 1.5}\n" + steps(), "scene.yaml:1: tracker: dropout lies from 0 up to below 1"),
        ("title: x\n", "scene.yaml:1: a scene needs `steps`"),
        ("steps: []\n", "scene.yaml:1: steps: a list is expected"),
        ("steps:\n  - breathing:\n", "scene.yaml:1: the probe is never held"),
        (steps("dance: {}"), "scene.yaml:3: unknown key 'dance'"),
        (steps("{breathing: , flexion: }"), "scene.yaml:3: a step is one of"),
        (steps("breathing:", "breathing:"), "scene.yaml:4: a scene has one breathing at most"),
        ("steps:\n  - probe: {level: L4}\n", "scene.yaml:2: probe: `view` is missing"),
        ("steps:\n  - probe: {view: lamina}\n", "scene.yaml:2: unknown view 'lamina'"),
        ("steps:\n  - probe:\n      view: sacral\n      for_s: 0\n", "scene.yaml:4: for_s 0 is no time"),
        ("steps:\n  - probe: {view: sacral, side: unknown}\n", "scene.yaml:2: side: left, right or midline"),
        (steps("sweep: {from: here, to: L1_lamina_left}"), "scene.yaml:3: from: 'here' names no place"),
        (steps("sweep: {from: L5_lamina_left}"), "scene.yaml:3: sweep: `to` is missing"),
        (steps("needle: {gauge: 22}"), "scene.yaml:3: needle: `aim` is missing"),
        (steps("needle: {aim: facet}"), "scene.yaml:3: aim: facet of which `level` and `side`?"),
        (steps("needle: {aim: L4_facet_left, level: L4}"), "scene.yaml:3: level: the place that `aim` names"),
        (steps("needle: {aim: artery, level: L4, side: left}"), "scene.yaml:3: unknown aim 'artery'"),
        (steps("needle: {aim: L4_facet_left, gauge: 4}"), "scene.yaml:3: no needle of 4 G is known"),
        (steps("needle: {aim: L4_facet_left, bend_mm: 80}"), "scene.yaml:3: a bend of 80 mm is out of reach"),
        (steps("contraction: {side: left, thickening: 2}"), "scene.yaml:3: a thickening of 2 is no muscle's"),
        ("seed: 1\nseed: 2\n" + steps(), "scene.yaml:2: 'seed' stands here again; it was given in line 1"),
        ("seed: &a 1\nvisit: *a\n" + steps(), "scene.yaml:1: anchors (&) and aliases (*) are not read here"),
        ("a: !!python/object:os.system x\n", "scene.yaml:1: the tag"),
        ("seed: [1, 2\n" + steps(), "scene.yaml:2: is no YAML"),
        ("seed: 1\n---\nseed: 2\n", "scene.yaml:2: is no YAML"),
        ("[" * 50 + "]" * 50, "scene.yaml:1: more than"),
        ("- 1\n- 2\n", "scene.yaml:1: scene: keys with values are expected here, not a list"),
        ("just words\n", "scene.yaml:1: scene: keys with values are expected here, not 'just words'"),
        ("", "scene.yaml: is empty"),
        ("# only a remark\n", "scene.yaml: is empty"),
        ("seed: '1'\n" + steps(), "scene.yaml:1: seed: a whole number is expected"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(text, message):
    assert said(text).startswith(message)


def test_a_bomb_of_aliases_is_refused_before_it_is_built():
    bomb = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    assert "anchors" in said(bomb)


def test_a_file_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match=r"large\.yaml: is larger than 256 KiB"):
        open_scene_file(str(path))


def test_a_file_is_found_by_its_path_and_called_by_its_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("\ufeff" + steps(), encoding="utf-8")
    assert open_scene_file(str(path)).scene.name == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [("needle-god", "did you mean 'needle-good'"), ("missing.yaml", "--list"), ("../x", "cannot be opened")],
)
def test_a_scene_that_is_nowhere_is_said(name, message):
    with pytest.raises(InputError, match=re.escape(message)):
        open_scene_file(name)


def test_no_text_is_said(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match=r"x\.yaml: is no text in UTF-8"):
        open_scene_file(str(path))


def test_the_promised_scenes_are_there_with_a_title_each():
    known = builtin_scenes()
    assert set(PROMISED) <= set(known)
    assert all(20 < len(title) < 110 for title in known.values())


def test_the_standard_views_are_all_there_on_both_sides():
    scene = open_scene_file("standard-views").scene
    seen = {(step.view, step.side) for step in scene.steps if isinstance(step, Stay)}
    for view in set(View) - {View.OTHER}:
        sides = {side for one, side in seen if one is view}
        assert sides in ({Side.MIDLINE}, {Side.LEFT, Side.RIGHT}), view


def test_a_fault_found_later_is_placed_at_the_nearest_line_that_is_known():
    file = read_scene("seed: 1\n" + steps("needle: {aim: L4_facet_left}"), "scene.yaml", "scene")
    for where, line in (
        (("steps", 1, "aim"), 4),
        (("steps", 1, "gauge"), 4),
        (("steps", 0, "view"), 3),
        (("seed",), 1),
        (("title",), None),
    ):
        place = "scene.yaml" if line is None else f"scene.yaml:{line}"
        assert str(file.blame(SceneFault("no", where))) == f"{place}: no"


words = st.sampled_from(
    ["steps", "probe", "view", "sacral", "seed", "1", "-", ":", " ", "\n", "{", "}", "[", "]", ",", "&a", "*a", "!x",
     "'", '"', "|", "\t", "#", "needle", "aim", "L4_facet_left", "\x00", "é", "1e999", "patient", "random", "?", "%"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=80), st.lists(words, max_size=40).map("".join)))
def test_any_text_is_a_scene_or_one_line_that_says_why_not(text):
    try:
        read_scene(text, "scene.yaml", "scene")
    except InputError as error:
        assert str(error).startswith("scene.yaml")
        assert "\n" not in str(error)


def test_every_key_stands_in_the_docs():
    from echospine.adapters.scenes.reading import _KINDS, _PARTS
    from echospine.engine.twin.needle import Needle
    from echospine.engine.twin.patient import PatientParameters
    from echospine.engine.twin.probe import Settings
    from echospine.engine.twin.scene import Tremor
    from echospine.engine.twin.tracker import TrackerNoise

    page = (Path(__file__).resolve().parents[3] / "docs" / "simulation.md").read_text()
    kinds = (
        PatientParameters,
        Settings,
        TrackerNoise,
        Tremor,
        Stay,
        Sweep,
        Insertion,
        Needle,
        Contraction,
        Flexion,
        Breathing,
    )
    spoken = {"start": "from", "end": "to", "onset_s": "at_s", "start_s": "at_s"}
    names = {*_KINDS, *_PARTS, "random", "visit", "weeks", "course", "like"}
    names |= {spoken.get(one.name, one.name) for kind in kinds for one in fields(kind)} - {"needle"}
    assert not {name for name in names if f"`{name}`" not in page}
