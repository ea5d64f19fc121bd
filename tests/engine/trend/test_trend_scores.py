"""Scores by the published rules, and who counts as a responder."""

from __future__ import annotations

import pytest

from echospine.domain.errors import InputError
from echospine.domain.trends import Instrument
from echospine.engine.trend.scores import RULES, respond, score


@pytest.mark.parametrize(
    ("instrument", "answers", "value"),
    [
        (Instrument.NRS, [7], 7),
        (Instrument.VAS, [64], 64),
        (Instrument.ODI, [2] * 10, 40),
        (Instrument.ODI, [5] * 9 + [None], 100),
        (Instrument.ODI, [1, 2, 3, 4, 5, 1, 2, 3, None, None], 52.5),
        (Instrument.RMDQ, [1] * 11 + [0] * 13, 11),
        (Instrument.PSFS, [3, 4, 8], 5),
    ],
)
def test_answers_become_the_published_score(instrument: Instrument, answers: list[int | None], value: float) -> None:
    assert score(instrument, answers) == pytest.approx(value)


@pytest.mark.parametrize("instrument", Instrument)
def test_the_best_and_the_worst_answers_are_the_ends_of_the_scale(instrument: Instrument) -> None:
    rules = RULES[instrument]
    n = rules.n_items[1]
    ends = {score(instrument, [0] * n), score(instrument, [rules.top] * n)}
    assert ends == {rules.best, rules.worst}


@pytest.mark.parametrize(
    ("instrument", "answers", "says"),
    [
        (Instrument.NRS, [11], "item 1"),
        (Instrument.ODI, [2] * 9, "10 items"),
        (Instrument.ODI, [2] * 7 + [None] * 3, "8 are needed"),
        (Instrument.RMDQ, [1] * 23 + [None], "24 are needed"),
        (Instrument.PSFS, [], "1 to 5 items"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_words(
    instrument: Instrument, answers: list[int | None], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        score(instrument, answers)


@pytest.mark.parametrize(
    ("instrument", "first", "second", "responded"),
    [
        (Instrument.NRS, 5, 3, True),
        (Instrument.NRS, 5, 3.5, False),
        (Instrument.NRS, 9, 7, False),  # two points, but less than 30 %
        (Instrument.ODI, 30, 20, True),
        (Instrument.ODI, 60, 45, False),
        (Instrument.RMDQ, 10, 5, True),
        (Instrument.PSFS, 3, 5, True),
        (Instrument.PSFS, 5, 3, False),
        (Instrument.VAS, 40, 60, False),
    ],
)
def test_a_responder_gains_both_the_points_and_the_share(
    instrument: Instrument, first: float, second: float, responded: bool
) -> None:
    assert respond(instrument, first, second).responded is responded


def test_a_score_off_the_scale_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 10"):
        respond(Instrument.NRS, 5, 12)
