"""The ``uwsgi`` module and its decorators against the real ones, function by function."""

from __future__ import annotations

import pytest

from tests.compare.differences import DIFFERENCES, reason_of
from tests.compare.servers import UWSGI, answers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not UWSGI.exists(), reason=f"no {UWSGI}: pip install uwsgi"),
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return answers("uwsgi", tmp_path_factory.mktemp("uwsgi"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return answers("engine", tmp_path_factory.mktemp("engine"))


def test_all_answers_are_the_same_but_for_those_listed(theirs, ours):
    assert theirs.keys() == ours.keys()
    wrong = {
        name: (answer, ours[name])
        for name, answer in theirs.items()
        if answer != ours[name] and reason_of(name) is None
    }
    assert not wrong


def test_nothing_is_listed_that_is_the_same(theirs, ours):
    listed = [name for names in DIFFERENCES.values() for name in names]
    assert len(listed) == len(set(listed))
    assert [name for name in listed if theirs[name] == ours[name]] == []


@pytest.mark.parametrize(("kind", "remote"), [("engine", "uwsgi"), ("uwsgi", "engine")])
def test_signals_and_calls_between_the_two(kind, remote, tmp_path):
    found = answers(kind, tmp_path, remote)
    assert found["later: remote signal"] == '"None"'
    assert found["later: remote rpc"] == "\"b'hello you'\""
    assert found["later: remote rpc, unknown"] == '"None"'
