"""Nodes that are configured so that they do not fit each other: what the logs say, and what becomes of them (S1A, S1G, S6E, S9A).

SPDX-License-Identifier: MPL-2.0
"""
import signal
import unittest

from nodes import COURIERS, Directory, free_port, wait_for

WAIT_S = 30
TIMES = "times\n    period = 2 s\n    restart = 1 s"


def states(node):
    return {member["name"]: member["state"] for member in node.status()["members"]}


class Misfits(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("one", "two", "three")}

    def start(self, name, leaders="one", more="", settings=(), capability="near"):
        called = ", ".join(self.endpoints.get(leader, leader) for leader in leaders.split())
        config = f"bind = {self.endpoints[name]}\nmodule_path = {COURIERS}\nleaders = {called}\n{more}\n{TIMES}\ncapabilities\n    {capability} = true"
        return self.directory.node(name, config, settings=settings)

    def wait(self, node, expected):
        wait_for(lambda: states(node) == expected, WAIT_S, f"the members of {node.run.name} are {expected}")

    def wait_log(self, node, text):
        wait_for(lambda: text in node.log(), WAIT_S, f"the log of {node.run.name} says: {text}")

    def test_S1A_of_two_nodes_with_one_name_the_second_is_refused_until_the_first_is_gone(self):
        one, first = self.start("one"), self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        second = self.start("three", settings=["node=two"])
        refused = f"a second node named two was refused: the name is taken by the node at {self.endpoints['two']}"
        self.wait_log(one, refused)
        self.wait_log(second, f"the leader at {self.endpoints['one']} refused this node: {refused}")
        self.wait(first, {"one": "leader", "two": "member"})
        first.kill(signal.SIGKILL)
        self.wait(second, {"one": "leader", "two": "member"})

    def test_S6E_of_lists_in_different_orders_one_order_counts(self):
        one, two = self.start("one", "one two"), self.start("two", "two one")
        for node, other in ((one, "two"), (two, "one")):
            self.wait_log(node, f"the node at {self.endpoints[other]} has another order of leaders than this one")
        wait_for(lambda: sorted(states(one).values()) == ["leader", "member"] and states(one) == states(two), WAIT_S, "one of them leads")

    def test_S6E_a_leader_that_lists_itself_by_another_name_leads(self):
        called = self.endpoints["one"].replace("127.0.0.1", "localhost")
        one, two = self.start("one", called), self.start("two")
        self.wait_log(one, f"the leader {called} is this node itself")
        for node in (one, two):
            self.wait(node, {"one": "leader", "two": "member"})

    def test_S9A_who_says_a_wrong_address_takes_part_by_the_connections_that_it_opens(self):
        nowhere = f"tcp://127.0.0.1:{free_port()}"
        one, two = self.start("one"), self.start("two", more=f"advertise = {nowhere}", capability="far")
        three = self.start("three")
        for node in (one, two, three):
            self.wait(node, {"one": "leader", "two": "member", "three": "member"})
        for node in (one, two, three):
            courier = node.caller().ask("create courier far")
            self.assertEqual(node.caller().ask(f"ask {courier} account"), "accepted 0 of 0, got 0, wrong 0")
        two.kill(signal.SIGSTOP)
        self.addCleanup(two.kill, signal.SIGCONT)
        for node in (one, three):
            self.wait(node, {"one": "leader", "three": "member"})
        self.wait_log(one, f"node two at {nowhere} is no member any more: did not register")


if __name__ == "__main__":
    unittest.main()
