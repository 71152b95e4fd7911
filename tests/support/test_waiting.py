import pytest

from tests.support.waiting import wait_until


def test_the_first_true_answer_is_returned():
    answers = iter([0, "", None, "yes", "no"])
    assert wait_until(lambda: next(answers), timeout=5, what="yes") == "yes"


def test_it_asks_once_even_without_time():
    assert wait_until(lambda: 7, timeout=0, what="seven") == 7


def test_the_error_says_what_was_waited_for():
    with pytest.raises(TimeoutError, match=r"waited 0\.01 s for the moon"):
        wait_until(lambda: False, timeout=0.01, what="the moon")
