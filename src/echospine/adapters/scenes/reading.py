"""A scene file becomes a Scene: every part with its own keys, every fault with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import yaml

from echospine.adapters.scenes.nodes import Nook, lines_below, parse, unknown
from echospine.adapters.scenes.values import Read, listed, number, one_of, place, reads_of, record, valid, whole, word
from echospine.domain.errors import InputError
from echospine.domain.labels import Side
from echospine.engine.twin.motion import Breathing, Contraction, Flexion
from echospine.engine.twin.needle import Needle
from echospine.engine.twin.patient import LEVELS, PatientParameters
from echospine.engine.twin.person import DECLINE, RECOVERY, Course, Visit, at, sample_patient
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Machine, Probe, Settings
from echospine.engine.twin.scene import (
    Insertion,
    Place,
    Scene,
    SceneFault,
    Stay,
    Step,
    Sweep,
    Tremor,
    Where,
)
from echospine.engine.twin.tracker import TrackerNoise

MACHINES = {machine.name: machine for machine in (ABDOMINAL, MUSCULOSKELETAL)}
COURSES = {"recovery": RECOVERY, "decline": DECLINE}
AIMS = frozenset({"facet", "nerve", "vessel", "dura", "lamina"})
"""Targets that a needle is aimed at by one word, beside the names of landmarks."""


@dataclass(frozen=True, slots=True)
class SceneFile:
    """A scene, and where each part of it stands in its file."""

    scene: Scene
    file_name: str
    lines: Mapping[Where, int]

    def blame(self, fault: SceneFault) -> InputError:
        """Return the error that says of a fault where it stands: `scene.yaml:12: message`."""
        return _placed(fault, self.file_name, self.lines)


def _placed(fault: SceneFault, file_name: str, lines: Mapping[Where, int]) -> InputError:
    where = fault.where
    while where and where not in lines:
        where = where[:-1]
    line = f":{lines[where]}" if where else ""
    return InputError(f"{file_name}{line}: {fault}")


def read_scene(text: str, file_name: str, scene_name: str) -> SceneFile:
    """Return the scene that a file describes. Raises InputError, one line with the place in the file."""
    root = parse(text, file_name)
    lines = _lines(root)
    entries = root.entries(frozenset(_PARTS), "scene")
    if "steps" not in entries:
        raise root.wrong("a scene needs `steps`: what is done with the probe, one after the other")
    values: dict[str, Any] = {"name": scene_name}
    for key, (_, value) in entries.items():
        values[key] = _PARTS[key](value, key)
    try:
        scene = Scene(**values)
    except SceneFault as fault:
        raise _placed(fault, file_name, lines) from fault
    return SceneFile(scene, file_name, lines)


def _lines(root: Nook) -> Mapping[Where, int]:
    """Return the line of each place; that of a step's key without the name of its kind between."""
    lines: dict[Where, int] = {}
    for where, line in lines_below(root):
        lines.setdefault(where, line)
        if len(where) > 3 and where[0] == "steps":
            lines.setdefault((*where[:2], *where[3:]), line)
    return MappingProxyType(lines)


def _patient(nook: Nook, what: str) -> PatientParameters:
    """Return who it is on the day of the scene: parameters, or `random` with changes to them; at a later `visit`."""
    special: dict[str, Read] = dict.fromkeys(("facet_hypertrophy", "multifidus_atrophy", "multifidus_fat"), _per_level)
    readers = {**reads_of(PatientParameters, special, {}), "random": whole, "visit": _visit}
    entries = nook.entries(frozenset(readers), what)
    values = {key: readers[key](value, key) for key, (_, value) in entries.items()}
    visit, seed = values.pop("visit", Visit(0.0)), values.pop("random", None)
    if seed is not None and seed < 0:
        raise entries["random"][1].wrong("random: a seed is a whole number from 0 on")
    start = PatientParameters() if seed is None else sample_patient(seed)
    return at(valid(lambda **changes: replace(start, **changes), values, nook, what), visit)


def _visit(nook: Nook, what: str) -> Visit:
    """Return a later visit: `{weeks: 12, course: recovery}`."""
    readers: dict[str, Read] = {"weeks": number, "course": _course}
    entries = nook.entries(frozenset(readers), what)
    if "weeks" not in entries:
        raise nook.wrong("visit: `weeks` is missing: how long after the first visit")
    if number(entries["weeks"][1], "weeks") < 0:
        raise entries["weeks"][1].wrong("weeks: a later visit does not lie before the first")
    return Visit(**{key: readers[key](value, key) for key, (_, value) in entries.items()})


def _course(nook: Nook, what: str) -> Course:
    if nook.text not in COURSES:
        raise nook.wrong(unknown(what, nook.text or nook.shown, frozenset(COURSES)))
    return COURSES[nook.text]


def _per_level(nook: Nook, what: str) -> tuple[tuple[float, float], ...]:
    """Return a left and a right value for each level: one number for all, or levels with a number or a pair each."""
    if nook.text is not None:
        return ((number(nook, what),) * 2,) * len(LEVELS)
    fallback = getattr(PatientParameters(), what)
    entries = nook.entries(frozenset(LEVELS), what)
    rows = {level: _pair(value, what) for level, (_, value) in entries.items()}
    return tuple(rows.get(level, fallback[place]) for place, level in enumerate(LEVELS))


