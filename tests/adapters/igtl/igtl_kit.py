"""Messages for the tests of OpenIGTLink, drawn by hypothesis, and how two are compared."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from echospine.adapters.igtl.contents import Axes, Picture, Status, Text, Tool, Tracking, Transform
from echospine.adapters.igtl.messages import Message

COORDINATE = st.floats(-1e6, 1e6, width=32)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
NAMES = st.text("abcTo_Probe019-", max_size=20)


def transform_matrix(numbers: list[float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3] = np.array(numbers).reshape(3, 4)
    return matrix


MATRICES = st.lists(COORDINATE, min_size=12, max_size=12).map(transform_matrix)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    rows, columns = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    shape = (rows, columns) if draw(st.booleans()) else (rows, columns, 3)
    pixels = draw(hnp.arrays(np.uint8, shape))
    left, top = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    size = (left + columns + draw(st.integers(0, 9)), top + rows + draw(st.integers(0, 9)))
    return Picture(pixels, draw(MATRICES), size, (left, top), draw(st.sampled_from(Axes)))


TOOLS = st.builds(Tool, NAMES, MATRICES, st.integers(1, 4))
CONTENTS = st.one_of(
    pictures(),
    st.builds(Transform, MATRICES),
    st.builds(Tracking, st.lists(TOOLS, max_size=5).map(tuple)),
    st.builds(Status, st.integers(0, 19), st.integers(-(2**63), 2**63 - 1), NAMES, WORDS),
    st.builds(Text, WORDS),
)
MESSAGES = st.builds(
    Message,
    CONTENTS,
    NAMES,
    st.integers(0, 2**64 - 1),
    st.dictionaries(WORDS, WORDS, max_size=4),
    st.integers(0, 2**32 - 1),
)


def same_content(one: object, other: object) -> bool:
    match one, other:
        case Picture(), Picture():
            return (
                np.array_equal(one.pixels, other.pixels)
                and np.array_equal(one.matrix, other.matrix)
                and (one.size, one.offset, one.axes) == (other.size, other.offset, other.axes)
            )
        case Transform(), Transform():
            return np.array_equal(one.matrix, other.matrix)
        case Tracking(), Tracking():
            return [(t.name, t.kind, t.matrix.tolist()) for t in one.tools] == [
                (t.name, t.kind, t.matrix.tolist()) for t in other.tools
            ]
        case _:
            return one == other


def same_message(one: Message, other: Message) -> bool:
    about = [(m.device, m.stamp, dict(m.metadata), m.number) for m in (one, other)]
    return about[0] == about[1] and same_content(one.content, other.content)


def grey_picture(rows: int = 12, columns: int = 16, seed: int = 1) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    return Picture(pixels, np.diag([0.2, 0.1, 1.0, 1.0]), (columns, rows))
