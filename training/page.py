"""Put what was measured on the card of a network, and on its page, with what was wanted and what was reached.

`python -m training.page --model FOLDER --scores DIR --out docs/models/spine.md`

DIR holds what the other commands wrote: `score.json`, `varied.json`, `quick.json`, `real.json`, `peers.json`,
`ablations.json`; what is not there is left out. `stages.jsonl` is what training.fit said of itself.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.machines import HELD_OUT

Table = Mapping[str, Any]
MUSCLES = ("multifidus", "erector_spinae", "quadratus_lumborum", "psoas")
WANTED_DICE = {**dict.fromkeys(MUSCLES, 0.85), "subcutaneous": 0.88, "fascia": 0.65}
WANTED_SURFACE, WANTED_MM, WANTED_FOUND, WANTED_VIEW, MOST_ERROR = 0.85, 2.0, 0.90, 0.95, 0.05
WANTED_REAL = {"nerve": 0.70, "vessel": 0.85}
WANTED_EDGE, WANTED_APART, WANTED_KEPT = 0.85, 0.95, 0.95
ABOUT = "names structures, landmarks and views of the lumbar spine; trained on simulated people and two real sets"
USE = (
    "Research. It helps clinicians and sonographers to find the way in ultrasound of the adult lumbar spine, and drafts"
    " names and outlines that a person reviews. It does not diagnose, and no needle is guided by it alone.",
    "It has not been tried on patients: its muscles, landmarks, views and parts of bone are judged on simulated people,"
    " its nerves, vessels and aponeuroses on real limbs.",
    "It knows no child, implant, fracture, or spine after surgery, and no probe that looks from the side or the front.",
)
DATA = (
    ("EchoSpine's twin: simulated people, one in five as a phantom in gel or agar", "Apache-2.0"),
    ("usgra-seg: nerves and vessels of limbs, 204 pictures, Timm Kandaouroff", "CC BY 4.0"),
    ("DL_Track: aponeuroses of leg muscles, 120 pictures, Neil Cronin et al.", "Apache-2.0"),
)


def facts(card: Table, scores: Mapping[str, Table], stages: list[Table]) -> dict[str, object]:
    """Return what a card says of where its network comes from and how right it is."""
    found: dict[str, object] = {
        "about": ABOUT,
        "intended_use": list(USE),
        "licence": "Apache-2.0",
        "data": [{"what": what, "licence": licence} for what, licence in DATA],
        "trained": [_stage(one, until) for one, until in zip(stages, _ends(stages), strict=True)],
    }
    metrics = {name: _short(table) for name, table in scores.items()}
    return {**card, **found, "metrics": metrics}


def _short(table: Table) -> dict[str, object]:
    """Return a table without what only pictures would show."""
    return {name: value for name, value in table.items() if name not in {"strangeness", "confusion"}}


def _ends(stages: list[Table]) -> list[int]:
    """Return the step at which each stage ended: where the next went on, or its plan where another training began."""
    following = [*(one["from_step"] for one in stages[1:]), 0]
    return [then or one["planned"] for one, then in zip(stages, following, strict=True)]


def _stage(stage: Table, until: int) -> str:
    real = f", real pictures but fold {stage['fold']}" if stage["real"] else ", no real pictures"
    note = f": {stage['note']}" if stage.get("note") else ""
    plan = f" of a plan of {stage['planned']:,}" if stage["planned"] else ""
    anew = ", begun with the weights before" if stage.get("first") and not stage["from_step"] else ""
    steps = f"steps {stage['from_step']:,} to {until:,}{plan}{anew}"
    drawn = f"{stage['pictures']:,} pictures of {stage['people']:,} simulated people"
    return f"{steps}, {stage['batch']} pictures each, from {drawn}{real}, seed {stage['seed']}{note}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: `value` is held against `wanted`, at least or (`most`) at most; NaN where nothing was."""

    what: str
    reached: str
    value: float = math.nan
    wanted: float = math.nan
    most: bool = False

    def __str__(self) -> str:
        if math.isnan(self.wanted):
            return f"| {self.what} | {self.reached} | | |"
        good = self.value <= self.wanted if self.most else self.value >= self.wanted
        bound = f"{'≤' if self.most else '≥'} {self.wanted:g}"
        return f"| {self.what} | {self.reached} | {bound} | {'reached' if good else '**not reached**'} |"


