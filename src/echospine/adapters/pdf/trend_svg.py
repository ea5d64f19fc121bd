"""A trend as a picture on paper: points with error bars in a grey band of error, marks above, questionnaires below.

SVG with a title and a description for screen readers; words and shapes say everything that colours say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

import numpy as np

from echospine.adapters.pdf.plots import Axis, round_axis
from echospine.domain.colours import colour_of
from echospine.domain.measures import UNIT_WORDS
from echospine.domain.reports import NOT_A_DEVICE
from echospine.domain.trends import Instrument, Mark, Score
from echospine.engine.trend import Band, Judged, Story, Verdict, day_text

WIDTH, LEFT, RIGHT, TOP, PLOT = 860, 76, 28, 92, 300
"""Of the picture, its margins and the height of its plot; CSS pixels."""
ROW, MARK_ROW, LINE = 34, 15, 17
INK, SOFT, GRID, GREY = "#1b242c", "#51606c", "#e6eaee", "#d5dae0"
SHAPES = {
    Verdict.INCREASED: "changed: more",
    Verdict.DECREASED: "changed: less",
    Verdict.WITHIN_ERROR: "within error",
    Verdict.NOT_COMPARABLE: "not judged",
}
LONGEST_LINE, LONGEST_MARK = 118, 44


@dataclass(frozen=True, slots=True)
class Place:
    """Where days and values lie in the picture, px."""

    first: date
    last: date
    values: Axis

    def x(self, day: date) -> float:
        """Return the column of a day."""
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return LEFT + 22 + share * (WIDTH - LEFT - RIGHT - 44)

    def y(self, value: float) -> float:
        """Return the row of a value."""
        return TOP + PLOT * (1 - float(self.values.place(np.array(value))))


def trend_svg(story: Story) -> bytes:
    """Return the picture of a story; one without visits is its words alone."""
    instruments = [one for one in Instrument if any(score.instrument is one for score in story.scores)]
    words = [line for sentence in (*story.sentences, *story.left_out) for line in _wrapped(sentence)]
    below = TOP + PLOT + 40 + ROW * len(instruments)
    height = below + LINE * (len(words) + 2) + 12
    drawn = _plot(story, _place(story), instruments) if story.visits else ""
    lines = "".join(_text(LEFT, below + LINE * (n + 1), line, SOFT, 12) for n, line in enumerate(words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="Inter, system-ui, sans-serif"><title>{escape(story.measure.title)}</title>'
        f"<desc>{escape(' '.join(story.sentences))}</desc>"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f"{_head(story)}{drawn}{lines}{_text(LEFT, height - 12, NOT_A_DEVICE, SOFT, 10)}</svg>"
    ).encode()


def _place(story: Story) -> Place:
    beside = [*(one.day for one in story.marks), *(one.day for one in story.scores)]
    days = [*(one.visit.day for one in story.visits), *beside]
    values = [v for one in story.visits for v in _bar(one)]
    values += [v for band in story.band for v in (band.low, band.high)]
    return Place(min(days), max(days), round_axis(min(values), max(values)))


def _bar(judged: Judged) -> tuple[float, float]:
    value, spread = judged.visit.reading.value, judged.visit.spread or 0.0
    return value - spread, value + spread


def _head(story: Story) -> str:
    unit = UNIT_WORDS[story.unit]
    title = f"{story.measure.title}{f', {unit}' if unit and story.visits else ''}"
    by = " · ".join(part for part in (story.patient, story.method, story.device) if part)
    return _text(LEFT, 30, title, INK, 18, weight=600) + _text(LEFT, 50, by, SOFT, 12)


def _plot(story: Story, place: Place, instruments: Sequence[Instrument]) -> str:
    colour = colour_of(story.measure.structure)
    parts = [_band(story.band, place), _grid(place), _marks(story.marks, place)]
    points = " ".join(f"{place.x(v.visit.day):.1f},{place.y(v.visit.reading.value):.1f}" for v in story.visits)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    parts += [_point(one, place, colour) for one in story.visits]
    parts += [_strip(one, story.scores, place, TOP + PLOT + 46 + ROW * row) for row, one in enumerate(instruments)]
    return "".join(parts)


def _grid(place: Place) -> str:
    parts = []
    for tick in place.values.ticks:
        y = place.y(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{tick:g}".replace("-", "−"), SOFT, 11, anchor="end"))
    return "".join(parts)


def _band(band: Sequence[Band], place: Place) -> str:
    """Draw the band from day to day: its width is that of the visit which it judges."""
    if not band:
        return ""
    if len(band) == 1:
        left, right = float(LEFT), float(WIDTH - RIGHT)
        corners = [(left, band[0].high), (right, band[0].high), (right, band[0].low), (left, band[0].low)]
    else:
        corners = [(place.x(one.day), one.high) for one in band]
        corners += [(place.x(one.day), one.low) for one in reversed(band)]
    points = " ".join(f"{x:.1f},{place.y(value):.1f}" for x, value in corners)
    label = _text(place.x(band[0].day) + 6, place.y(band[0].high) + 13, "within measurement error", SOFT, 10)
    return f'<polygon points="{points}" fill="{GREY}"/>{label}'


def _marks(marks: Sequence[Mark], place: Place) -> str:
    """Draw a broken line at each mark, and its words above; two rows of words, for marks that stand close."""
    lines, words = [], []
    for number, mark in enumerate(marks):
        x, y = place.x(mark.day), TOP - 8 - MARK_ROW * (number % 2)
        lines.append(f'<path d="M{x:.1f} {y + 3}V{TOP + PLOT}" stroke="{SOFT}" stroke-dasharray="3 4"/>')
        text = f"{mark.kind.value}: {mark.text}"
        text = text if len(text) <= LONGEST_MARK else f"{text[: LONGEST_MARK - 1]}…"
        end = x > WIDTH * 0.7
        words.append(_text(x - 4 if end else x + 4, y, text, INK, 10.5, anchor="end" if end else "start", halo=True))
    return "".join((*lines, *words))


def _point(judged: Judged, place: Place, colour: str) -> str:
    """Draw a visit: full where it is signed, hollow where it is a draft; its verdict stands under the axis."""
    x, y = place.x(judged.visit.day), place.y(judged.visit.reading.value)
    low, high = (place.y(value) for value in _bar(judged))
    fill = "#fff" if judged.visit.draft else colour
    shape = _shape(judged, x, y)
    bar = f"M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8" if low != high else ""
    under = TOP + PLOT + 15
    words = SHAPES[judged.since_first.verdict] if judged.since_first else "first visit"
    return (
        f'<path d="{bar}" stroke="{colour}" fill="none" stroke-width="1.5"/>'
        f'<path d="{shape}" fill="{fill}" stroke="{INK if judged.changed else colour}" stroke-width="1.5"/>'
        + _text(x, under, day_text(judged.visit.day), INK, 10.5, anchor="middle")
        + _text(x, under + 13, words + (", draft" if judged.visit.draft else ""), SOFT, 9.5, anchor="middle")
    )


def _shape(judged: Judged, x: float, y: float) -> str:
    """Return a triangle that points where the value went, or a circle where it may have stayed."""
    verdict = judged.since_first.verdict if judged.since_first else Verdict.WITHIN_ERROR
    if verdict in {Verdict.INCREASED, Verdict.DECREASED}:
        up = -1 if verdict is Verdict.INCREASED else 1
        return f"M{x - 7:.1f} {y - up * 5:.1f}h14L{x:.1f} {y + up * 7:.1f}Z"
    return f"M{x - 5:.1f} {y:.1f}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z"


def _strip(instrument: Instrument, scores: Sequence[Score], place: Place, y: float) -> str:
    theirs = [one for one in scores if one.instrument is instrument]
    dots = "".join(
        f'<circle cx="{place.x(one.day):.1f}" cy="{y}" r="3" fill="{INK}"/>'
        + _text(place.x(one.day), y + 15, f"{one.total:.3g}", INK, 10.5, anchor="middle")
        for one in theirs
    )
    line = f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{GRID}"/>'
    return line + _text(LEFT - 8, y + 4, instrument.value, SOFT, 11, anchor="end") + dots


def _text(
    x: float,
    y: float,
    words: str,
    colour: str,
    size: float,
    *,
    anchor: str = "start",
    weight: int = 400,
    halo: bool = False,
) -> str:
    around = ' stroke="#fff" stroke-width="4" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size:g}" font-weight="{weight}" '
        f'text-anchor="{anchor}"{around}>{escape(words)}</text>'
    )


def _wrapped(sentence: str) -> list[str]:
    lines = [""]
    for word in sentence.split():
        if len(lines[-1]) + len(word) >= LONGEST_LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
