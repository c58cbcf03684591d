"""Strangers at a node's ports (S7K): scans, crowds, garbage, and frames of an earlier life. The node goes on, its memory stays flat.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import random
import resource
import subprocess
import sys
import unittest

from nodes import FLAT_KIB, MESH, MODULES, Directory, environment, free_port, private_kib, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import zmtp  # noqa: E402  (the path above makes it findable)

WAIT_S = 20
SEED = 7


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def listening_port(pid):
    """A tcp port on which the process listens."""
    own = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and f"socket:[{words[9]}]" in own:
            return int(words[1].split(":")[1], 16)
    raise AssertionError(f"process {pid} does not listen")


class Strangers(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.port = free_port()
        self.random = random.Random(SEED)

    def node(self, more="", **options):
        return self.directory.node("one", f"bind = tcp://127.0.0.1:{self.port}\nmodule_path = {MODULES}\n{more}", **options)

    def host(self, node):
        """The process of an actor of the node."""
        program = node.create("good.plain")
        self.addCleanup(program.communicate)
        return next(actor["pid"] for actor in node.status()["actors"] if actor["address"] == program.address)

    def held(self, *connections):
        for connection in connections:
            self.addCleanup(connection.close)
        return connections

    def counter(self, node, name):
        return node.status()["counters"][name]

    def log_lines(self, node):
        """What the log says of strangers."""
        text = (node.run / "log").read_text()
        return [line for line in text.splitlines() if "dropped since the last word" in line]

    def flood(self, pid, port, attack):
        """Attacks twice as often as it takes to find out what is kept: the second half takes nothing more."""
        attack(port)
        before = private_kib(pid)
        attack(port)
        attack(port)
        self.assertLess(private_kib(pid) - before, FLAT_KIB)

    def scan(self, port):
        for _ in range(500):
            zmtp.connect(port).close()

    def garbage(self, port):
        """Bytes that are no greeting, then such behind a right one, until the node has had enough of each."""
        for beginning in (b"", zmtp.GREETING, zmtp.GREETING + zmtp.ready()):
            for _ in range(20):
                with zmtp.connect(port, beginning) as connection:
                    try:
                        connection.sendall(self.random.randbytes(100_000))
                    except OSError:
                        pass  # it was closed meanwhile

    def nonsense(self, port):
        """Messages of a right form that are no frames, some of them cut short."""
        for _ in range(20):
            with wait_for(lambda: zmtp.introduce(port), WAIT_S, "a stranger gets in") as connection:
                pieces = (b"", b"MW\1\0", b"MW\1\0" + self.random.randbytes(200), self.random.randbytes(4000))
                try:
                    for _ in range(40):
                        connection.sendall(zmtp.frame(self.random.choice(pieces), more=self.random.random() < 0.2))
                except OSError:
                    pass  # it was closed meanwhile

    def test_S7K_a_port_scan_leaves_nothing_behind(self):
        node = self.node()
        host = self.host(node)
        held = descriptors(node.pid)
        self.flood(node.pid, self.port, self.scan)
        self.flood(host, listening_port(host), self.scan)
        wait_for(lambda: descriptors(node.pid) <= held, WAIT_S, "the connections are gone")
        self.assertGreater(self.counter(node, "connections_left") + self.counter(node, "connections_shut"), 100)
        self.assertLessEqual(len(self.log_lines(node)), 4)

    def test_S7K_garbage_and_nonsense_change_nothing(self):
        node = self.node()
        host = self.host(node)
        for attack in (self.garbage, self.nonsense):
            self.flood(node.pid, self.port, attack)
            self.flood(host, listening_port(host), attack)
        self.assertGreaterEqual(self.counter(node, "malformed"), 20 * 3)
        self.assertEqual(len(node.status()["actors"]), 1)
        self.assertLessEqual(len(self.log_lines(node)), 6)

    def test_S7K_too_much_nonsense_closes_a_connection(self):
        node = self.node()
        connection, = self.held(zmtp.introduce(self.port))
        connection.sendall(zmtp.frame(b"nonsense") * 15)
        wait_for(lambda: self.counter(node, "malformed") == 15, WAIT_S, "the frames are read")
        self.assertFalse(zmtp.is_closed(connection))
        connection.sendall(zmtp.frame(b"nonsense"))
        wait_for(lambda: zmtp.is_closed(connection), WAIT_S, "the connection is closed")
        self.assertEqual(self.counter(node, "connections_shut"), 1)

    def test_S7K_a_crowd_of_one_address_stays_outside(self):
        node = self.node()
        crowd = self.held(*(zmtp.connect(self.port) for _ in range(300)))
        wait_for(lambda: sum(map(zmtp.is_closed, crowd)) == 300 - 128, WAIT_S, "all but 128 are closed")
        wait_for(lambda: all(map(zmtp.is_closed, crowd)), WAIT_S, "a handshake lasts 5 s at most")
        self.assertEqual(self.counter(node, "connections_shut"), 300 - 128)
        other = self.directory.node("two", f"bind = none\noutbound_only = true\nleaders = tcp://127.0.0.1:{self.port}")
        wait_for(lambda: len(other.status()["members"]) == 2, WAIT_S, "who knows how to speak gets in")

    def replay(self, node, records):
        """Says again what was recorded: nobody is a member by that."""
        self.assertTrue(any(len(record) > 100 for record in records))
        for record in records:
            connection, = self.held(zmtp.connect(self.port))
            try:
                connection.sendall(record)
            except OSError:
                pass  # it was closed meanwhile
        self.assertEqual([member["name"] for member in node.status()["members"]], ["one"])

    def key(self, name):
        done = subprocess.run([MESH, "keygen", "--out", self.directory.path / f"{name}.key"], env=environment(), check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=WAIT_S)
        return done.stdout.strip()

    def recorded(self, leader, security="", key=""):
        """What a member has said to the leader, to join it, before it was killed."""
        recorder = zmtp.Recorder(self.port)
        self.addCleanup(recorder.close)
        other = self.directory.node("two", f"bind = tcp://127.0.0.1:0\nleaders = tcp://127.0.0.1:{recorder.port}{key}\n{security}")
        wait_for(lambda: len(leader.status()["members"]) == 2, WAIT_S, "it is a member")
        other.kill()
        wait_for(lambda: len(leader.status()["members"]) == 1, WAIT_S, "it is lost")
        return recorder.records

    def test_S7A_what_was_recorded_is_worth_nothing(self):
        keys = {name: self.key(name) for name in ("one", "two")}
        security = {}
        for name in keys:
            members = self.directory.path / f"{name}.members"
            members.write_text("".join(f"allow {key} {node}\n" for node, key in keys.items()))
            security[name] = f"security = curve\nkey = {self.directory.path / name}.key\nmembers = {members}"
        node = self.node(more=security["one"])
        records = self.recorded(node, security["two"], f"/{keys['one']}")
        refused = self.counter(node, "strangers_refused")
        self.replay(node, records)
        wait_for(lambda: self.counter(node, "strangers_refused") > refused, WAIT_S, "the handshake fails")
        self.assertEqual([member["name"] for member in node.status()["members"]], ["one"])

    def test_S1G_what_was_recorded_is_for_an_earlier_life(self):
        node = self.node()
        records = self.recorded(node)
        node.end()
        again = self.node()
        self.replay(again, records)

    def test_S7K_strangers_leave_an_admin_its_last_descriptors(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.assertGreater(most, 600, "this test needs descriptors of its own")
        node = self.node(prelude="ulimit -n 256; exec")
        self.held(*(zmtp.connect(self.port) for _ in range(500)))
        for _ in range(3):
            self.assertEqual(node.status()["pid"], node.pid)
        self.assertLess(descriptors(node.pid), 128)


if __name__ == "__main__":
    unittest.main()
