"""What `mesh status ADDRESS` shows of one actor (K1), as text and as JSON.

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import signal
import subprocess
import unittest

from nodes import MESH, MODULES, Directory, environment


class Status(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.node = self.directory.node("one", f"module_path = {MODULES}")

    def create(self, type_name):
        program = self.node.create(type_name)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdin.close)
        return program.address

    def show(self, address, *options):
        command = [MESH, "status", "--run-directory", self.node.run, *options, address]
        return subprocess.run(command, env=environment(), check=True, capture_output=True, text=True, timeout=30).stdout

    def json(self, address):
        return json.loads(self.show(address, "--json"))["actor"]

    def test_D3_what_is_said_to_a_program_that_attaches_goes_once(self):
        for _ in range(3):
            counters = self.node.status()["counters"]
        self.assertGreater(counters["handled"], 3)
        self.assertEqual(counters["sent_again"], 0)

    def test_K1_one_actor_as_text(self):
        address = self.create("good.light")
        text = self.show(address)
        self.assertRegex(text, rf"^ACTOR {address}\n  type       good\.light \(light\)\n  node       one, process \d+\n")
        self.assertRegex(text, r"\n  state      idle\n  restarts   0\n  mailbox    0 messages, 0 bytes\n")
        self.assertRegex(text, r"\n  counters   handled 0; retried 0; .*\n  children   0\n$")

    def test_K1_one_actor_as_json(self):
        address = self.create("good.plain")
        listed = next(actor for actor in self.node.status()["actors"] if actor["address"] == address)
        seen = self.json(address)
        for key in ("address", "parent", "type", "pid", "mailbox", "handled", "unsettled", "busy_ms"):
            self.assertEqual(seen[key], listed[key], key)
        self.assertEqual((seen["node"], seen["state"], seen["secondhand"]), ("one", "idle", False))
        self.assertEqual((seen["children"], seen["children_count"], seen["counters"]["sent"]), ([], 0, 0))

    def test_K1_a_stopped_host_is_answered_for_by_its_admin(self):
        address = self.create("good.plain")
        os.kill(self.json(address)["pid"], signal.SIGSTOP)
        seen = self.json(address)
        self.assertTrue(seen["secondhand"])
        self.assertEqual((seen["type"], seen["node"], seen["in_hand"]), ("good.plain", "one", ""))
        self.assertIn("said by the admin of its node", self.show(address))

    def test_K1_the_address_of_an_admin_shows_its_node(self):
        parent = self.json(self.create("good.plain"))["parent"]
        self.assertIn("NODE one (leads)", self.show(parent))


if __name__ == "__main__":
    unittest.main()
