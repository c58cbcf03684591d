"""ZMTP 3.0 by hand, without encryption: what a stranger may say to a port of a node.

SPDX-License-Identifier: MPL-2.0
"""
import socket
import struct

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
IDENTITY = b"m" + bytes(range(8))


def frame(payload, more=False):
    """One part of a message."""
    flags = int(more)
    return bytes([flags, len(payload)]) + payload if len(payload) < 256 else struct.pack(">BQ", flags | 2, len(payload)) + payload


def ready(identity=IDENTITY):
    """The end of the handshake of a DEALER."""
    properties = b"".join(bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
                          for name, value in ((b"Socket-Type", b"DEALER"), (b"Identity", identity)))
    command = b"\x05READY" + properties
    return b"\x04" + bytes([len(command)]) + command


def connect(port, *said):
    """A connection to a port of this host, on which that has been said."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    for piece in said:
        connection.sendall(piece)
    return connection


def is_closed(connection):
    """Whether the other side has ended it; takes what it had said."""
    connection.settimeout(0.01)
    try:
        while connection.recv(65536):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True