def page(card: Table, scores: Mapping[str, Table]) -> str:
    """Return the page of a model."""
    sections = {
        "score": _usual,
        "varied": lambda one: _simulated(one, "The same people, pictures varied as in training"),
        "quick": lambda one: _simulated(one, "The same people and usual greys, read in 8 bits, as live pictures are"),
        "real": _real,
        "peers": _peers,
        "ablations": _ablations,
    }
    parts = [
        f"# The model that comes with EchoSpine: {card['name']} {card['version']}",
        "Written by `python -m training.page`; do not edit. [How its answers are read](../methods/vision.md).",
        _about(card),
        *(how(scores[name]) for name, how in sections.items() if name in scores),
    ]
    return "\n\n".join(parts) + "\n"


def _about(card: Table) -> str:
    weights = f"{card['n_weights']:,} weights for squares of {card['input']['size']} cells"
    lines = [
        f"A U-Net of {weights}, SHA-256 {card['weights_sha256'][:16]}…, licence {card['licence']}.",
        "\n## For what\n",
        *(f"- {one}" for one in card["intended_use"]),
        "\n## Trained on\n",
        *(f"- {one['what']} ({one['licence']})" for one in card["data"]),
        "\nIn stages, as it was:\n",
        *(f"1. {one}" for one in card["trained"]),
    ]
    return "\n".join(lines)


