"""Figures as people read them."""

import pytest

from engine.top.words import age, count, duration, rate, size


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (size(0), "0 B"),
        (size(1023), "1023 B"),
        (size(1536), "1.5 KiB"),
        (size(3 << 20), "3.0 MiB"),
        (size(5 << 40), "5120.0 GiB"),
        (duration(0.00085), "850 us"),
        (duration(0.012), "12.0 ms"),
        (duration(3.21), "3.2 s"),
        (duration(125), "2m05s"),
        (age(59.9), "59s"),
        (age(725), "12m05s"),
        (age(12_000), "3h20m"),
        (age(446_400), "5d04h"),
        (rate(0), "0"),
        (rate(0.5), "0.5"),
        (rate(1234.4), "1,234"),
        (count(None), "-"),
        (count(12_345), "12,345"),
    ],
)
def test_words(shown, expected):
    assert shown == expected
