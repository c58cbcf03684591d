"""Actors in Python on mesh: programs that create, tell, ask and listen, and actors, each a process of its own.

    import actormesh

    class Greeter(actormesh.Actor):
        def receive(self, message):
            self.reply(f"hello {message.value}")

    with actormesh.ActorSystem(actors=["greeter"]) as system:
        print(system.ask(system.create("greeter.Greeter"), "world").value)

Nothing is needed but the shared library, which ctypes loads: $ACTORMESH_LIBRARY, or libactormesh.so.0 where the system finds it.

SPDX-License-Identifier: MPL-2.0
"""
from .address import Address
from .errors import DeadError, MeshError, RefusedError, TimedOut
from .actor import Actor
from .message import (ChildExited, DeadLetter, ExitRequest, Message, Poison, Report, Source, Update,
                      Validate, Wakeup, Watch)
from .system import ActorSystem, Endpoint, pack_source, source_hash
from .values import (Required, at_least, at_most, equal, less, more, one_of, present, told, unequal)

__all__ = ["Actor", "ActorSystem", "Address", "ChildExited", "DeadError", "DeadLetter", "Endpoint", "ExitRequest", "MeshError", "Message",
           "Poison", "RefusedError", "Report", "Required", "Source", "TimedOut", "Update", "Validate", "Wakeup", "Watch", "at_least", "at_most", "equal", "less", "more",
           "one_of", "pack_source", "present", "source_hash", "told", "unequal"]
