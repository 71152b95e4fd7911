"""What gevent looks for on the loop and in the module that holds its class."""

from __future__ import annotations

import sys

import pytest
from gevent._interfaces import ICallback, ILoop
from zope.interface.verify import verifyObject


class TestModule:
    @pytest.fixture
    def module(self, loop):
        return sys.modules[type(loop).__module__]

    def test_loop_is_a_full_iloop(self, loop):
        verifyObject(ILoop, loop)

    def test_callback_is_an_icallback(self, loop, module):
        cb = loop.run_callback(print)
        verifyObject(ICallback, cb)
        assert isinstance(cb, module.callback)
        cb.stop()

    def test_constants(self, module):
        assert module.READ == 1
        assert module.WRITE == 2
        assert repr(module.EVENTS) == "gevent.core.EVENTS"
        assert isinstance(module.get_version(), str)
        assert module.get_version() == module.get_header_version()
        assert "loop" in module.__all__

    @pytest.mark.parametrize(
        ("mask", "text"), [(1, "READ"), (2, "WRITE"), (3, "READ|WRITE"), (4, "0x4"), (5, "READ|0x4")]
    )
    def test_events_have_names(self, module, mask, text):
        assert module._events_to_str(mask) == text

    def test_backend_is_one_of_the_supported(self, loop, module):
        assert loop.backend in module.supported_backends()

    def test_debug_lists_what_is_active(self, loop):
        if not hasattr(loop, "debug"):
            pytest.skip("libev without its debug build")
        timer = loop.timer(1)
        timer.start(print)
        assert any("timer" in line for line in loop.debug())
        timer.stop()

    def test_time_goes_on(self, loop):
        before = loop.now()
        loop.update_now()
        assert loop.now() >= before
        assert 0 < loop.approx_timer_resolution <= 0.001

    def test_flags_of_any_sort_are_accepted(self, kind, loop):
        type(loop)(flags=None, default=False).destroy()
        if kind != "libev":
            type(loop)(flags="epoll", default=False).destroy()
        with pytest.raises(TypeError):
            type(loop)(flags=object(), default=False)
