"""Ways between nodes (S8A to S8F): direct, through the receiver's admin, through both, and the leader between two that cannot be called.

All on loopback, where nothing is in the way; that the admins are on the way show their counters, and test_netns what a wall makes of it.
SPDX-License-Identifier: MPL-2.0
"""
import os
import signal
import time
import unittest

from convention import Convention, settings
from nodes import Directory, free_port, wait_for

PARCELS = 2000
HELD_MS = 60000
DESCRIPTORS, TARGETS = 240, 50  # a connection takes four or more
MISSED_S = 5


class Routes(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.ports = {}

    def endpoint(self, name):
        self.ports[name] = self.ports.get(name) or free_port()
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def convention(self, kinds, leader_settings=""):
        """The first one leads."""
        leader = next(iter(kinds))
        callable_leader = kinds[leader] != "outbound_only"
        self.texts = {}
        for name, kind in kinds.items():
            follows = self.endpoint(leader) if name != leader and callable_leader else ""
            self.texts[name] = settings(name, kind, self.endpoint(name), follows, leader_settings if name == leader else "")
        whole = Convention({name: self.directory.node(name, text) for name, text in self.texts.items()})
        whole.await_members()
        whole.place_couriers()
        return whole

    def test_S8A_S8B_S8C_all_ways_in_both_directions(self):
        whole = self.convention({"lead": "normal", "plain": "normal", "routed": "admin_routing", "out": "outbound_only",
                                 "away": "outbound_only"})
        whole.all_to_all(PARCELS)
        for name in whole.nodes:
            self.assertGreater(whole.counter(name, "passed_on"), 0, name)

    def test_S8C_a_leader_that_cannot_be_called(self):
        invited = ", ".join(self.endpoint(name) for name in ("plain", "routed"))
        whole = self.convention({"lead": "outbound_only", "plain": "normal", "routed": "admin_routing"},
                                f"preregister = {invited}")
        whole.all_to_all(PARCELS)

    def test_S8B_a_leader_of_whose_node_only_the_admin_can_be_called(self):
        whole = self.convention({"lead": "admin_routing", "plain": "normal", "routed": "admin_routing", "out": "outbound_only"})
        whole.all_to_all(PARCELS, 20000)

    def test_S1G_S8C_nodes_that_are_killed_come_back(self):
        whole = self.convention({"lead": "normal", "routed": "admin_routing", "out": "outbound_only", "away": "outbound_only"})
        whole.all_to_all(PARCELS)
        for name in ("out", "routed", "lead"):
            whole.nodes[name].end()
            fresh = Convention({**whole.nodes, name: self.directory.node(name, self.texts[name])})
            fresh.await_members()
            fresh.place_couriers()
            fresh.all_to_all(PARCELS)
            whole = fresh

    def test_S9B_a_leader_is_called_by_its_name(self):
        port = self.endpoint("lead").rsplit(":", 1)[1]
        nodes = {"lead": self.directory.node("lead", settings("lead", "normal", self.endpoint("lead"))),
                 "plain": self.directory.node("plain", settings("plain", "normal", self.endpoint("plain"), f"tcp://localhost:{port}"))}
        whole = Convention(nodes)
        whole.await_members()
        whole.place_couriers()
        whole.all_to_all(PARCELS)

    def test_S9C_few_descriptors_are_enough_for_many_targets(self):
        node = self.directory.node("one", settings("one", "normal", self.endpoint("one")), prelude=f"ulimit -n {DESCRIPTORS}; exec")
        caller = node.caller()
        sender, *receivers = [caller.ask("create courier one") for _ in range(TARGETS + 1)]
        for round_ in (1, 2):
            for receiver in receivers:
                caller.ask(f"ask {sender} send {receiver} 3 64")
            for receiver in receivers:
                wait_for(lambda receiver=receiver, expected=f"got {3 * round_}, wrong 0": expected in caller.ask(f"ask {receiver} account"),
                         10, "all have come")
        pid = next(actor["pid"] for actor in node.status()["actors"] if actor["address"] == sender)
        self.assertLess(len(os.listdir(f"/proc/{pid}/fd")), DESCRIPTORS)

    def test_S8F_who_is_gone_is_missed_at_once(self):
        whole = self.convention({"lead": "normal", "routed": "admin_routing", "out": "outbound_only"})
        for name in ("routed", "out"):
            node = whole.nodes[name]
            caller = whole.nodes["lead"].caller()
            caller.say(f"ask {whole.couriers[name]} hold {HELD_MS}")
            busy = wait_for(lambda node=node: [actor for actor in node.status()["actors"] if actor["state"] == "busy"], 10,
                            f"the courier on {name} is busy")
            os.kill(busy[0]["pid"], signal.SIGKILL)
            killed = time.monotonic()
            caller_says = caller.program.stdout.readline()
            self.assertRegex(caller_says, "^! MESH_REFUSED: killed by SIGKILL")
            self.assertLess(time.monotonic() - killed, MISSED_S)


if __name__ == "__main__":
    unittest.main()
