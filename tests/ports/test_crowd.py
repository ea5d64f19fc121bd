"""One contract for every crowd: nothing lost, nothing twice, and a piece that fails stops no other."""

from __future__ import annotations

import math

import pytest

from echospine.adapters.dask import DaskCrowd, OneByOne
from echospine.domain.errors import ClusterError


@pytest.fixture(params=[OneByOne(), DaskCrowd(workers=2)], ids=["one by one", "processes"])
def crowd(request):
    return request.param


def test_each_piece_comes_back_once_with_its_place(crowd):
    found = dict(crowd.each(math.sqrt, [4.0, 9.0, 4.0, 16.0]))
    assert found == {0: 2.0, 1: 3.0, 2: 2.0, 3: 4.0}


def test_a_piece_that_fails_stops_no_other(crowd):
    found = dict(crowd.each(math.sqrt, [4.0, -1.0, 9.0]))
    assert (found[0], found[2]) == (2.0, 3.0)
    assert isinstance(found[1], ValueError)


def test_nothing_to_do_is_done_at_once(crowd):
    assert list(crowd.each(math.sqrt, [])) == []


def test_a_scheduler_that_is_not_there_is_one_clear_line(monkeypatch):
    monkeypatch.setattr("echospine.adapters.dask.crowd.REACHED_IN_S", 0.5)
    with pytest.raises(ClusterError, match="no dask scheduler answers there; start one") as caught:
        list(DaskCrowd("tcp://127.0.0.1:9").each(math.sqrt, [4.0]))
    assert "\n" not in str(caught.value)
