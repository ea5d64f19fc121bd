"""The history's words for what people said give back the very same."""

from __future__ import annotations

import pytest

from echospine.domain.errors import StorageError
from echospine.workflow.exam import remark_from_text, remark_target, remark_to_text
from store_samples import make_remarks


@pytest.mark.parametrize("remark", make_remarks(), ids=lambda one: one.place)
def test_words_give_back_the_very_remark(remark) -> None:
    assert remark_from_text(remark_to_text(remark, 7)) == remark


def test_targets_tell_recording_and_place() -> None:
    calliper, frames, taken = map(remark_target, make_remarks())
    assert calliper == "remark:rec-1/calliper/3/multifidus.left.thickness"
    assert frames == "remark:rec-1/frames/internal_oblique.left.thickness"
    assert taken == "taken:rec-1"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"recording_id": "r", "who": "a", "at": "x", "reason": ""}'])
def test_damaged_words_are_a_storage_error(text: str) -> None:
    with pytest.raises(StorageError):
        remark_from_text(text)
