"""Logarithms of quotients of prices."""

from __future__ import annotations

import math

NEAR = 0.02  # up to here five terms leave an error below the last bit


def log_ratio(x: float, y: float) -> float:
    """Return log(x / y) of two prices; nan stays nan.

    Prices next to each other take the series 2 artanh(s) = 2 (s + s³/3 + s⁵/5 + …), s = (x - y) / (x + y): their difference is exact, so
    small moves keep all their digits, and nothing depends on a C library's rounding.
    """
    s = (x - y) / (x + y)
    if -NEAR < s < NEAR:
        q = s * s
        return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0)))))
    return math.log(x / y)
