"""The convention's list of keys (S7G to S7J): the command on any node, the files that keep it, and what is refused.

SPDX-License-Identifier: MPL-2.0
"""
import json
import stat
import subprocess
import unittest

from convention import Convention, counters, is_settled
from nodes import COURIERS, MESH, Directory, environment, free_port, wait_for

PARCELS, PARCEL_BYTES = 20000, 16000  # more than can be sent in a moment
WAIT_S = 30
LOST_S = 15  # without a word a leader is lost
BACK, THIRD = "22" * 32, "33" * 32


class Members(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.key = {name: self.mesh("keygen", "--out", str(self.path(name, "key")))[1].splitlines()[0] for name in ("one", "two")}

    def path(self, name, kind):
        return self.directory.path / f"{name}.{kind}"

    def mesh(self, *words):
        done = subprocess.run([MESH, *words], env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stdout + done.stderr

    def start(self, name, *lines):
        """A node that may take part, and whose members file has these lines besides."""
        members, address, leader = self.path(name, "members"), self.address, ""
        members.write_text("".join(line + "\n" for line in (f"allow {self.key['one']} one", f"allow {self.key['two']} tw*", *lines)))
        if name != "one":
            address, leader = f"tcp://127.0.0.1:{free_port()}", f"leaders = {self.address}/{self.key['one']}"
        return self.directory.node(name, f"""bind = {address}
{leader}
security = curve
key = {self.path(name, 'key')}
members = {members}
module_path = {COURIERS}
capabilities
    {name} = true""")

    def member(self, node, *words):
        return self.mesh("member", words[0], "--run-directory", str(node.run), *words[1:])

    def keys(self, node):
        """What the node says of each key but those of the nodes: for whom it is allowed, or None."""
        code, text = self.member(node, "list", "--json")
        self.assertEqual(code, 0, text)
        found = {key["key"]: None if key["revoked"] else key["pattern"] for key in json.loads(text)["keys"]}
        return {key: pattern for key, pattern in found.items() if key not in self.key.values()}

    def wait(self, node, expected):
        wait_for(lambda: self.keys(node) == expected, WAIT_S, f"the list is {expected}")

    def test_S7H_what_is_said_at_any_node_is_known_at_all(self):
        one, two = self.start("one", f"allow {BACK} back"), self.start("two", f"allow {THIRD} third # of two alone")
        for node in (one, two):
            self.wait(node, {BACK: "back", THIRD: "third"})
        self.assertEqual(self.member(two, "allow", "th*", THIRD), (0, ""))
        self.assertEqual(self.member(one, "revoke", BACK), (0, ""))
        for node in (one, two):
            self.wait(node, {BACK: None, THIRD: "th*"})
        listed = self.member(two, "list")[1].splitlines()  # by key; those of the nodes stand anywhere
        self.assertLess(listed.index(f"{BACK}  revoked"), listed.index(f"{THIRD}  allowed  th*"))

    def test_S7G_a_restart_forgets_no_revocation(self):
        one, two = self.start("one"), self.start("two", f"allow {BACK} elsewhere")
        self.wait(one, {BACK: "elsewhere"})
        self.assertEqual(self.member(one, "revoke", BACK), (0, ""))
        self.wait(two, {BACK: None})
        path = self.path("two", "members")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        two.kill()
        one.kill()
        wait_for(lambda: not two.run.exists(), WAIT_S, "the node has ended")
        self.assertEqual(self.keys(self.directory.node("two", f"bind = none\nmembers = {path}")), {BACK: None})

    def test_S7J_the_key_of_a_node_is_not_revoked_by_mistake(self):
        one, two = self.start("one"), self.start("two", f"allow {THIRD} third")
        self.wait(one, {THIRD: "third"})
        for words in (("revoke", self.key["one"]), ("revoke", self.key["two"]), ("allow", "other", self.key["two"])):
            code, text = self.member(two, *words)
            self.assertEqual(code, 6, text)
            self.assertRegex(text, "node (one|two) would be cut off, for this is the key that it has: use --force if that is meant")
        self.assertEqual(self.member(two, "allow", "third", THIRD), (0, ""))
        self.assertEqual(self.member(one, "revoke", "--force", self.key["one"]), (0, ""))
        wait_for(lambda: len(two.status()["members"]) == 1, WAIT_S, "nobody is left with the leader")

    def test_S7J_a_node_without_encryption_has_no_use_for_keys(self):
        plain = self.directory.node("plain")
        code, text = self.member(plain, "allow", "third", THIRD)
        self.assertEqual(code, 6)
        self.assertIn("this node has no security = curve, so nobody's key matters here", text)

    def test_S7G_a_members_file_with_mistakes_keeps_a_node_from_starting(self):
        config, members = self.path("bad", "conf"), self.path("bad", "members")
        members.write_text(f"allow {BACK}\nalow x\n")
        config.write_text(f"bind = none\nmembers = {members}\n")
        code, text = self.mesh("node", "start", "--config", str(config), "--run-directory", str(self.path("bad", "run")))
        self.assertEqual(code, 1)
        self.assertIn(f"{members}:1: \"{BACK}\" is allowed for no node", text)
        self.assertIn("and 1 more mistakes", text)

    def test_S7G_a_list_that_cannot_be_kept_is_kept_later(self):
        one = self.start("one", f"allow {BACK} back")
        trap = one.run / "members.now.new"
        trap.mkdir()
        self.assertEqual(self.member(one, "revoke", BACK), (0, ""))
        self.assertIn("the list of keys is not kept: cannot write the members file", (one.run / "log").read_text())
        self.assertEqual(self.keys(one), {BACK: "back"}, "its processes know the former list")
        trap.rmdir()
        self.wait(one, {BACK: None})

    def test_S7I_streams_that_are_open_end_at_once_and_all_is_settled(self):
        nodes = {"one": self.start("one"), "two": self.start("two")}
        whole = Convention(nodes)
        whole.await_members()
        whole.place_couriers()
        whole.send([("one", "two"), ("two", "one")], PARCELS, PARCEL_BYTES)
        self.assertEqual(self.member(nodes["one"], "revoke", self.key["two"]), (0, ""))
        wait_for(lambda: len(nodes["one"].status()["members"]) == 1, 1, "it is a member no more")
        # The word may reach it before it is cut off; if not, it learns it when it calls.
        told = "does not allow the key of this node"
        wait_for(lambda: told in nodes["two"].status()["note"] or told in (nodes["two"].run / "log").read_text(), WAIT_S, "it says so")
        wait_for(lambda: is_settled(nodes["one"]), WAIT_S, "what goes to the revoked is settled")
        wait_for(lambda: is_settled(nodes["two"]), WAIT_S + LOST_S, "and what it sent")
        self.assertLess(whole.account("one")["got"], PARCELS, "but for what was there already nothing of it has come")
        self.assertGreater(counters(nodes["one"])["dead"], 0)
        self.assertGreater(counters(nodes["two"])["dead"], 0)
        self.assertGreater(counters(nodes["one"])["frames_distrusted"] + counters(nodes["two"])["calls_distrusted"], 0)


if __name__ == "__main__":
    unittest.main()
