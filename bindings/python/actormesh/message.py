"""Messages: what comes to actors and endpoints, as Python values.

A text travels as the library's text, so that actors in C read it; bytes as they are; whatever json can write, as json. Anything else needs a
type name and bytes of its own: Message("geo.Point", packed).

SPDX-License-Identifier: MPL-2.0
"""
import collections
import ctypes
import json

from . import library
from .address import Address
from .errors import check
from .values import read_capabilities, read_requirements

lib = library.lib
TEXT, BYTES, JSON = "text", "bytes", "json"
WATCHED_MAX = 64
HOW = {1: "exited on request", 2: "exited itself", 3: "was not created", 4: "killed by a signal", 5: "ended with a code",
       6: "lost with its node"}
REASON = {1: "exited", 2: "never created", 3: "expired", 4: "refused", 5: "lost with its node"}


class Message:
    """A user message: `type`, `data` (bytes), `sender`; `value` is what was sent, if that was a text, bytes or json."""

    def __init__(self, type, data=b"", sender=None, redelivered=False):
        self.type = type
        self.data = data
        self.sender = sender
        self.redelivered = redelivered

    @property
    def value(self):
        if self.type == TEXT:
            return self.data.removesuffix(b"\0").decode("utf-8", "replace")
        return json.loads(self.data) if self.type == JSON else self.data

    def __repr__(self):
        return f"Message({self.type!r}, {len(self.data)} bytes)"


def pack(value):
    """The type name and the bytes that it travels as."""
    if isinstance(value, Message):
        return value.type.encode(), value.data
    if isinstance(value, str):
        return TEXT.encode(), value.encode() + b"\0"
    if isinstance(value, bytes):
        return BYTES.encode(), value
    if isinstance(value, (bytearray, memoryview)):
        return BYTES.encode(), bytes(value)
    return JSON.encode(), json.dumps(value, default=write_address).encode()


def write_address(value):
    if isinstance(value, Address):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is no json: send a text, bytes, or a Message of a type of your own")


ExitRequest = collections.namedtuple("ExitRequest", "sender")
# How and why a child has ended; `number` is that of a signal, or an exit code.
ChildExited = collections.namedtuple("ChildExited", "child how number text")
# What this one has sent and failed at its target, and why.
Poison = collections.namedtuple("Poison", "message target failure")
DeadLetter = collections.namedtuple("DeadLetter", "message target sender reason maybe_handled bytes failure")
Wakeup = collections.namedtuple("Wakeup", "id delay payload")
Watch = collections.namedtuple("Watch", "ready")
Update = collections.namedtuple("Update", "admin name endpoint added text capabilities")
# The status that was requested: by that number, a report or an error.
Report = collections.namedtuple("Report", "id report error")
# A source that is loaded, or is not any more; or is to be judged, and its bytes.
Source = collections.namedtuple("Source", "hash info bytes loaded")
Validate = collections.namedtuple("Validate", "hash info data")
# What a check judges.
Fit = collections.namedtuple("Fit", "capabilities requirements")


def data_of(raw):
    size = ctypes.c_size_t()
    data = lib.mesh_message_data(raw, ctypes.byref(size))
    return ctypes.string_at(data, size.value)


def read_user(raw):
    return Message(lib.mesh_message_type(raw).decode("utf-8", "replace"), data_of(raw), Address.of(lib.mesh_message_sender(raw)),
                   lib.mesh_message_redelivered(raw))


def failure_of(raw):
    text = lib.mesh_message_failure(raw)
    return text.decode("utf-8", "replace") if text else ""


def read_child_exited(raw):
    exited = library.Exit()
    check(lib.mesh_message_exit(raw, ctypes.byref(exited)))
    return ChildExited(Address.of(exited.child), HOW.get(exited.how, str(exited.how)), exited.number, exited.text.decode("utf-8", "replace"))


def read_poison(raw):
    return Poison(read_user(lib.mesh_message_inner(raw)), Address.of(lib.mesh_message_sender(raw)), failure_of(raw))


def read_dead_letter(raw):
    dead = library.Dead()
    check(lib.mesh_message_dead(raw, ctypes.byref(dead)))
    return DeadLetter(read_user(lib.mesh_message_inner(raw)), Address.of(dead.target), Address.of(dead.sender),
                      REASON.get(dead.reason, str(dead.reason)), dead.maybe_handled, dead.bytes, failure_of(raw))


def read_wakeup(raw):
    timer = library.Timer()
    check(lib.mesh_message_wakeup(raw, ctypes.byref(timer)))
    return Wakeup(timer.id, timer.delay_ms / 1000, ctypes.string_at(timer.data, timer.bytes) if timer.bytes else b"")


def read_watch(raw):
    ready = (ctypes.c_int * WATCHED_MAX)()
    count = lib.mesh_message_ready(raw, ready, WATCHED_MAX)
    return Watch(list(ready[:count]))


def read_update(raw):
    update = ctypes.POINTER(library.RawUpdate)()
    check(lib.mesh_message_update(raw, ctypes.byref(update)))
    try:
        told = update.contents
        return Update(Address.of(told.admin), told.name.decode(), told.endpoint.decode(), told.added, told.text.decode("utf-8", "replace"),
                      read_capabilities(told.capabilities, told.capabilities_count))
    finally:
        lib.mesh_update_release(ctypes.byref(update))


def read_report(raw):
    from .report import take  # a report is of no use without one
    number, report, error = ctypes.c_uint64(), ctypes.POINTER(library.RawReport)(), library.Error()
    status = lib.mesh_message_report(raw, ctypes.byref(number), ctypes.byref(report), ctypes.byref(error))
    if status != library.OK:
        return Report(number.value, None, error.text.decode("utf-8", "replace"))
    return Report(number.value, take(report), "")


def source_of(raw):
    source = library.RawSource()
    check(lib.mesh_message_source(raw, ctypes.byref(source)))
    return source, source.hash.decode(), source.info.decode("utf-8", "replace")


def read_source(raw):
    source, name, info = source_of(raw)
    return Source(name, info, source.bytes, source.loaded)


def read_validate(raw):
    _, name, info = source_of(raw)
    return Validate(name, info, data_of(raw))


def read_fit(raw):

    fit = ctypes.POINTER(library.Fit)()
    check(lib.mesh_message_fit(raw, ctypes.byref(fit)))
    return Fit(read_capabilities(fit.contents.capabilities, fit.contents.capabilities_count),
               read_requirements(fit.contents.requirements, fit.contents.requirements_count))


READERS = {
    library.USER: read_user,
    library.EXIT_REQUEST: lambda raw: ExitRequest(Address.of(lib.mesh_message_sender(raw))),
    library.CHILD_EXITED: read_child_exited,
    library.POISON: read_poison,
    library.DEAD_LETTER: read_dead_letter,
    library.WAKEUP: read_wakeup,
    library.WATCH: read_watch,
    library.REPORT: read_report,
    library.UPDATE: read_update,
    library.SOURCE: read_source,
    library.VALIDATE: read_validate,
    library.CHECK: read_fit,
}


def read(raw):
    """A message of the library as one of this module."""
    return READERS[lib.mesh_message_kind(raw)](raw)


def take(raw):
    """The same for one that is the caller's, which is given back."""
    try:
        return read(raw)
    finally:
        lib.mesh_message_release(ctypes.byref(raw))
