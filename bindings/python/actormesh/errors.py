"""What a call that did not go well raises.

SPDX-License-Identifier: MPL-2.0
"""
from . import library


class MeshError(Exception):
    """A status of the library other than success: `status` is its name, the text says what is wrong."""

    def __init__(self, number, text="", message=None):
        self.number = number
        self.status = library.lib.mesh_status_name(number).decode()
        self.message = message
        super().__init__(f"{self.status}: {text or library.lib.mesh_status_text(number).decode()}")


class TimedOut(MeshError):
    """The time was over."""


class RefusedError(MeshError):
    """What was asked has failed at its target; `message` is the poison."""


class DeadError(MeshError):
    """Who was asked is dead; `message` is the dead letter."""


KINDS = {library.TIMED_OUT: TimedOut, library.REFUSED: RefusedError, library.DEAD: DeadError}


def error_of(number, text="", message=None):
    return KINDS.get(number, MeshError)(number, text, message)


def check(number, error=None):
    """Raises unless it is success."""
    if number != library.OK:
        raise error_of(number, error.text.decode("utf-8", "replace") if error is not None else "")
