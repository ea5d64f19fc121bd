"""The calliper cases that the browser is held to are the domain's own answers."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_callipers", GOLDEN / "make_callipers.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_cases_are_the_domain_s_own_answers(maker):
    committed = json.loads((GOLDEN / "callipers.json").read_text(encoding="utf-8"))
    made = json.loads(json.dumps(maker.cases()))
    assert len(committed) == len(made)
    for theirs, ours in zip(committed, made, strict=True):
        expected, found = ours["answer"].pop("value", 0.0), theirs["answer"].pop("value", 0.0)
        assert found == pytest.approx(expected, rel=1e-12)
        assert theirs == ours


def test_the_cases_reach_every_kind_of_answer(maker):
    reached = Counter((one["kind"], one["answer"].get("refused", "value")) for one in maker.cases())
    kinds, answers = ("length", "angle", "area"), ("value", "uncalibrated", "invalid")
    wanted = {(kind, word) for kind in kinds for word in answers}
    assert wanted <= {pair for pair, count in reached.items() if count >= 3}, reached
