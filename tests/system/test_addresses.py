"""Whether members are reached where they say: the leader tries it, and both logs tell when they are not (S9F).

SPDX-License-Identifier: MPL-2.0
"""
import socket
import unittest

from nodes import COURIERS, Directory, free_port, wait_for

WAIT_S = 30


class Addresses(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.leader = self.directory.node("leader", f"bind = {endpoint}")
        self.follow = f"bind = tcp://127.0.0.1:0\nleaders = {endpoint}"

    def log(self, node):
        return (node.run / "log").read_text()

    def expect(self, member, endpoint, why):
        """Both say that the member is not reached there, and why."""
        for node, text in ((self.leader, f"says that it is reached at {endpoint}, and is not from here: {why}"),
                           (member, f"the leader cannot call this node at {endpoint}: {why}")):
            wait_for(lambda node=node, text=text: text in self.log(node), WAIT_S, f"a log says: {text}")

    def test_S9F_where_nobody_listens(self):
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        good = self.directory.node("good", self.follow)
        wait_for(lambda: "node good at" in self.log(self.leader), WAIT_S, "good is a member")
        bad = self.directory.node("bad", f"{self.follow}\nadvertise = {endpoint}")
        self.expect(bad, endpoint, "Connection refused")
        self.assertEqual(self.leader.status()["counters"]["members_not_reached"], 1)
        self.assertNotIn("node good says", self.log(self.leader))
        self.assertNotIn("cannot call this node", self.log(good))
        self.assertEqual(good.status()["counters"]["strangers_refused"], 0)  # a trial is no stranger

    def test_S9F_where_nobody_answers(self):
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for caller in (first, second):
                caller.setblocking(False)
                caller.connect_ex(full.getsockname())
            endpoint = "tcp://{}:{}".format(*full.getsockname())
            member = self.directory.node("member", f"{self.follow}\nadvertise = {endpoint}")
            self.expect(member, endpoint, "no answer within 5 s")

    def test_S9F_a_host_that_is_named_is_looked_up(self):
        port = free_port()
        endpoint = f"tcp://localhost:{free_port()}"
        good = self.directory.node("good", f"{self.follow.replace(':0', f':{port}')}\nadvertise = tcp://localhost:{port}\nadmin_routing = true")
        bad = self.directory.node("bad", f"{self.follow}\nadvertise = {endpoint}\nadmin_routing = true")
        self.expect(bad, endpoint, "Connection refused")
        self.assertNotIn("node good says", self.log(self.leader))
        self.assertNotIn("cannot call this node", self.log(good))

    def test_S9F_a_host_that_is_named_and_not_known(self):
        endpoint = "tcp://nowhere.invalid:1900"
        member = self.directory.node("member", f"{self.follow}\nadvertise = {endpoint}\nadmin_routing = true")
        self.expect(member, endpoint, "")  # how the name service says so is its own business

    def test_S9A_a_node_that_advertises_a_name_reaches_others_and_is_reached(self):
        port = free_port()
        capable = f"module_path = {COURIERS}\ncapabilities\n    named = true"
        member = self.directory.node("member", f"{self.follow.replace(':0', f':{port}')}\nadvertise = tcp://localhost:{port}\n{capable}")
        wait_for(lambda: "node member at tcp://localhost:" in self.log(self.leader), WAIT_S, "the member has joined")
        courier = self.leader.caller().ask("create courier named")
        for node in (self.leader, member):
            self.assertEqual(node.caller().ask(f"ask {courier} account"), "accepted 0 of 0, got 0, wrong 0")


if __name__ == "__main__":
    unittest.main()