def _pair(nook: Nook, what: str) -> tuple[float, float]:
    left, right = (number(nook, what),) * 2 if nook.text is not None else listed(number, 2)(nook, what)
    return left, right


def _machine(nook: Nook, what: str) -> Machine:
    """Return a built-in machine by name, or one that is `like` it but for some fields."""
    if nook.text is not None:
        if nook.text not in MACHINES:
            raise nook.wrong(unknown(what, nook.text, frozenset(MACHINES)))
        return MACHINES[nook.text]
    readers = {**reads_of(Machine, {"probe": word}, {}), "like": word}
    entries = nook.entries(frozenset(readers), what)
    if "like" not in entries:
        raise nook.wrong(f"machine: `like` is missing: one of {', '.join(MACHINES)}, to change some of it")
    start = _machine(entries["like"][1], what)
    values = {key: readers[key](value, key) for key, (_, value) in entries.items() if key not in ("like", "probe")}
    if "probe" in entries:
        values["probe"] = _changed_probe(start.probe, entries["probe"][1])
    return valid(lambda **changes: replace(start, **changes), values, nook, what)


def _changed_probe(start: Probe, nook: Nook) -> Probe:
    readers = reads_of(Probe, {}, {})
    entries = nook.entries(frozenset(readers), "probe")
    values = {key: readers[key](value, key) for key, (_, value) in entries.items()}
    return valid(lambda **changes: replace(start, **changes), values, nook, "probe")


def _tracker(nook: Nook, what: str) -> TrackerNoise | None:
    return None if nook.text == "none" else record(TrackerNoise, nook, what, {}, {})


def _stay(nook: Nook, what: str) -> Stay:
    return record(Stay, nook, what, {"side": _side}, {})


def _side(nook: Nook, what: str) -> Side:
    side = one_of(Side)(nook, what)
    if side == Side.UNKNOWN:
        raise nook.wrong("side: left, right or midline is expected")
    return Side(side)


def _contraction(nook: Nook, what: str) -> Contraction:
    return record(Contraction, nook, what, {"side": _side}, {"onset_s": "at_s"})


def _needle(nook: Nook, what: str) -> Insertion:
    """Return an insertion; what the needle is like and where it goes stand side by side."""
    own = reads_of(Needle, {}, {})
    course = reads_of(Insertion, dict.fromkeys(("aim", "needle"), word), {})
    del course["needle"]
    entries = nook.entries(frozenset(own) | frozenset(course) | {"level", "side"}, what)
    made = {key: own[key](entries[key][1], key) for key in own if key in entries}
    gone = {key: course[key](entries[key][1], key) for key in course if key in entries and key != "aim"}
    needle = valid(Needle, made, nook, what)
    return valid(Insertion, {**gone, "aim": _aim(entries, nook), "needle": needle}, nook, what)


def _aim(entries: Mapping[str, tuple[Nook, Nook]], nook: Nook) -> Place:
    """Return where the needle goes: a place by its full name, or one word with `level` and `side` beside it."""
    if "aim" not in entries:
        raise nook.wrong(
            f"needle: `aim` is missing: a place such as L4_facet_left, or one of {', '.join(sorted(AIMS))}"
        )
    value = entries["aim"][1]
    if value.text is None or "_" in value.text:
        for key in ("level", "side"):
            if key in entries:
                raise entries[key][0].wrong(f"{key}: the place that `aim` names says it already; leave it out")
        return place(value, "aim")
    if value.text not in AIMS:
        raise value.wrong(unknown("aim", value.text, AIMS))
    if not {"level", "side"} <= entries.keys():
        raise value.wrong(f"aim: {value.text} of which `level` and `side`?")
    return Place(value.text, word(entries["level"][1], "level"), _side(entries["side"][1], "side"))


_KINDS: dict[str, Read] = {
    "probe": _stay,
    "sweep": lambda nook, what: record(Sweep, nook, what, {}, {"start": "from", "end": "to"}),
    "breathing": lambda nook, what: record(Breathing, nook, what, {}, {}),
    "contraction": _contraction,
    "flexion": lambda nook, what: record(Flexion, nook, what, {}, {"start_s": "at_s"}),
    "needle": _needle,
}


def _steps(nook: Nook, what: str) -> tuple[Step, ...]:
    items = nook.items()
    if not items:
        raise nook.wrong(f"steps: a list is expected, each step with a dash before it, not {nook.shown}")
    return tuple(_step(item) for item in items)


def _step(nook: Nook) -> Step:
    entries = nook.entries(frozenset(_KINDS), "step")
    if len(entries) != 1:
        raise nook.wrong(f"a step is one of {', '.join(_KINDS)}; this one names {len(entries)}")
    ((kind, (_, value)),) = entries.items()
    if value.text == "":
        value = Nook(value.name, _empty(value))
    step: Step = _KINDS[kind](value, kind)
    return step


def _empty(nook: Nook) -> yaml.Node:
    """Return an empty mapping that stands where nothing stands: `- breathing:` means breathing as usual."""
    return yaml.MappingNode("tag:yaml.org,2002:map", [], nook.node.start_mark, nook.node.end_mark)


_PARTS: dict[str, Read] = {
    "title": word,
    "patient": _patient,
    "machine": _machine,
    "settings": lambda nook, what: record(Settings, nook, what, {}, {}),
    "tracker": _tracker,
    "tremor": lambda nook, what: record(Tremor, nook, what, {}, {}),
    "seed": whole,
    "frame_rate_hz": number,
    "steps": _steps,
}
