"""Several nodes that may lead (S6): the one that leads is killed, is replaced, and comes back.

SPDX-License-Identifier: MPL-2.0
"""
import signal
import time
import unittest

from nodes import MODULES, Directory, free_port, wait_for

WAIT_S = 30
REPLACED_S = 5
NAMES = ("first", "second", "third", "worker", "guest")


def states(node):
    """The members as the node sees them: name and state; of guests that have not come, the endpoint."""
    return {member["name"] or member["endpoint"]: member["state"] for member in node.status()["members"]}


def leads(node, *words):
    """Whether it leads, by its own word, in one of these states."""
    return states(node).get(node.run.name) in words


class Leaders(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in NAMES}
        self.leaders = "leaders = " + ", ".join(self.endpoints[name] for name in NAMES[:3])

    def start(self, name, config=None):
        config = self.leaders if config is None else config
        return self.directory.node(name, f"bind = {self.endpoints[name]}\nmodule_path = {MODULES}\n{config}")

    def wait(self, node, expected):
        wait_for(lambda: states(node) == expected, WAIT_S, f"the members of {node.run.name} are {expected}")

    def test_S6A_S6B_S6C_a_leader_that_is_killed_is_replaced_and_takes_over_again(self):
        late = f"tcp://127.0.0.1:{free_port()}"
        guest = self.start("guest", "")
        first = self.start("first", f"{self.leaders}\npreregister = {self.endpoints['guest']}, {late}")
        second, third, worker = self.start("second"), self.start("third"), self.start("worker")
        everybody = {name: "member" for name in NAMES}
        self.wait(first, {**everybody, "first": "leader", late: "invited"})
        self.wait(second, {**everybody, "first": "leader"})
        self.wait(guest, {**everybody, "first": "leader"})
        with worker.create("good.plain") as program:
            first.kill(signal.SIGKILL)
            killed = time.monotonic()
            wait_for(lambda: leads(second, "leader", "degraded"), WAIT_S, "the second leads")
            self.assertLess(time.monotonic() - killed, REPLACED_S)
            rest = {name: "member" for name in NAMES[1:]}
            self.wait(second, {**rest, "second": "degraded", late: "invited"})
            for node in (third, worker, guest):
                self.wait(node, {**rest, "second": "leader"})
            actors = {node["name"]: len(node["actors"]) for node in second.status(whole=True)}
            self.assertEqual(actors, {"second": 0, "third": 0, "worker": 1, "guest": 0})
            again = self.start("first")
            self.wait(again, {**everybody, "first": "leader", late: "invited"})
            for node in (second, third, worker, guest):
                self.wait(node, {**everybody, "first": "leader"})
            self.assertEqual(worker.status()["actors"][0]["address"], program.address)
            program.stdin.close()


if __name__ == "__main__":
    unittest.main()
