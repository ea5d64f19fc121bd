"""A story as one JSON object, for machines; docs/methods/trend.md tells every field."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from echospine.domain.trends import Mark, Score, VisitError
from echospine.engine.trend import Change, Judged, KnownError, Measure, Sem, Story, TrendLine
from echospine.workflow.trend.study import Findings

Json: TypeAlias = dict[str, Any]


def story_document(story: Story) -> Json:
    """Return the story as a JSON object; a number that does not exist is null, days are ISO 8601."""
    return {
        "patient": story.patient,
        "measure": measure_document(story.measure),
        "unit": story.unit.value,
        "method": story.method,
        "device": story.device,
        "visits": [_visit(one) for one in story.visits],
        "band": [{"day": one.day.isoformat(), "low": one.low, "high": one.high} for one in story.band],
        "error": _error(story.error),
        "line": _line(story.line),
        "marks": [mark_document(one) for one in story.marks],
        "scores": [score_document(one) for one in story.scores],
        "sentences": list(story.sentences),
        "left_out": list(story.left_out),
    }


def measure_document(measure: Measure) -> Json:
    """Return a measure as a JSON object."""
    return {
        "quantity": measure.quantity.value,
        "structure": measure.structure.label,
        "side": measure.side.value,
        "level": measure.level,
        "state": measure.state.value,
        "title": measure.title,
    }


def mark_document(mark: Mark) -> Json:
    """Return a mark as a JSON object."""
    return {
        "id": mark.id,
        "day": mark.day.isoformat(),
        "kind": mark.kind.value,
        "text": mark.text,
        "who": mark.who,
        "at": mark.at.isoformat(),
    }


def score_document(score: Score) -> Json:
    """Return a questionnaire as a JSON object."""
    return {
        "id": score.id,
        "day": score.day.isoformat(),
        "instrument": score.instrument.value,
        "answers": list(score.answers),
        "total": score.total,
        "who": score.who,
        "at": score.at.isoformat(),
    }


def findings_document(found: Findings) -> Json:
    """Return what a reliability study found as a JSON object."""
    return {
        "words": list(found.words),
        "sem": _sem(found.sem),
        "visit": _visit_error(found.visit),
        "unit": found.unit.value,
        "n_subjects": found.n_subjects,
    }


def _visit(judged: Judged) -> Json:
    visit = judged.visit
    return {
        "day": visit.day.isoformat(),
        "value": visit.reading.value,
        "spread": visit.spread,
        "n_readings": visit.reading.n_readings,
        "draft": visit.draft,
        "changed": judged.changed,
        "since_first": _change(judged.since_first),
        "since_last": _change(judged.since_last),
    }


def _change(change: Change | None) -> Json | None:
    if change is None:
        return None
    return {
        "verdict": change.verdict.value,
        "difference": _number(change.difference),
        "least_change": _number(change.mdc),
        "sentence": change.sentence,
    }


def _error(error: KnownError | None) -> Json | None:
    if error is None:
        return None
    return {
        "source": error.source.value,
        "citation": error.citation,
        "sem": _sem(error.sem),
        "visit": _visit_error(error.visit),
    }


def _sem(sem: Sem | None) -> Json | None:
    return None if sem is None else {"value": sem.value, "kind": sem.kind.value, "df": sem.df}


def _visit_error(visit: VisitError | None) -> Json | None:
    return None if visit is None else {"value": visit.value, "df": visit.df, "n_readings": visit.n_readings}


def _line(line: TrendLine | None) -> Json | None:
    if line is None:
        return None
    slope = line.slope
    return {
        "per_month": slope.per_month,
        "low": _number(slope.low),
        "high": _number(slope.high),
        "words": line.words,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
