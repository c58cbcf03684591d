"""Nodes that do not fit each other, or have gone wild: what logs and counters say, and what becomes of them (S1A, S1G, S1H, S4B, S6E, S9A).

SPDX-License-Identifier: MPL-2.0
"""
import contextlib
import pathlib
import signal
import sys
import threading
import time
import unittest

from nodes import COURIERS, FLAT_KIB, Directory, free_port, private_kib, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import zmtp  # noqa: E402  (the path above makes it findable)

WAIT_S = 30
PERIOD_S = 2
ANSWERS = 4  # in a period
WILD = 3000  # registrations: three seconds of them
MANY = 100_000  # messages
TIMES = f"times\n    period = {PERIOD_S} s\n    restart = 1 s"


def states(node):
    return {member["name"]: member["state"] for member in node.status()["members"]}


class Misfits(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("one", "two", "three")}

    def start(self, name, leaders="one", more="", times=TIMES, settings=(), capability="near"):
        called = ", ".join(self.endpoints.get(leader, leader) for leader in leaders.split())
        config = f"bind = {self.endpoints[name]}\nmodule_path = {COURIERS}\nleaders = {called}\n{more}\n{times}\ncapabilities\n    {capability} = true"
        return self.directory.node(name, config, settings=settings)

    def wait(self, node, expected):
        wait_for(lambda: states(node) == expected, WAIT_S, f"the members of {node.run.name} are {expected}")

    def wait_log(self, node, text):
        wait_for(lambda: text in node.log(), WAIT_S, f"the log of {node.run.name} says: {text}")

    def counter(self, node, name):
        return node.status()["counters"][name]

    def test_S1A_of_two_nodes_with_one_name_the_second_is_refused_until_the_first_is_gone(self):
        one, first = self.start("one"), self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        second = self.start("three", settings=["node=two"])
        refused = f"a second node named two was refused: the name is taken by the node at {self.endpoints['two']}"
        self.wait_log(one, refused)
        self.wait_log(second, f"the leader at {self.endpoints['one']} refused this node: {refused}")
        self.wait(first, {"one": "leader", "two": "member"})
        self.assertGreater(self.counter(one, "registrations_refused"), 0)
        first.kill(signal.SIGKILL)
        self.wait(second, {"one": "leader", "two": "member"})

    def wait_known(self, node, count, who):
        wait_for(lambda: self.counter(node, "processes_known") == count, WAIT_S, f"{node.run.name} knows {who}")

    def test_S7K_who_is_no_member_is_forgotten_when_it_is_gone(self):
        one, _ = self.start("one"), self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        self.wait_known(one, 2, "a member, and who asks")
        second = self.start("three", settings=["node=two"])
        self.wait_log(one, "a second node named two was refused")
        self.wait_known(one, 3, "the one that it has refused, too")
        second.kill(signal.SIGKILL)
        self.wait_known(one, 2, "a member, and who asks")

    def test_S6E_of_lists_in_different_orders_one_order_counts(self):
        one, two = self.start("one", "one two"), self.start("two", "two one")
        for node, other in ((one, "two"), (two, "one")):
            self.wait_log(node, f"the node at {self.endpoints[other]} has another order of leaders than this one")
            self.assertGreater(self.counter(node, "lists_of_leaders_differ"), 0)
        wait_for(lambda: sorted(states(one).values()) == ["leader", "member"] and states(one) == states(two), WAIT_S, "one of them leads")

    def test_S6E_a_leader_that_lists_itself_by_another_name_leads(self):
        called = self.endpoints["one"].replace("127.0.0.1", "localhost")
        one, two = self.start("one", called), self.start("two")
        self.wait_log(one, f"the leader {called} is this node itself")
        self.assertEqual([self.counter(node, "endpoints_of_its_own") for node in (one, two)], [1, 0])
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
        self.assertEqual(self.counter(one, "members_not_reached"), 1)
        self.assertGreater(self.counter(one, "members_suspected"), 0)

    def test_S7E_a_leader_that_is_stopped_is_said_to_be_that(self):
        one = self.start("one")
        one.kill(signal.SIGSTOP)
        self.addCleanup(one.kill, signal.SIGCONT)
        two = self.start("two")
        self.wait_log(two, f"cannot connect to {self.endpoints['one']}: it accepts connections, but does not answer: its process is stopped")
        self.assertNotIn("security = curve", two.log())
        self.assertEqual(self.counter(two, "calls_distrusted"), 0)
        one.kill(signal.SIGCONT)
        self.wait(one, {"one": "leader", "two": "member"})

    def test_S1H_who_says_the_address_of_its_leader_is_ignored(self):
        one = self.start("one")
        called = self.endpoints["one"].replace("127.0.0.1", "localhost")  # by that name it does not know itself
        self.start("two", called, more=f"advertise = {self.endpoints['one']}")
        self.wait_log(one, f"ignored a registration that carries this node's own address {self.endpoints['one']}")
        self.assertGreater(self.counter(one, "registrations_ignored"), 0)
        self.assertEqual(states(one), {"one": "leader"})

    def test_S3B_where_another_answers_a_member_is_gone(self):
        one, two = self.start("one", times=""), self.start("two", times="")
        self.wait(one, {"one": "leader", "two": "member"})
        two.kill()
        self.directory.node("other", f"bind = {self.endpoints['two']}")
        self.wait_log(one, f"node two at {self.endpoints['two']} is no member any more: its admin is gone")

    def test_S1G_who_says_the_address_of_a_member_is_taken_for_its_restart(self):
        one, two = self.start("one"), self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        three = self.start("three", more=f"advertise = {self.endpoints['two']}")
        self.wait_log(one, f"node three takes the place of node two at {self.endpoints['two']}: if both live, each needs an endpoint of its own")
        self.assertGreater(self.counter(one, "addresses_taken"), 0)
        three.kill(signal.SIGKILL)
        self.wait(two, {"one": "leader", "two": "member"})

    def test_S1G_of_two_with_one_address_the_other_comes_in_by_itself_when_one_is_gone(self):
        one, two = self.start("one"), self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        three = self.start("three", more=f"advertise = {self.endpoints['two']}")
        for comes, goes in (("three", "two"), ("two", "three")):
            self.wait_log(one, f"node {comes} takes the place of node {goes} at {self.endpoints['two']}: if both live, each needs an "
                               "endpoint of its own (`bind` or `advertise`)")
        two.kill(signal.SIGKILL)
        for node in (one, three):
            self.wait(node, {"one": "leader", "three": "member"})

    @contextlib.contextmanager
    def wild(self, leader, flood):
        """As long as a member does that; another node has joined meanwhile, and is used."""
        calm = threading.Event()
        thread = threading.Thread(target=flood, args=(calm,))
        thread.start()
        try:
            third = self.start("three", capability="far")
            wait_for(lambda: states(third).get("three") == "member", WAIT_S, "another node joins")
            courier = leader.caller().ask("create courier far")
            self.assertEqual(leader.caller().ask(f"ask {courier} account"), "accepted 0 of 0, got 0, wrong 0")
            yield
        finally:
            calm.set()
            thread.join()

    def register_on(self, leader, repeater, counter):
        """Until the leader has counted so many registrations. How long that took."""
        began = time.monotonic()
        with self.wild(leader, repeater.register_on):
            wait_for(lambda: self.counter(leader, counter) >= WILD, WAIT_S, f"the leader counts {WILD} {counter}")
        return time.monotonic() - began

    def test_S4B_a_member_that_says_everything_again_without_a_pause_troubles_nobody(self):
        one = self.start("one")
        repeater = self.behind(one)
        two = self.start("two", leaders="wild")
        self.wait(one, {"one": "leader", "two": "member"})
        courier = two.caller().ask("create courier near")
        self.assertEqual(one.caller().ask(f"ask {courier} account"), "accepted 0 of 0, got 0, wrong 0")
        self.assertGreaterEqual(set(repeater.latest), {zmtp.HELLO, zmtp.BATCH, zmtp.REGISTER})
        lines = one.log().count("\n")
        with self.wild(one, repeater.say_on):
            wait_for(lambda: repeater.repeated >= MANY, WAIT_S, f"{MANY} messages are said again")
            memory = private_kib(one.pid)
            wait_for(lambda: repeater.repeated >= 3 * MANY, WAIT_S, f"{2 * MANY} more are said again")
            self.assertLess(private_kib(one.pid) - memory, FLAT_KIB)
        self.assertLess(one.log().count("\n") - lines, 20)
        for node in (one, two):
            self.wait(node, {"one": "leader", "two": "member", "three": "member"})

    def behind(self, leader):
        """A way to the leader by which a member may go wild."""
        repeater = zmtp.Repeater(int(self.endpoints["one"].rsplit(":", 1)[1]))
        self.addCleanup(repeater.close)
        self.endpoints["wild"] = f"tcp://127.0.0.1:{repeater.port}"
        self.assertEqual(states(leader)["one"], "leader")
        return repeater

    def test_S4B_a_member_that_registers_a_thousand_times_a_second_troubles_nobody(self):
        one = self.start("one")
        repeater = self.behind(one)
        two = self.start("two", leaders="wild")
        self.wait(one, {"one": "leader", "two": "member"})
        lines, answers = one.log().count("\n"), repeater.said[zmtp.REGISTERED]
        span_s = self.register_on(one, repeater, "registrations_unanswered")
        self.assertLessEqual(repeater.said[zmtp.REGISTERED] - answers, ANSWERS * (span_s / PERIOD_S + 2))
        self.assertLess(one.log().count("\n") - lines, 20)
        for node in (one, two):
            self.wait(node, {"one": "leader", "two": "member", "three": "member"})

    def test_S4B_one_that_is_refused_a_thousand_times_a_second_troubles_nobody(self):
        one = self.start("one")
        repeater = self.behind(one)
        first = self.start("two")
        self.wait(one, {"one": "leader", "two": "member"})
        self.endpoints["second"] = f"tcp://127.0.0.1:{free_port()}"
        second = self.start("second", leaders="wild", settings=["node=two"])
        self.wait_log(second, "refused this node: a second node named two was refused")
        span_s = self.register_on(one, repeater, "registrations_refused")
        most = ANSWERS * (span_s / PERIOD_S + 3)
        self.assertLessEqual(repeater.said[zmtp.DEREGISTER], most)
        self.assertLessEqual(one.log().count("a second node named two was refused"), most)
        self.wait(first, {"one": "leader", "two": "member", "three": "member"})


if __name__ == "__main__":
    unittest.main()
