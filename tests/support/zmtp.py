"""ZMTP 3.0 by hand, without encryption: what a stranger may say to a port of a node; and what one may have recorded.

SPDX-License-Identifier: MPL-2.0
"""
import socket
import struct
import threading

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


def take(connection, size):
    """So many bytes of what the other side says; fewer when it has closed the connection."""
    said = b""
    while len(said) < size:
        chunk = connection.recv(size - len(said))
        if not chunk:
            break
        said += chunk
    return said


def introduce(port):
    """A connection whose handshake is over, so that messages may follow; None when the other side does not want it."""
    connection = connect(port)
    try:
        connection.sendall(GREETING + ready())
        if len(take(connection, len(GREETING))) == len(GREETING):
            head = take(connection, 2)
            if len(head) == 2 and len(take(connection, head[1])) == head[1]:
                return connection
    except OSError:
        pass  # it was closed
    connection.close()
    return None


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


class Recorder:
    """Passes connections on to a port of this host, and keeps what the callers say, each by itself."""

    def __init__(self, port):
        self.target = port
        self.records, self.sockets = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            near.settimeout(None)
            far.settimeout(None)
            self.sockets += [near, far]
            self.records.append(bytearray())
            self.threads += [threading.Thread(target=self.pass_on, args=ends) for ends in ((near, far, self.records[-1]), (far, near, None))]
            for thread in self.threads[-2:]:
                thread.start()

    def pass_on(self, source, sink, record):
        try:
            while chunk := source.recv(65536):
                if record is not None:
                    record += chunk
                sink.sendall(chunk)
        except OSError:
            pass  # one of them has ended
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has, too

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended
        for thread in self.threads:
            thread.join()
        for end in self.sockets:
            end.close()


TO, BODY = 13, 22  # where the tags of `to` and of the body are in a frame of the mesh; without the first, as in a hello, the other is there
HELLO, BATCH, REGISTER, REGISTERED, DEREGISTER = (number << 3 | 2 for number in (3, 4, 7, 8, 10))


def kind_of(payload):
    """The tag of its body, if that is a frame of the mesh; else 0."""
    if payload[:2] != b"MW" or len(payload) <= BODY:
        return 0
    return payload[BODY if payload[TO] == 2 << 3 | 1 else TO]


def split(stream):
    """Takes the whole parts of messages off the stream of one side: (flags, part as it stands there, its payload)."""
    while len(stream) > 1:
        long = stream[0] & 2
        head = 9 if long else 2
        if len(stream) < head:
            return
        size = struct.unpack(">Q", stream[1:9])[0] if long else stream[1]
        if len(stream) < head + size:
            return
        part = bytes(stream[:head + size])
        del stream[:head + size]
        yield part[0], part, part[head:]


class Repeater(Recorder):
    """Passes connections on like a Recorder, and can say again what a member has said, as one does that has gone wild; counts what it is
    answered."""

    def __init__(self, port):
        self.lock = threading.Lock()
        self.sink, self.latest = None, {}  # where the member speaks, and the last message of each kind that it has said there
        self.repeated = 0
        self.said = {REGISTERED: 0, DEREGISTER: 0}
        super().__init__(port)

    def pass_on(self, source, sink, record):
        stream, greeting, message, kind = bytearray(), len(GREETING), b"", 0
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk[:greeting])  # each side says the rest of it when it has heard the other's beginning
                stream += chunk[greeting:]
                greeting -= min(greeting, len(chunk))
                for flags, part, payload in split(stream):
                    if not message and flags & 4 == 0:
                        kind = kind_of(payload)
                    message += part
                    if flags & 5 == 0:
                        self.look(sink, record is not None, kind, message)
                    if flags & 1 == 0:
                        with self.lock:
                            sink.sendall(message)
                        message = b""
        except OSError:
            pass  # one of them has ended
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has, too

    def look(self, sink, forth, kind, message):
        if forth:
            if kind == REGISTER:
                self.sink = sink
            if kind and (not self.sink or sink is self.sink):
                self.latest[kind] = message
        elif kind in self.said:
            self.said[kind] += 1

    def register_on(self, calm):
        """Registers a thousand times a second, until `calm` is set."""
        while not calm.wait(0.01):
            with self.lock:
                self.sink.sendall(self.latest[REGISTER] * 10)

    def say_on(self, calm):
        """Says everything again, without a pause, until `calm` is set."""
        while not calm.is_set():
            with self.lock:
                self.sink.sendall(b"".join(self.latest.values()) * 20)
            self.repeated += len(self.latest) * 20
