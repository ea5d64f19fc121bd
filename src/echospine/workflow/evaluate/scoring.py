"""Scoring: an answer for every labelled picture, held against its mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from echospine.domain.errors import InputError, UnsupportedError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure
from echospine.domain.units import Labels
from echospine.engine.vision.scores import IGNORED, Counts, Scores, count, scores_of
from echospine.engine.vision.scores.counting import NEAR_MM, NEAR_SHARE
from echospine.ports import LocalFile, Model, RecordingPlan, RecordingReader
from echospine.workflow.evaluate.pairs import Pair, Pairs, read_mask

SEED = 0
"""Of the bootstrap: the same set and the same answers give the same intervals."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Label map of a picture, and the probability of each label where there is one, both (rows, columns)."""

    labels: Labels
    sure: Labels | None = None


Answers: TypeAlias = Callable[[Pair, Frame], Answer]


def answers_of_model(model: Model) -> Answers:
    """Return what a model answers; each picture is a recording of its own, as it may be of another scanner."""

    def answer(pair: Pair, frame: Frame) -> Answer:
        seen = model.interpret(frame, model.survey([frame]))
        sure = None if seen.structures is None else seen.structures.probability_over(frame.geometry)
        return Answer(seen.label_map(frame.geometry), sure)

    return answer


def answers_of_maps(reader: RecordingReader, folder: Path) -> Answers:
    """Return label maps that somebody has made already: files of the masks' names, with the ids of the house."""

    def answer(pair: Pair, frame: Frame) -> Answer:
        return Answer(read_mask(reader, folder / pair.mask.name, {}))

    return answer


def evaluate(
    reader: RecordingReader,
    pairs: Pairs,
    answers: Answers,
    *,
    pixel_spacing_mm: float | None = None,
    on_pair: Callable[[int, int], None] | None = None,
) -> tuple[Scores, tuple[str, ...]]:
    """Return the scores, and a line for each picture that could not be used; raises InputError when none could."""
    known = labelled(reader, pairs)
    counts: list[Counts] = []
    groups: list[str] = []
    problems: list[str] = []
    for n, pair in enumerate(pairs.pairs):
        try:
            counts.append(_counts(reader, pair, pairs, answers, known, pixel_spacing_mm))
            groups.append(pair.group)
        except InputError as error:
            problems.append(str(error))
        if on_pair is not None:
            on_pair(n + 1, len(pairs.pairs))
    if not counts:
        raise UnsupportedError(f"not one picture could be scored; the first: {problems[0]}")
    numbers = np.unique(groups, return_inverse=True)[1]
    return scores_of(counts, numbers, known, np.random.default_rng(SEED)), tuple(problems)


def labelled(reader: RecordingReader, pairs: Pairs) -> tuple[Structure, ...]:
    """Return the structures that a set labels: those it names, else those that some mask shows.

    A mask that cannot be read is told of when its turn comes. Raises InputError where nothing is labelled.
    """
    if pairs.known:
        return pairs.known
    found: set[int] = set()
    for pair in pairs.pairs:
        with suppress(InputError):
            found |= set(np.unique(read_mask(reader, pair.mask, pairs.meaning)).tolist())
    if not found - {0, IGNORED}:
        raise UnsupportedError("the masks label nothing: every value is background")
    return tuple(Structure(one) for one in sorted(found - {0, IGNORED}))


def read_pair(
    reader: RecordingReader, pair: Pair, meaning: Mapping[int, Structure], pixel_spacing_mm: float | None = None
) -> tuple[Frame, Labels]:
    """Return a picture and its mask as structure ids, of one size; raises InputError."""
    truth = read_mask(reader, pair.mask, meaning)
    plan = RecordingPlan(pair.image.name, (LocalFile(pair.image.name, pair.image),), pixel_spacing_mm)
    with reader.open(plan) as source:
        if pair.frame >= len(source):
            raise UnsupportedError(f"{pair.mask.name}: {pair.image.name} has {len(source)} frames, none of that number")
        frame = source.frame(pair.frame)
    _require_size(pair.mask.name, truth, frame)
    return frame, truth


def _require_size(name: str, labels: Labels, frame: Frame) -> None:
    rows, columns = frame.pixels.shape[:2]
    if labels.shape != (rows, columns):
        raise UnsupportedError(
            f"{name}: is {labels.shape[1]} x {labels.shape[0]} pixels, its picture {columns} x {rows}"
        )


def _counts(  # noqa: PLR0917 -- private, and each is a part of the one sentence
    reader: RecordingReader,
    pair: Pair,
    pairs: Pairs,
    answers: Answers,
    known: tuple[Structure, ...],
    pixel_spacing_mm: float | None,
) -> Counts:
    frame, truth = read_pair(reader, pair, pairs.meaning, pixel_spacing_mm)
    answer = answers(pair, frame)
    _require_size(f"the answer for {pair.mask.name}", answer.labels, frame)
    return count(answer.labels, truth, known, reach_px(frame.geometry), answer.sure)


def reach_px(geometry: ImageGeometry) -> tuple[float, float]:
    """Return within how many columns and rows surfaces agree: NEAR_MM, or NEAR_SHARE of an uncalibrated height."""
    region = geometry.main_region()
    if region is None:
        reach = max(1.0, NEAR_SHARE * geometry.height)
        return reach, reach
    across, down = region.step_mm
    return NEAR_MM / across, NEAR_MM / down
