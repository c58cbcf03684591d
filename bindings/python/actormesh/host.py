"""A host: the process of one actor, from its first message to its last.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes
import traceback

from . import library
from .message import read

lib = library.lib
TEXT_BYTES = 1000  # of a failure: the library has room for 1,023
HEAD_BYTES = 160
HANDLERS = {
    library.USER: "receive",
    library.EXIT_REQUEST: "on_exit_request",
    library.CHILD_EXITED: "on_child_exited",
    library.POISON: "on_poison",
    library.DEAD_LETTER: "on_dead_letter",
    library.WAKEUP: "on_wakeup",
    library.WATCH: "on_watch",
    library.UPDATE: "on_update",
    library.REPORT: "on_report",
    library.SOURCE: "on_source",
    library.VALIDATE: "on_validate",
}


def describe(error):
    """The traceback as bytes that fit: what was raised, and the last lines, which say where. Whatever it is made of, it makes no trouble."""
    try:
        lines = traceback.format_exception(error)
        text = lines[-1].strip() + "\n" + "".join(lines)
    except BaseException:  # its class has methods of its own for that
        text = "an exception whose text cannot be made"
    data = text.encode("utf-8", "backslashreplace").replace(b"\0", b"\\0")
    if len(data) > TEXT_BYTES:
        data = data[:HEAD_BYTES] + b" ...\n... " + data[len(data) - (TEXT_BYTES - HEAD_BYTES - 9):]
    return data.decode("utf-8", "ignore").encode()


def judge(kind, raw):
    fit = read(raw)
    return library.DONE if kind.check(fit.capabilities, fit.requirements) is True else library.FAILED


class Host:
    """Pulls messages for an actor of one class."""

    def __init__(self, handle, kind):
        self.handle = handle
        self.kind = kind
        self.actor = None

    def dispatch(self, what, raw):
        """The verdict of the actor's code."""
        if what == library.CHECK:
            return judge(self.kind, raw)
        if what == library.BEGIN:
            self.actor = self.kind(self.handle)
            self.actor.begin()
        elif what == library.END:
            self.actor.end()
        else:
            self.actor._message = raw
            getattr(self.actor, HANDLERS[what])(read(raw))
        return library.EXIT if self.actor._exits else library.DONE

    def run_handler(self, raw):
        if self.actor:
            self.actor._watched = ()
        try:
            return self.dispatch(lib.mesh_message_kind(raw), raw), None
        except SystemExit as request:
            leave(request.code)
        except BaseException as error:  # what the actor's code raises is its message's fate, and not this process's
            return library.FAILED, describe(error)
        finally:
            if self.actor:
                self.actor._message = None

    def run(self):
        """Until the actor is gone. Gives the exit code of the process."""
        raw = ctypes.c_void_p()
        while True:
            status = lib.mesh_host_next(self.handle, library.FOREVER, ctypes.byref(raw))
            if status == library.INTERRUPTED:
                continue
            if status != library.OK:
                return lib.mesh_host_close(ctypes.byref(self.handle))
            verdict, text = self.run_handler(raw)
            watched = self.actor._watched if self.actor else ()
            status = lib.mesh_host_done(self.handle, verdict, text, (ctypes.c_int * len(watched))(*watched), len(watched))
            if status != library.OK:
                text = b"what it watches are no descriptors, or more than 64"
                lib.mesh_host_done(self.handle, library.FAILED, text, None, 0)


def leave(code):
    """sys.exit in a handler is exit() there: 0 is the actor's own exit, anything else a crash."""
    ctypes.CDLL(None).exit(code if isinstance(code, int) else 0 if code is None else 1)
