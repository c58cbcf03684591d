"""Nodes that the leader was told about (S2): by the command, on any node, and by the configuration.

SPDX-License-Identifier: MPL-2.0
"""
import signal
import subprocess
import unittest

from nodes import MESH, MODULES, Directory, environment, free_port, wait_for

TIMES = "times\n    period = 2 s\n    restart = 1 s"
WAIT_S = 30


def states(node):
    """The members as the node sees them: name and state; of those that have not come, the endpoint."""
    return {member["name"] or member["endpoint"]: member["state"] for member in node.status()["members"]}


class Guests(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("leader", "guest", "member")}

    def start(self, name, config=""):
        return self.directory.node(name, f"bind = {self.endpoints[name]}\nmodule_path = {MODULES}\n{config}\n{TIMES}")

    def command(self, node, verb, address):
        done = subprocess.run([MESH, verb, "--run-directory", node.run, address], env=environment(), capture_output=True,
                              text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stderr

    def wait(self, node, expected):
        wait_for(lambda: states(node) == expected, WAIT_S, f"the members are {expected}")

    def test_S2A_S2G_a_guest_is_invited_and_sent_away_from_any_node(self):
        leader, guest = self.start("leader"), self.start("guest")
        member = self.start("member", f"leaders = {self.endpoints['leader']}")
        self.wait(member, {"leader": "leader", "member": "member"})
        self.assertEqual(self.command(member, "preregister", self.endpoints["guest"]), (0, ""))
        everybody = {"leader": "leader", "member": "member", "guest": "member"}
        for node in (leader, guest, member):
            self.wait(node, everybody)
        with guest.create("good.plain") as program:
            admin = next(actor["parent"] for actor in guest.status()["actors"] if actor["address"] == program.address)
            self.assertEqual(self.command(guest, "deregister", admin), (0, ""))
            for node in (leader, member):
                self.wait(node, {"leader": "leader", "member": "member"})
            self.wait(guest, {"guest": "idle"})
            program.stdin.close()

    def test_S2B_S2D_who_comes_late_or_is_lost_is_invited(self):
        leader = self.start("leader", f"preregister = {self.endpoints['guest']}")
        self.wait(leader, {"leader": "leader", self.endpoints["guest"]: "invited"})
        guest = self.start("guest")
        self.wait(leader, {"leader": "leader", "guest": "member"})
        guest.kill(signal.SIGKILL)
        self.wait(leader, {"leader": "leader", self.endpoints["guest"]: "invited"})
        again = self.start("guest")
        for node in (leader, again):
            self.wait(node, {"leader": "leader", "guest": "member"})

    def test_S2G_the_leader_says_why_it_will_not(self):
        leader = self.start("leader")
        for verb, address, expected, why in (
            ("deregister", "tcp://127.0.0.1:1", 4, "it is neither a member nor pre-registered"),
            ("deregister", self.endpoints["leader"], 2, "it is the leader itself"),
            ("preregister", self.endpoints["leader"], 2, "it is the leader itself"),
        ):
            code, text = self.command(leader, verb, address)
            self.assertEqual(code, expected, text)
            self.assertIn(why, text)


if __name__ == "__main__":
    unittest.main()
