"""Addresses: opaque, comparable, hashable, and a text that can be sent.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes
import functools

from . import library
from .errors import check

TEXT_BYTES = 40


@functools.total_ordering
class Address:
    """Of an actor, an admin or an endpoint. str() gives its text, Address(text) reads it."""

    __slots__ = ("raw",)

    def __init__(self, text=None):
        self.raw = library.RawAddress()
        if text is not None:
            check(library.lib.mesh_address_parse(str(text).encode(), ctypes.byref(self.raw)))

    @classmethod
    def of(cls, raw):
        """A copy of the library's."""
        address = cls()
        address.raw = library.RawAddress(raw.node, raw.local)
        return address

    def __str__(self):
        room = ctypes.create_string_buffer(TEXT_BYTES)
        return library.lib.mesh_address_print(self.raw, room).decode()

    def __repr__(self):
        return f"Address('{self}')" if self else "Address()"

    def __bool__(self):
        return bool(self.raw.node or self.raw.local)

    def __eq__(self, other):
        return isinstance(other, Address) and (self.raw.node, self.raw.local) == (other.raw.node, other.raw.local)

    def __lt__(self, other):
        if not isinstance(other, Address):
            return NotImplemented
        return library.lib.mesh_address_compare(self.raw, other.raw) < 0

    def __hash__(self):
        return hash((self.raw.node, self.raw.local))

    def __reduce__(self):
        return (Address, (str(self),)) if self else (Address, ())
