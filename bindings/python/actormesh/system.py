"""Programs: a place on a node, from which actors are created, told and asked.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes
import pathlib
import shlex
import sys

from . import library
from .address import Address
from .errors import check, error_of
from .message import pack, take
from .options import create_options, type_name
from .report import take as take_report
from .values import capabilities as convert_capabilities
from .values import requirements as convert_requirements

lib = library.lib
PACKAGES = pathlib.Path(__file__).resolve().parent.parent


def milliseconds(seconds):
    """None is for ever. What is not nothing waits."""
    return library.FOREVER if seconds is None else -(-int(seconds * 1_000_000) // 1000)


def spawner_command(modules, paths=()):
    """What the setting `spawner` of a node has to be for the actor classes of these modules."""
    words = ["env", f"PYTHONPATH={PACKAGES}", sys.executable, "-m", "actormesh.spawner"]
    for path in paths:
        words += ["--path", str(path)]
    return shlex.join(words + list(modules))


def pack_source(*paths):
    """A bundle of these shared objects, the module last."""
    names = (ctypes.c_char_p * len(paths))(*[str(path).encode() for path in paths])
    data, size, error = ctypes.c_void_p(), ctypes.c_size_t(), library.Error()
    check(lib.mesh_source_pack(names, len(paths), ctypes.byref(data), ctypes.byref(size), ctypes.byref(error)), error)
    try:
        return ctypes.string_at(data, size.value)
    finally:
        lib.mesh_source_free(ctypes.byref(data))


def source_hash(data):
    """The name of a source with these bytes."""
    return lib.mesh_source_hash(data, len(data), ctypes.create_string_buffer(65)).decode()


class Talker:
    """Tells, asks and listens at an endpoint. From any thread; one at a time asks or listens. Time-outs are seconds; None waits for ever, 0 not at all."""

    _prefix = ""

    def __init__(self):
        self._handle = ctypes.c_void_p()

    def _call(self, name, *arguments):
        if not self._handle:
            raise error_of(library.CLOSED)
        return getattr(lib, self._prefix + name)(self._handle, *arguments)

    @property
    def address(self):
        raise NotImplementedError

    def tell(self, to, value):
        kind, data = pack(value)
        check(self._call("tell", to.raw, kind, data, len(data)))

    def ask(self, to, value, timeout=None):
        """The answer. RefusedError: its handler failed; DeadError: it is dead; TimedOut."""
        kind, data = pack(value)
        reply = ctypes.c_void_p()
        wait = milliseconds(timeout)
        status = self._call("ask", to.raw, kind, data, len(data), wait, ctypes.byref(reply))
        while status == library.INTERRUPTED:  # Python has run its handlers of signals by now
            status = self._call("ask_resume", wait, ctypes.byref(reply))
        message = take(reply) if reply else None
        if status != library.OK:
            raise error_of(status, getattr(message, "failure", ""), message)
        return message

    def listen(self, timeout=None):
        """The next message for this endpoint, from anyone; None when the time is over."""
        message = ctypes.c_void_p()
        status = library.INTERRUPTED
        while status == library.INTERRUPTED:
            status = self._call("listen", milliseconds(timeout), ctypes.byref(message))
        if status == library.TIMED_OUT:
            return None
        check(status)
        return take(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        raise NotImplementedError


class Endpoint(Talker):
    """A private one, for a thread of its own."""

    _prefix = "mesh_endpoint_"

    def __init__(self, system):
        super().__init__()
        check(system._call("endpoint_open", ctypes.byref(self._handle)))

    @property
    def address(self):
        return Address.of(self._call("address"))

    def close(self):
        lib.mesh_endpoint_close(ctypes.byref(self._handle))


class ActorSystem(Talker):
    """A node as this program sees it. Any number of them may be open at once.

    It attaches to the node of the run directory and, unless `start` is false, starts it if there is none: with the file `config`, with
    `settings` ("log/level=debug"), and with a spawner for the actor classes of the modules `actors`, looked for in `paths`, too."""

    _prefix = "mesh_"

    def __init__(self, run_directory=None, config=None, settings=(), actors=(), paths=(), start=True):
        super().__init__()
        given = list(settings)
        if actors:
            given.append(f"spawner={spawner_command(actors, paths)}")
        texts = [text.encode() for text in given]
        options = library.NodeOptions(str(run_directory).encode() if run_directory else None, str(config).encode() if config else None, None,
                                      (ctypes.c_char_p * (len(texts) + 1))(*texts, None))
        error = library.Error()
        begin = lib.mesh_node_start if start else lib.mesh_node_attach
        check(begin(ctypes.byref(self._handle), ctypes.byref(options), ctypes.byref(error)), error)

    @property
    def address(self):
        return Address.of(self._call("node_address"))

    def endpoint(self):
        return Endpoint(self)

    def create(self, kind, **options):
        """A top-level actor, once it is up: of a class, or of any type by its name; see create_options."""
        made, created, error = create_options(**options), library.RawAddress(), library.Error()
        check(self._call("node_create", type_name(kind), ctypes.byref(made), ctypes.byref(created), ctypes.byref(error)), error)
        return Address.of(created)

    def request_exit(self, who, alone=False):
        check(self._call("node_request_exit", who.raw, alone))

    def status(self, whole=False, timeout=10):
        """What the node, or each node of the convention, says of itself: a list of dictionaries."""
        report, error = ctypes.POINTER(library.RawReport)(), library.Error()
        check(self._call("node_report", whole, milliseconds(timeout), ctypes.byref(report), ctypes.byref(error)), error)
        return take_report(report)["nodes"]

    def actor_status(self, who, timeout=10):
        """Of an actor, wherever it lives: a dictionary."""
        report, error = ctypes.POINTER(library.RawReport)(), library.Error()
        check(self._call("actor_report", who.raw, milliseconds(timeout), ctypes.byref(report), ctypes.byref(error)), error)
        return take_report(report)["actor"]

    def set_capabilities(self, timeout=10, **values):
        """Of the node; None takes one away."""
        items, error = convert_capabilities(values), library.Error()
        check(self._call("node_set_capabilities", items, len(items), milliseconds(timeout), ctypes.byref(error)), error)

    def preregister(self, endpoint, expected=None, timeout=10):
        """Tells the leader of a node, which is invited."""
        required, error = convert_requirements(expected), library.Error()
        check(self._call("node_preregister", endpoint.encode(), required, len(required), milliseconds(timeout), ctypes.byref(error)), error)

    def deregister(self, who, timeout=10):
        error = library.Error()
        check(self._call("node_deregister", str(who).encode(), milliseconds(timeout), ctypes.byref(error)), error)

    def load_source(self, data, info="", timeout=30):
        """A bundle, by its bytes (pack_source): once it is loaded, actors of it are created with source=source_hash(data)."""
        error = library.Error()
        check(self._call("node_load_source", data, len(data), info.encode(), milliseconds(timeout), ctypes.byref(error)), error)

    def unload_source(self, name, timeout=30):
        error = library.Error()
        check(self._call("node_unload_source", name.encode(), milliseconds(timeout), ctypes.byref(error)), error)

    def shutdown(self, timeout=15):
        """Ends the node with all of its actors."""
        check(self._call("node_shutdown", milliseconds(timeout)))

    def close(self):
        """Leaves the node, which goes on."""
        lib.mesh_node_detach(ctypes.byref(self._handle))
