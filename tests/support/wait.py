"""Waiting for a condition, with a deadline: the one place where the system tests let time pass.

SPDX-License-Identifier: MPL-2.0
"""
import time


def wait_for(condition, seconds, what):
    """Returns the condition's first true value, or fails after that many seconds; `what` may be a function, which then tells how it is."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what() if callable(what) else what}")
        time.sleep(0.02)
