"""The states of an examination, pair by pair, and the folder on the desk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.domain.errors import NotAllowed, NotFound
from echospine.domain.exams import NEXT, Exam, ExamEvent, ExamFile, ExamState, allowed_events, next_state

S, E = ExamState, ExamEvent

# Written out a second time on purpose: a change of the table must be a change of two minds.
EXPECTED: dict[tuple[ExamState, ExamEvent], ExamState | None] = {
    (S.IMPORTED, E.IMPORT): S.IMPORTED,
    (S.IMPORTED, E.INTERPRET): S.DRAFT,
    (S.IMPORTED, E.REVIEW): None,
    (S.IMPORTED, E.SIGN): None,
    (S.IMPORTED, E.AMEND): None,
    (S.IMPORTED, E.LABEL): S.IMPORTED,
    (S.DRAFT, E.IMPORT): S.IMPORTED,
    (S.DRAFT, E.INTERPRET): S.DRAFT,
    (S.DRAFT, E.REVIEW): S.REVIEW,
    (S.DRAFT, E.SIGN): None,
    (S.DRAFT, E.AMEND): None,
    (S.DRAFT, E.LABEL): S.DRAFT,
    (S.REVIEW, E.IMPORT): None,
    (S.REVIEW, E.INTERPRET): S.REVIEW,
    (S.REVIEW, E.REVIEW): S.REVIEW,
    (S.REVIEW, E.SIGN): S.SIGNED,
    (S.REVIEW, E.AMEND): None,
    (S.REVIEW, E.LABEL): S.REVIEW,
    (S.SIGNED, E.IMPORT): None,
    (S.SIGNED, E.INTERPRET): None,
    (S.SIGNED, E.REVIEW): None,
    (S.SIGNED, E.SIGN): None,
    (S.SIGNED, E.AMEND): S.AMENDED,
    (S.SIGNED, E.LABEL): None,
    (S.AMENDED, E.IMPORT): None,
    (S.AMENDED, E.INTERPRET): None,
    (S.AMENDED, E.REVIEW): S.AMENDED,
    (S.AMENDED, E.SIGN): S.SIGNED,
    (S.AMENDED, E.AMEND): None,
    (S.AMENDED, E.LABEL): S.AMENDED,
}


def test_every_pair_is_spoken_of():
    assert EXPECTED.keys() == {(state, event) for state in S for event in E}


@pytest.mark.parametrize(("state", "event"), EXPECTED, ids=lambda value: value.value)
def test_each_pair_leads_where_it_should_or_is_refused(state, event):
    expected = EXPECTED[state, event]
    if expected is not None:
        assert next_state(state, event) is expected
        return
    with pytest.raises(NotAllowed) as refused:
        next_state(state, event)
    said = str(refused.value)
    assert state.value in said
    assert f"'{event.value}'" in said
    assert all(possible.value in said.split("possible now:")[1] for possible in allowed_events(state))


@pytest.mark.parametrize("state", S)
def test_allowed_events_are_the_rows_of_the_table(state):
    assert set(allowed_events(state)) == {event for event in E if EXPECTED[state, event] is not None}
    assert allowed_events(state), "a state without a way out is a trap"


@given(st.lists(st.sampled_from(E), max_size=40))
def test_only_a_signature_leads_to_signed_and_only_an_amendment_away_from_it(events):
    state = S.IMPORTED
    for event in events:
        if (state, event) not in NEXT:
            continue
        after = next_state(state, event)
        if after is S.SIGNED:
            assert event is E.SIGN
        if state is S.SIGNED:
            assert (event, after) == (E.AMEND, S.AMENDED)
        if state in {S.REVIEW, S.SIGNED, S.AMENDED}:
            assert after not in {S.IMPORTED, S.DRAFT}, "reviewed work never becomes unreviewed"
        state = after


def test_what_a_file_does_not_hold_is_not_found():
    file = ExamFile(Exam("e1", "Back", S.IMPORTED, datetime(2026, 1, 2, tzinfo=UTC)))
    with pytest.raises(NotFound, match="no recording r9"):
        file.recording("r9")
    with pytest.raises(NotFound, match="no measurement f9"):
        file.finding("f9")
