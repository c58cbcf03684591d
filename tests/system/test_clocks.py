"""Clocks that jump (S6E): the time of day means nothing to a node, and after a jump of the other clock it judges nobody by that time.

SPDX-License-Identifier: MPL-2.0
"""
import datetime
import re
import struct
import unittest

from convention import Convention, counters, settings
from nodes import BUILD, Directory, free_port, wait_for

CLOCKS = BUILD / "tests" / "bin" / "clocks.so"
TIMES = "times\n    period = 2 s\n    restart = 1 s"
DAY_S = 24 * 3600
STOOD_STILL = re.compile(r"this node stood still for (59|60)\.\d s: it judges nobody by that time")
PARCELS = 2000
WAIT_S = 30


class Clocks(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.nodes = {"lead": self.node("lead", self.endpoint), "member": self.node("member", "tcp://127.0.0.1:0", self.endpoint)}
        self.convention = Convention(self.nodes, WAIT_S)
        self.convention.await_members()
        self.convention.place_couriers()

    def node(self, name, endpoint, leader=""):
        self.shift(name)
        prelude = f"export LD_PRELOAD={CLOCKS} MESH_TEST_CLOCKS={self.clocks(name)}; exec"
        return self.directory.node(name, settings(name, "normal", endpoint, leader, TIMES), prelude=prelude)

    def clocks(self, name):
        return self.directory.path / f"{name}.clocks"

    def shift(self, name, time_of_day_s=0, monotonic_s=0):
        """From now on the clocks of all processes of that node are ahead, or behind, by so much."""
        with open(self.clocks(name), "r+b" if self.clocks(name).exists() else "wb") as file:
            file.write(struct.pack("=qq", time_of_day_s * 10**9, monotonic_s * 10**9))

    def goes_on(self, name):
        """The node lives for two more periods by its own clock, and is used."""
        until_ms = self.nodes[name].status()["uptime_ms"] + 4000
        wait_for(lambda: self.nodes[name].status()["uptime_ms"] >= until_ms, WAIT_S, f"{name} has lived on")
        self.convention.all_to_all(PARCELS)

    def nobody_was_judged(self):
        for node in self.nodes.values():
            self.assertEqual(counters(node)["members_suspected"], 0)
            for word in ("suspect", "no member any more", "no leader"):
                self.assertNotIn(word, node.log())
            count = counters(node)
            self.assertEqual([count["dead"], count["returned"], count["abandoned"]], [0, 0, 0])

    def test_S6E_the_time_of_day_is_not_used(self):
        for days in (400, -800):
            for name in self.nodes:
                self.shift(name, time_of_day_s=days * DAY_S)
                self.goes_on(name)
            year = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-")
            self.directory.node(f"other{days % 7}", settings("other", "normal", "tcp://127.0.0.1:0", self.endpoint, TIMES))
            told = f"node other{days % 7} at "
            wait_for(lambda told=told: told in self.nodes["lead"].log(), WAIT_S, "the leader's log tells of another node")
            line = next(line for line in self.nodes["lead"].log().splitlines() if told in line)
            self.assertTrue(line.startswith(year), f"by its clock it is {year}: {line}")
        self.nobody_was_judged()

    def test_S6E_after_a_jump_of_its_clock_a_node_judges_nobody(self):
        for name in ("member", "lead"):
            self.convention.send([("lead", "member"), ("member", "lead")], PARCELS)
            self.shift(name, monotonic_s=60)
            wait_for(lambda name=name: STOOD_STILL.search(self.nodes[name].log()), WAIT_S, f"{name} knows that it stood still")
            self.convention.await_parcels()
            self.goes_on(name)
            self.assertEqual(self.convention.counter(name, "stood_still"), 1)
        self.nobody_was_judged()


if __name__ == "__main__":
    unittest.main()
