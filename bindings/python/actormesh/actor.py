"""What actors are made of.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes

from . import library
from .address import Address
from .errors import check, error_of
from .message import pack
from .options import create_options, type_name
from .values import capabilities as convert_capabilities
from .values import requirements as convert_requirements

lib = library.lib
LEVELS = {"error": 0, "warning": 1, "info": 2, "debug": 3}


class Actor:
    """One actor: a process of its own, which handles a message at a time. What a handler raises makes the message fail: it is shown once more, then
    goes back to its sender as poison, with the traceback; the actor lives on. Only `receive` has to be written.

    `requirements` are what a node must have for actors of the class; see values.py."""

    requirements = {}

    def __init__(self, host):
        self._host = host
        self._watched = ()
        self._exits = False
        request = lib.mesh_host_request(host).contents
        self.address, self.parent, self.admin = Address.of(request.actor), Address.of(request.parent), Address.of(request.admin)
        self.node = request.node.decode()
        self.name = request.name.decode() if request.name else None
        self._message = None

    # ---- to be written ----

    @classmethod
    def check(cls, capabilities, requirements):
        """Whether the node suits, by its capabilities and what the creator requires. Raising is a no."""
        return True

    def begin(self):
        """The constructor. Raising ends the actor."""

    def receive(self, message):
        """A user message."""
        raise NotImplementedError(f"{type(self).__name__} has no receive")

    def end(self):
        """The last of all, for what the actor owns."""

    def on_exit_request(self, request):
        pass

    def on_child_exited(self, exited):
        pass

    def on_poison(self, poison):
        pass

    def on_dead_letter(self, letter):
        pass

    def on_wakeup(self, wakeup):
        pass

    def on_watch(self, watch):
        pass

    def on_update(self, update):
        pass

    def on_report(self, report):
        pass

    def on_source(self, source):
        pass

    def on_validate(self, validate):
        """As the node's Source Authority: to be answered by validated or refused, now or later."""

    # ---- to be called, from any thread but where it says handler ----

    @property
    def _self(self):
        actor = lib.mesh_host_actor(self._host)
        if not actor:
            raise error_of(library.CLOSED, "the actor has ended")
        return actor

    @property
    def _in_hand(self):
        if self._message is None:
            raise error_of(library.INVALID_ARGUMENT, "no message is in hand")
        return self._message

    def send(self, to, value, expiry=0, no_wait=False):
        """`expiry` in seconds; 0: five minutes."""
        kind, data = pack(value)
        options = library.SendOptions(int(expiry * 1000), no_wait)
        check(lib.mesh_send_with(self._self, to.raw, kind, data, len(data), ctypes.byref(options)))

    def reply(self, value):
        """In a handler: answers the message in hand."""
        kind, data = pack(value)
        check(lib.mesh_reply(self._self, self._in_hand, kind, data, len(data)))

    def forward(self, to):
        """In a handler: passes the message in hand on; who gets it may answer it."""
        check(lib.mesh_forward(self._self, self._in_hand, to.raw))

    def create(self, kind, **options):
        """A child: of a class, or of any type by its name; see create_options. Its address is final at once."""
        child = library.RawAddress()
        made = create_options(**options)
        check(lib.mesh_create(self._self, type_name(kind), ctypes.byref(made), ctypes.byref(child)))
        return Address.of(child)

    def exit(self):
        """In a handler: the actor exits when it returns."""
        self._exits = True

    def request_exit(self, who, alone=False):
        check(lib.mesh_request_exit(self._self, who.raw, alone))

    def shutdown(self):
        """Ends the node."""
        check(lib.mesh_shutdown(self._self))

    def wakeup(self, delay, payload=b""):
        """on_wakeup in so many seconds, at the earliest; gives the number for cancel_wakeup."""
        number = ctypes.c_uint64()
        check(lib.mesh_wakeup(self._self, int(delay * 1000), payload, len(payload), ctypes.byref(number)))
        return number.value

    def cancel_wakeup(self, number):
        """Whether it was still to come."""
        return lib.mesh_cancel_wakeup(self._self, number) == library.OK

    def watch(self, descriptors):
        """In a handler: on_watch when some of them are readable, until the next message has been handled."""
        self._watched = tuple(fd if isinstance(fd, int) else fd.fileno() for fd in descriptors)

    def log(self, text, level="info"):
        lib.mesh_log_text(self._self, LEVELS[level], text.encode("utf-8", "replace").replace(b"\0", b" "))

    def handle_dead_letters(self, on=True):
        """This actor is its node's dead-letter handler, or steps down."""
        check(lib.mesh_dead_letters(self._self, on))

    def watch_convention(self, on=True):
        """on_update for each member that is there, comes, changes or goes."""
        check(lib.mesh_convention_updates(self._self, on))

    def set_capabilities(self, **values):
        """Of the node; None takes one away."""
        items = convert_capabilities(values)
        check(lib.mesh_set_capabilities(self._self, items, len(items)))

    def preregister(self, endpoint, expected=None):
        required = convert_requirements(expected)
        check(lib.mesh_preregister(self._self, endpoint.encode(), required, len(required)))

    def deregister(self, who):
        check(lib.mesh_deregister(self._self, str(who).encode()))

    def request_report(self, who):
        """on_report with the status of an actor, or of the node of an admin; gives the number of the request."""
        number = ctypes.c_uint64()
        check(lib.mesh_request_report(self._self, who.raw, ctypes.byref(number)))
        return number.value

    # ---- loadable sources ----

    def load_source(self, data, info=""):
        """A bundle, by its bytes; on_source tells when it is loaded."""
        check(lib.mesh_load_source(self._self, data, len(data), info.encode()))

    def unload_source(self, name):
        check(lib.mesh_unload_source(self._self, name.encode()))

    def watch_sources(self, on=True):
        """on_source for each that is loaded, and for each change."""
        check(lib.mesh_source_updates(self._self, on))

    def judge_sources(self, on=True):
        """This actor is its node's Source Authority, or steps down."""
        check(lib.mesh_source_authority(self._self, on))

    def validated(self, name, plain=None):
        """That source may be loaded: as it is, or as these bytes."""
        check(lib.mesh_source_validated(self._self, name.encode(), plain, len(plain or b"")))

    def refused(self, name, text):
        check(lib.mesh_source_refused(self._self, name.encode(), text.encode()))