def _table(head: str, intro: str, rows: Iterable[Row]) -> str:
    lines = [f"## {head}", "", intro, "", "| what | reached | wanted | |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *(str(row) for row in rows)])


def _usual(table: Table) -> str:
    head = "People that nothing was trained or tuned on, usual greys"
    return "\n\n".join((_simulated(table, head), _machines(table["by machine"]), _confusion(table["confusion"])))


def _simulated(table: Table, head: str) -> str:
    intro = (
        f"{table['pictures']:,} **simulated** pictures of {table['people']} people, half of them by machines that no"
        f" training has seen ({', '.join(HELD_OUT)}). Bone is its echo"
        " ([why](../decisions/0009-bone-is-its-echo.md)). Intervals: 95 % bootstrap over people."
    )
    return _table(head, intro, _simulated_rows(table))


def _simulated_rows(table: Table) -> Iterator[Row]:
    for name, one in table["dice"].items():
        if one["n"]:
            yield _interval_row(f"Dice {_words(name)}", one, WANTED_DICE.get(name, math.nan))
    for name, one in table["surface within 1 mm"].items():
        for side in ("precision", "recall"):
            if one[side]["n"]:
                yield _interval_row(f"surface within 1 mm: {_words(name)}, {side}", one[side], WANTED_SURFACE)
    for name, one in table["landmarks"].items():
        if one["true"]:
            what, mm, found = f"landmark {_words(name)}", one["median_mm"], one["found"]
            yield Row(f"{what}: median distance", f"{mm:.2f} mm", mm, WANTED_MM, most=True)
            told = f"{found:.3f} of {one['true']:,}, and {one['extra']:,} where none is"
            yield Row(f"{what}: found", told, found, WANTED_FOUND)
    yield _interval_row("view right", table["view right"], WANTED_VIEW)
    error, familiar = table["calibration error"], table["familiar"]
    yield Row("calibration error of structures", f"{error:.3f}", error, MOST_ERROR, most=True)
    yield Row("pictures that are familiar", f"{familiar:.3f}", familiar, WANTED_KEPT)


def _machines(table: Table) -> str:
    """Return how right the same answers are on each machine: those that training has not seen, and random ones."""
    what = ("muscle", "precision", "recall", "view right")
    lines = [
        "By machine; `drawn` are random ones as training has seen, the others it has not seen. Muscle: all as one.",
        "",
        "| machine | pictures | Dice of muscle | any bone: precision | any bone: recall | view right |",
        "| --- | ---: | --- | --- | --- | --- |",
    ]
    for name, one in table.items():
        lines.append(f"| {name} | {one['pictures']:,} | {' | '.join(_interval(one[key]) for key in what)} |")
    return "\n".join(lines)


def _confusion(table: Table) -> str:
    """Return what cells of each part of bone are called."""
    columns = list(next(iter(table.values())))
    lines = [
        "What cells of each part of bone are called, in hundredths:",
        "",
        f"| is | {' | '.join(_words(name) for name in columns)} |",
        f"| --- {'| ---: ' * len(columns)}|",
    ]
    for name, one in table.items():
        lines.append(f"| {_words(name)} | {' | '.join(f'{100.0 * one[key]:.0f}' for key in columns)} |")
    return "\n".join(lines)


def _real(table: Table) -> str:
    rows = (row for name, one in table.items() for row in _real_rows(name, one))
    return _table("Real pictures", "One fold of each labelled set, held back from training.", rows)


def _real_rows(name: str, table: Table) -> Iterator[Row]:
    if name.startswith("nerve"):
        for structure, least in WANTED_REAL.items():
            if structure in table:
                what = f"Dice {structure}, {table['pictures']} pictures (usgra, real)"
                yield _interval_row(what, table[structure], least)
    elif name.startswith("aponeur"):
        what = f"outlines of aponeuroses, F, {table['pictures']} pictures (DL_Track, real)"
        yield _interval_row(what, table["marked"], WANTED_EDGE)
        yield _interval_row("the same, other fasciae that are not marked counted as mistakes", table["all"])
    else:
        apart, kept = table["AUROC"], table["good kept"]
        yield Row("real pictures of no spine told from simulated good ones, AUROC", f"{apart:.3f}", apart, WANTED_APART)
        yield Row("good ones kept", f"{kept:.3f}", kept, WANTED_KEPT)
        for kind, share in table["silent"].items():
            yield Row(f"silent: {kind}", f"{share:.2f}, AUROC {table['by kind'][kind]:.3f}")


def _peers(table: Table) -> str:
    lines = [
        "## Beside peers: bone in simulated pictures, varied",
        "",
        "Thresholds (and the peer's zoom) are each one's best on people that tune; surfaces within 1 mm.",
        "",
        "| who | precision | recall | Dice of 2 mm bands | s |",
        "| --- | --- | --- | --- | ---: |",
    ]
    for name, one in table.items():
        cells = (_interval(one[key]) for key in ("precision", "recall", "Dice of bands"))
        lines.append(f"| {name} | {' | '.join(cells)} | {one['s']:.1f} |")
    return "\n".join(lines)


def _ablations(table: Table) -> str:
    arms = table["arms"]
    names = list(next(iter(arms.values())))
    asked = f"{table['steps']} steps of 16 pictures of {table['people']} people"
    lines = [
        "## What each part is worth",
        "",
        f"The same short training for each, {asked}, from scratch. AP: average precision; needs no threshold.",
        "",
        f"| training | {' | '.join(names)} |",
        f"| --- {'| ---: ' * len(names)}|",
    ]
    for name, one in arms.items():
        lines.append(f"| {name} | {' | '.join(f'{value:.3f}' for value in one.values())} |")
    return "\n".join(lines)


def _interval_row(what: str, one: Table, wanted: float = math.nan) -> Row:
    return Row(what, _interval(one), one["mean"], wanted)


def _interval(one: Table) -> str:
    return f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


def _words(name: str) -> str:
    return name.replace("_", " ")


def main() -> None:
    """Write card and page."""
    parser = argparse.ArgumentParser(prog="python -m training.page", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    names = ("score", "varied", "quick", "real", "peers", "ablations")
    files = {name: asked.scores / f"{name}.json" for name in names}
    scores = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    stages = [json.loads(line) for line in (asked.scores / "stages.jsonl").read_text().splitlines()]
    target = next(asked.model.glob("*.json"))
    made = facts(json.loads(target.read_text()), scores, stages)
    target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    asked.out.write_text(page(made, scores))
    print(f"wrote {target} and {asked.out}")


if __name__ == "__main__":
    main()
