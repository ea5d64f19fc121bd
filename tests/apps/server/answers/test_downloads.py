"""Names of downloads trip up no browser and no disk."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.apps.server.answers.downloads import disposition, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("pictures/1_bone.png", "1_bone.png"),
        ("../../x", "x"),
        ('a"b.png', "a_b.png"),
        ("line\r\nSet-Cookie: x", "line__Set-Cookie_ x"),
        ("...", "file"),
        ("", "file"),
        ("Rücken.pdf", "Rücken.pdf"),
    ],
)
def test_names(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=300), st.booleans())
def test_a_header_is_one_line_of_ascii_that_says_the_name(name, inline):
    header = disposition(name, inline=inline)
    header.encode("ascii")
    assert re.fullmatch(r"(inline|attachment); filename=\"[^\"\\\r\n]+\"; filename\*=UTF-8''[^\s\"]+", header)
    assert unquote(header.rpartition("''")[2]) == safe_name(name)
