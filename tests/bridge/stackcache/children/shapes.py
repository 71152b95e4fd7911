"""Greenlets of every shape, with frames, tracebacks and generators that outlive them."""

import gc
import sys

import greenlet

from bridge import _stackcache

_stackcache.install(32)


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def endless():
    endless()


def in_greenlet(function, *args):
    return greenlet.greenlet(function).switch(*args)


def recursion():
    for _ in range(20):
        assert in_greenlet(deep, 900) == 900
    limit = sys.getrecursionlimit()
    for _ in range(20):
        try:
            in_greenlet(endless)
        except RecursionError:
            pass
        else:
            raise AssertionError("no RecursionError")
    sys.setrecursionlimit(20_000)
    assert in_greenlet(deep, 15_000) == 15_000
    sys.setrecursionlimit(limit)


def large_frames():
    source = "def large():\n" + "".join(f" v{i} = {i}\n" for i in range(5000)) + " return v4999\n"
    names = {}
    exec(source, names)
    for _ in range(50):
        assert in_greenlet(names["large"]) == 4999


def frames_that_outlive_their_greenlet():
    def fail(value):
        local = [value]
        raise ValueError(local)

    frames, errors = [], []

    def keep(value):
        local = value
        frames.append(sys._getframe())
        return local

    for n in range(200):
        in_greenlet(keep, n)
        try:
            in_greenlet(fail, n)
        except ValueError as error:
            errors.append(error)
    assert [frame.f_locals["local"] for frame in frames] == list(range(200))
    for n, error in enumerate(errors):
        innermost = error.__traceback__
        while innermost.tb_next is not None:
            innermost = innermost.tb_next
        assert innermost.tb_frame.f_locals["local"] == [n]


def generators_that_outlive_their_greenlet():
    def numbers(n):
        yield n
        yield deep(300) + n

    made = []

    def begin(n):
        generator = numbers(n)
        made.append(generator)
        return next(generator)

    assert [in_greenlet(begin, n) for n in range(100)] == list(range(100))
    assert [next(generator) for generator in made] == list(range(300, 400))


def nested_and_collected():
    def nest(n):
        return 0 if n == 0 else 1 + in_greenlet(nest, n - 1)

    assert nest(150) == 150

    def park():
        try:
            greenlet.getcurrent().parent.switch()
        finally:
            deep(50)

    for _ in range(5):
        parked = [greenlet.greenlet(park) for _ in range(100)]
        for each in parked:
            each.switch()
        del each, parked
        gc.collect()


def switched_while_installing():
    held = []
    for turn in range(20):
        each = greenlet.greenlet(lambda: deep(100 + greenlet.getcurrent().parent.switch()))
        each.switch()
        held.append(each)
        if turn % 3 == 0:
            _stackcache.uninstall()
        elif turn % 3 == 1:
            _stackcache.install(1 + turn)
        else:
            _stackcache.trim()
    assert [each.switch(n) for n, each in enumerate(held)] == list(range(100, 120))
    _stackcache.install(32)


for shape in (
    recursion,
    large_frames,
    frames_that_outlive_their_greenlet,
    generators_that_outlive_their_greenlet,
    nested_and_collected,
    switched_while_installing,
):
    shape()
    in_greenlet(shape)
assert _stackcache.statistics().cached <= 32
print("ok")
