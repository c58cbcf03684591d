"""An actor in Python, which has one in C calculate for it.

SPDX-License-Identifier: MPL-2.0
"""
import actormesh


class Poet(actormesh.Actor):
    """Is told two numbers, and tells in words how large a field of that size is."""

    def begin(self):
        self.area = self.create("fields.area")
        self.wanted = []

    def receive(self, message):
        if message.sender == self.area:
            reader, size = self.wanted.pop(0)
            self.send(reader, f"A field of {' by '.join(size.split())} has room for {message.value} trees.")
        else:
            self.wanted.append((message.sender, message.value))
            self.send(self.area, message.value)

    def on_poison(self, poison):
        reader, _ = self.wanted.pop(0)
        self.send(reader, f"No poem: {poison.failure}.")
