"""The convention's list of keys (S7G to S7J): the command on any node, the files that keep it, and what is refused.

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import stat
import subprocess
import unittest

from nodes import MESH, Directory, environment, free_port, wait_for

TIMES = "times\n    period = 2 s\n    restart = 1 s"
WAIT_S = 30
FRONT, BACK, THIRD = ("11" * 32, "22" * 32, "33" * 32)


class Members(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("one", "two", "three")}

    def members(self, name, *lines):
        """A node's members file."""
        path = os.path.join(self.directory.path, f"{name}.members")
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(line + "\n" for line in lines))
        return path

    def start(self, name, *lines):
        config = f"bind = {self.endpoints[name]}\nmembers = {self.members(name, *lines)}\n"
        leaders = "" if name == "one" else f"leaders = {self.endpoints['one']}\n"
        return self.directory.node(name, config + leaders + TIMES)

    def member(self, node, *words):
        done = subprocess.run([MESH, "member", words[0], "--run-directory", node.run, *words[1:]], env=environment(),
                              capture_output=True, text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stdout + done.stderr

    def keys(self, node):
        """What the node says of each key: for whom it is allowed, or None."""
        code, text = self.member(node, "list", "--json")
        self.assertEqual(code, 0, text)
        return {key["key"]: None if key["revoked"] else key["pattern"] for key in json.loads(text)["keys"]}

    def wait(self, node, expected):
        wait_for(lambda: self.keys(node) == expected, WAIT_S, f"the list is {expected}")

    def test_S7H_what_is_said_at_any_node_is_known_at_all(self):
        one, two = self.start("one", f"allow {FRONT} o*"), self.start("two", f"allow {BACK} two")
        for node in (one, two):
            self.wait(node, {FRONT: "o*", BACK: "two"})
        self.assertEqual(self.member(two, "allow", "th*", THIRD), (0, ""))
        self.assertEqual(self.member(one, "revoke", "--force", BACK), (0, ""))
        for node in (one, two):
            self.wait(node, {FRONT: "o*", BACK: None, THIRD: "th*"})
        self.assertRegex(self.member(two, "list")[1], f"{BACK} revoked +\n{THIRD} allowed +th\\*\n")

    def test_S7G_a_restart_forgets_no_revocation(self):
        one, two = self.start("one"), self.start("two", f"# ours\nallow {BACK} elsewhere")
        self.wait(one, {BACK: "elsewhere"})
        self.assertEqual(self.member(one, "revoke", BACK), (0, ""))
        self.wait(two, {BACK: None})
        path = os.path.join(self.directory.path, "two.members")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        two.kill()
        one.kill()
        wait_for(lambda: not two.run.exists(), WAIT_S, "the node has ended")
        again = self.directory.node("two", f"bind = none\nmembers = {path}")
        self.assertEqual(self.keys(again), {BACK: None})

    def test_S7J_the_last_key_of_a_node_is_not_revoked_by_mistake(self):
        one, two = self.start("one", f"allow {FRONT} one"), self.start("two", f"allow {BACK} tw*")
        self.wait(two, {FRONT: "one", BACK: "tw*"})
        for words, name in ((("revoke", BACK), "two"), (("allow", "other", BACK), "two"), (("revoke", FRONT), "one")):
            code, text = self.member(two, *words)
            self.assertEqual(code, 1, text)
            self.assertIn(f"node {name} would be cut off, for it is the last key that is allowed for it", text)
        self.assertEqual(self.member(two, "allow", "two", THIRD), (0, ""))
        self.wait(two, {FRONT: "one", BACK: "tw*", THIRD: "two"})
        self.assertEqual(self.member(two, "revoke", BACK), (0, ""), "there is another one")
        self.assertEqual(self.member(one, "revoke", "--force", FRONT), (0, ""))

    def test_S7G_a_members_file_with_mistakes_keeps_a_node_from_starting(self):
        path = self.members("bad", f"allow {FRONT}", "alow x")
        config, run = (os.path.join(self.directory.path, name) for name in ("bad.conf", "bad"))
        with open(config, "w", encoding="ascii") as file:
            file.write(f"bind = none\nmembers = {path}\n")
        done = subprocess.run([MESH, "node", "start", "--config", config, "--run-directory", run], env=environment(),
                              capture_output=True, text=True, timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:1: \"{FRONT}\" is allowed for no node", done.stderr)
        self.assertIn("and 1 more mistakes", done.stderr)


if __name__ == "__main__":
    unittest.main()
