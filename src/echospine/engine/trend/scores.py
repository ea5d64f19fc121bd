"""Outcome scores of back pain: how answers become a score, and when a person counts as a responder.

Scoring rules and item numbers only: the wording of the questionnaires is licensed, and no word of it stands here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from echospine.domain.errors import InputError
from echospine.domain.trends import Instrument


@dataclass(frozen=True, slots=True)
class Rules:
    """How an instrument is scored and read.

    `n_items`: items asked, fewest and most; `top`: highest answer to an item; `best`, `worst`: ends of the score;
    `least`: change for the better that counts, in points; `least_share`: the same as a share of the score at first, or
    None; `fewest_answered`: items that must be answered; `source`: of scoring and of the responder rule.
    """

    n_items: tuple[int, int]
    top: int
    best: float
    worst: float
    least: float
    least_share: float | None
    fewest_answered: int
    source: str


RULES: dict[Instrument, Rules] = {
    Instrument.NRS: Rules((1, 1), 10, 0, 10, 2, 0.30, 1, "Farrar et al. 2001, Pain 94:149; Ostelo et al. 2008"),
    Instrument.VAS: Rules((1, 1), 100, 0, 100, 15, 0.30, 1, "Ostelo et al. 2008, Spine 33:90"),
    Instrument.ODI: Rules(
        (10, 10), 5, 0, 100, 10, 0.30, 8, "Fairbank and Pynsent 2000, Spine 25:2940; Ostelo et al. 2008"
    ),
    Instrument.RMDQ: Rules((24, 24), 1, 0, 24, 5, 0.30, 24, "Roland and Morris 1983, Spine 8:141; Ostelo et al. 2008"),
    Instrument.PSFS: Rules(
        (1, 5), 10, 10, 0, 2, None, 1, "Stratford et al. 1995, Physiother Can 47:258; Maughan and Lewis 2010"
    ),
}
"""Ostelo et al. 2008, Spine 33:90: points, or 30 % of the score at first, whichever is the larger demand."""


def score(instrument: Instrument, answers: Sequence[int | None]) -> float:
    """Return the score of one questionnaire; `answers`: per item, None where it was left out.

    ODI: percent of the most that the answered items allow (eight of ten or more); PSFS: mean of the activities;
    RMDQ: count, every item answered; NRS and VAS: the answer. Raises InputError for wrong numbers of items or answers
    out of range.
    """
    rules = RULES[instrument]
    low, high = rules.n_items
    if not low <= len(answers) <= high:
        asked = f"{low}" if low == high else f"{low} to {high}"
        raise InputError(f"{instrument.value} has {asked} items, {len(answers)} were given")
    for number, answer in enumerate(answers, start=1):
        if answer is not None and not 0 <= answer <= rules.top:
            raise InputError(f"{instrument.value}: item {number} is answered {answer}, it goes from 0 to {rules.top}")
    given = [answer for answer in answers if answer is not None]
    if len(given) < rules.fewest_answered:
        raise InputError(f"{instrument.value}: {len(given)} items are answered, {rules.fewest_answered} are needed")
    if instrument is Instrument.ODI:
        return 100.0 * sum(given) / (rules.top * len(given))
    return sum(given) / len(given) if instrument is Instrument.PSFS else float(sum(given))


@dataclass(frozen=True, slots=True)
class Response:
    """Whether a person responded. `gain`: change for the better, points; `needed`: what it took, points."""

    responded: bool
    gain: float
    needed: float
    sentence: str


def respond(instrument: Instrument, first: float, second: float) -> Response:
    """Return whether the second score is better than the first by as much as counts. Raises InputError out of range."""
    rules = RULES[instrument]
    for value in (first, second):
        if not min(rules.best, rules.worst) <= value <= max(rules.best, rules.worst) or math.isnan(value):
            raise InputError(f"{instrument.value} lies between {rules.best:g} and {rules.worst:g}, not at {value:g}")
    gain = (second - first) * math.copysign(1.0, rules.best - rules.worst)
    needed = max(rules.least, (rules.least_share or 0.0) * first)
    responded = gain >= needed
    word = "responder" if responded else "not a responder"
    sentence = f"{word}: {instrument.value} better by {gain:g}, {needed:g} points count ({rules.source})"
    return Response(responded, gain, needed, sentence)
