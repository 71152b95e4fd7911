"""How many workers the load needs."""

from dataclasses import replace

from engine.process.cheaper import Cheaper, CheaperSettings

SETTINGS = CheaperSettings(least=1, most=4, initial=1, step=2, overload=3.0)


def test_more_workers_come_at_once_by_steps_up_to_the_most():
    cheaper = Cheaper(SETTINGS, cores=10)
    assert cheaper.decide(0.0, 1, 5) == 1
    assert cheaper.decide(0.0, 1, 6) == 3
    assert cheaper.decide(1.0, 3, 30) == 4
    assert cheaper.decide(2.0, 4, 40) == 4


def test_fewer_only_after_some_calm_and_one_at_a_time():
    cheaper = Cheaper(SETTINGS, cores=10)
    assert cheaper.decide(0.0, 3, 2) == 3
    assert cheaper.decide(2.9, 3, 2) == 3
    assert cheaper.decide(3.0, 3, 2) == 2
    assert cheaper.decide(3.1, 2, 2) == 2
    assert cheaper.decide(6.0, 2, 2) == 1
    assert cheaper.decide(99.0, 1, 0) == 1


def test_load_in_between_starts_the_calm_again():
    cheaper = Cheaper(SETTINGS, cores=10)
    assert cheaper.decide(0.0, 2, 1) == 2
    assert cheaper.decide(2.0, 2, 8) == 2
    assert cheaper.decide(4.0, 2, 1) == 2
    assert cheaper.decide(7.0, 2, 1) == 1


def test_what_one_worker_less_could_not_carry_is_no_calm():
    cheaper = Cheaper(SETTINGS, cores=1)
    assert [cheaper.decide(now, 2, 1) for now in (0.0, 10.0, 20.0)] == [2, 2, 2]


def test_none_is_added_above_the_soft_limit_of_memory():
    cheaper = Cheaper(replace(SETTINGS, soft=100), cores=10)
    assert cheaper.decide(0.0, 1, 6, 1, 100) == 1
    assert cheaper.decide(1.0, 1, 6, 1, 99) == 3


def test_above_the_hard_limit_one_ends_after_the_other_but_not_the_last():
    cheaper = Cheaper(replace(SETTINGS, soft=100, hard=200), cores=10)
    assert cheaper.decide(0.0, 3, 30, 3, 200) == 2
    assert cheaper.decide(1.0, 2, 30, 3, 200) == 2  # the one before has not ended yet
    assert cheaper.decide(2.0, 2, 30, 2, 200) == 1
    assert cheaper.decide(3.0, 1, 30, 1, 200) == 1


def test_with_the_manual_algorithm_only_the_limit_counts():
    cheaper = Cheaper(replace(SETTINGS, soft=100, hard=200, manual=True), cores=10)
    assert cheaper.decide(0.0, 2, 20, 2, 10) == 2
    assert cheaper.decide(0.0, 2, 20, 2, 300) == 1
