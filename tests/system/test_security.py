"""Encryption and keys between nodes (S7A to S7E): a convention by CURVE, and all whom it keeps out.

SPDX-License-Identifier: MPL-2.0
"""
import socket
import stat
import subprocess
import unittest

from convention import Convention, counters, settings
from nodes import MESH, Directory, environment, free_port, wait_for

PARCELS = 1000
WAIT_S = 20


class Security(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.ports, self.keys, self.allowed = {}, {}, {}

    def mesh(self, *words):
        done = subprocess.run([MESH, *words], env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stdout.strip() + done.stderr.strip()

    def key(self, name):
        """The public key of the node, which is made when it is asked for first."""
        if name not in self.keys:
            done = subprocess.run([MESH, "keygen", "--out", self.path(name, "key")], env=environment(), check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=WAIT_S)
            self.keys[name] = done.stdout.strip()
        return self.keys[name]

    def path(self, name, kind):
        return self.directory.path / f"{name}.{kind}"

    def address(self, name):
        self.ports[name] = self.ports.get(name) or free_port()
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def endpoint(self, name):
        return f"{self.address(name)}/{self.key(name)}"

    def allow(self, *names, **others):
        """Keys are allowed for the node that they are of, or for another one."""
        for name, node in {**{name: name for name in names}, **others}.items():
            self.allowed[self.key(name)] = node

    def node(self, name, kind="normal", leader="", owner=None, more=""):
        """A node with its own key, or the one of `owner`, and the list of all that are allowed by now."""
        self.key(owner or name)
        members = self.path(name, "members")
        members.write_text("".join(f"allow {key} {node}\n" for key, node in self.allowed.items()))
        security = f"security = curve\nkey = {self.path(owner or name, 'key')}\nmembers = {members}"
        return self.directory.node(name, settings(name, kind, self.address(name), leader, more, security))

    def log(self, node):
        return (node.run / "log").read_text()

    def await_log(self, node, text):
        wait_for(lambda: text in self.log(node), WAIT_S, f"the log of {node.run.name} says: {text}")

    def await_counter(self, node, name):
        wait_for(lambda: counters(node)[name] > 0, WAIT_S, f"{node.run.name} counts {name}")

    def expect_alone(self, node):
        self.assertEqual([member["name"] for member in node.status()["members"]], [node.run.name])

    def test_S7A_S7B_all_ways_are_encrypted(self):
        kinds = {"lead": "normal", "plain": "normal", "routed": "admin_routing", "out": "outbound_only", "away": "outbound_only"}
        self.allow(*kinds)
        nodes = {name: self.node(name, kind, "" if name == "lead" else self.endpoint("lead")) for name, kind in kinds.items()}
        for name, node in nodes.items():
            key = node.run / "key"
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            self.assertEqual(self.mesh("keygen", "--public", str(key)), (0, self.key(name)))
        whole = Convention(nodes)
        whole.await_members()
        whole.place_couriers()
        whole.all_to_all(PARCELS)
        for name, node in nodes.items():
            found = counters(node)
            self.assertEqual([found[count] for count in ("strangers_refused", "frames_distrusted", "calls_distrusted")], [0, 0, 0],
                             self.log(node))
        nodes["away"].end()
        self.assertFalse(nodes["away"].run.exists(), "the key goes with the node")

    def test_S7A_a_leader_that_cannot_be_called(self):
        self.allow("lead", "plain")
        plain = self.node("plain")
        lead = self.node("lead", "outbound_only", more=f"preregister = {self.endpoint('plain')}")
        whole = Convention({"lead": lead, "plain": plain})
        whole.await_members()
        whole.place_couriers()
        whole.all_to_all(PARCELS)

    def test_S7C_a_key_stands_for_many_nodes(self):
        self.allow("lead", crowd="web*")
        nodes = {"lead": self.node("lead")}
        for name in ("web1", "web2"):
            nodes[name] = self.node(name, leader=self.endpoint("lead"), owner="crowd")
        whole = Convention(nodes)
        whole.await_members()
        whole.place_couriers()
        whole.all_to_all(PARCELS)

    def test_S7E_a_key_that_is_not_allowed(self):
        self.allow("lead")
        lead = self.node("lead")
        self.allow("other")
        other = self.node("other", leader=self.endpoint("lead"))
        self.await_log(lead, f"127.0.0.1 is not let in: the list of members does not allow its key {self.key('other')}")
        self.await_log(other, f"cannot connect to {self.endpoint('lead')}: its list of members does not allow the key of this node")
        self.await_counter(lead, "strangers_refused")
        self.await_counter(other, "calls_distrusted")
        self.expect_alone(lead)

    def test_S7E_a_node_in_the_clear(self):
        self.allow("lead")
        lead = self.node("lead")
        plain = self.directory.node("plain", settings("plain", "normal", self.address("plain"), self.address("lead")))
        self.await_log(lead, "it does not speak CURVE; a node has to have security = curve")
        self.await_log(plain, f"cannot connect to {self.address('lead')}: it may have security = curve")
        self.await_counter(lead, "strangers_refused")
        self.await_counter(plain, "calls_distrusted")
        self.expect_alone(lead)

    def test_S7E_a_caller_that_hangs_up(self):
        self.allow("lead")
        lead = self.node("lead")
        socket.create_connection(("127.0.0.1", self.ports["lead"])).close()
        self.await_log(lead, "somebody who called has hung up, or fell silent, before it had shown a key")
        self.await_counter(lead, "strangers_refused")
        self.expect_alone(lead)

    def test_S9F_who_is_not_reached_where_it_says_is_told_so_and_a_trial_is_no_stranger(self):
        self.allow("lead", "good", "bad")
        lead = self.node("lead")
        good = self.node("good", leader=self.endpoint("lead"))
        self.await_log(lead, "node good at")
        nowhere = f"tcp://127.0.0.1:{free_port()}"
        bad = self.node("bad", leader=self.endpoint("lead"), more=f"advertise = {nowhere}")
        nowhere = f"{nowhere}/{self.key('bad')}"
        self.await_log(lead, f"node bad says that it is reached at {nowhere}, and is not from here: Connection refused")
        self.await_log(bad, f"the leader cannot call this node at {nowhere}: Connection refused")
        self.assertEqual(counters(good)["strangers_refused"], 0)
        self.assertNotIn("node good says", self.log(lead))

    def test_S7E_a_leader_in_the_clear(self):
        lead = self.directory.node("lead", settings("lead", "normal", self.address("lead")))
        self.allow("lead", "other")
        other = self.node("other", leader=self.endpoint("lead"))
        self.await_log(other, f"cannot connect to {self.endpoint('lead')}: it does not have the key that the endpoint names, or not "
                              "security = curve")
        self.await_counter(other, "calls_distrusted")
        self.expect_alone(lead)

    def test_S7E_another_key_where_the_leader_should_be(self):
        self.allow("lead", "other", "elsewhere")
        lead = self.node("lead")
        other = self.node("other", leader=f"{self.address('lead')}/{self.key('elsewhere')}")
        self.await_log(lead, "it expects another key of this node")
        self.await_log(other, "it does not have the key that the endpoint names")
        self.await_counter(lead, "strangers_refused")
        self.await_counter(other, "calls_distrusted")
        self.expect_alone(lead)

    def test_S7C_a_member_that_claims_to_be_another(self):
        self.allow("lead", "good")
        lead = self.node("lead")
        thief = self.node("thief", leader=self.endpoint("lead"), owner="good")
        self.await_log(lead, 'the list of members does not allow this key for the node that it claims to be (node "thief")')
        self.await_log(thief, f"{self.endpoint('lead')} refuses: the list of members does not allow this key for the node that it")
        self.await_counter(lead, "frames_distrusted")
        self.expect_alone(lead)
        good = self.node("good", leader=self.endpoint("lead"))
        wait_for(lambda: len(lead.status()["members"]) == 2, WAIT_S, "who is what it says joins")
        self.expect_alone(thief)
        self.assertTrue(good.status()["members"])

    def test_S7E_a_member_that_has_itself_called_at_the_address_of_another(self):
        self.allow("lead", "good", "thief")
        lead, good = self.node("lead"), self.node("good", leader=self.endpoint("lead"))
        thief = self.node("thief", leader=self.endpoint("lead"), more=f"advertise = {self.address('good')}")
        whole = Convention({"lead": lead, "good": good, "thief": thief})
        whole.await_members()
        whole.place_couriers()
        whole.send([("good", "lead")], PARCELS)
        whole.await_parcels()
        whole.nodes["lead"].caller().say(f"ask {whole.couriers['good']} account")
        self.assertRegex(lead.caller().answer(), f"accepted {PARCELS} ")
        self.assertEqual(counters(good)["frames_distrusted"], 0)

    def test_S7D_S7I_who_is_revoked_is_out_at_once_and_may_come_back(self):
        self.allow("lead", "other")
        lead, other = self.node("lead"), self.node("other", leader=self.endpoint("lead"))
        whole = Convention({"lead": lead, "other": other})
        whole.await_members()
        whole.place_couriers()
        whole.all_to_all(PARCELS)
        self.assertEqual(self.mesh("member", "revoke", "--run-directory", str(lead.run), self.key("other")), (0, ""))
        wait_for(lambda: len(lead.status()["members"]) == 1, WAIT_S, "it is a member no more")
        self.await_log(lead, "its key is not allowed any more")
        self.await_counter(lead, "frames_distrusted")
        host = next(actor["pid"] for actor in lead.status()["actors"] if actor["address"] == whole.couriers["lead"])
        got = whole.account("lead")["got"]
        whole.start("other", "lead", 1, 64)
        whole.started("other")
        wait_for(lambda: any(f" {host} " in line and "is not believed" in line for line in self.log(lead).splitlines()), WAIT_S,
                 "the host drops what comes by an open connection")
        self.assertEqual(whole.account("lead")["got"], got)
        self.assertEqual(self.mesh("member", "allow", "--run-directory", str(lead.run), "other", self.key("other")), (0, ""))
        whole.await_members()
        whole = Convention(whole.nodes)
        whole.place_couriers()
        whole.all_to_all(PARCELS)


if __name__ == "__main__":
    unittest.main()
