"""Six hosts, each in a network namespace, and what may befall their network: `./check netns`.

In each case every message has to be settled, and the members have to agree in the end.
SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import signal
import time
import unittest

from convention import Convention, is_settled, settings
from network import PORT, Network, is_private
from nodes import Directory, wait_for

LIMIT_S = 60
PARCELS = 1000
ALL = {"lead": "normal", "plain": "normal", "routed": "admin_routing", "gated": "admin_routing", "out": "outbound_only",
       "away": "outbound_only"}
PLAIN = dict.fromkeys(("lead", "plain", "second", "third", "fourth", "fifth"), "normal")
SHORT_S = 10  # of a blip: shorter than the 15 s after which a silent node is lost
LOST_S = 17  # after which one that is cut off is lost to all
PERIODS = "times\n    period = 1 s\n    restart = 500 ms"  # ten of the default ones would take 100 s
PERIODS_S = 10
ADMIN_BYTES = 16 << 20  # that an admin may grow by: less than what waits to be sent


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@unittest.skipUnless(is_private(), "it needs a network namespace of its own: run ./check netns")
class Netns(unittest.TestCase):
    whole = None

    def enter(self, context):
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def tearDown(self):
        """However a case ended: everything is settled, all agree, and each name has one holder."""
        if not self.whole:
            return
        self.whole.await_parcels()
        self.whole.await_members()
        wait_for(self.whole.each_name_has_one_holder, LIMIT_S, "each name has one holder")

    def wall_up(self):
        """Of each host only that can be called which its configuration says."""
        for name, kind in self.kinds.items():
            if kind != "normal":
                self.network.wall(name, *([PORT] if kind == "admin_routing" else []))

    def convention(self, kinds, leader_settings="", bind=None, by_name=False, leaders=1, times=""):
        """The first one leads, and after it as many as are to. They listen at their addresses, or where they are told."""
        self.kinds = kinds
        self.network = self.enter(Network(kinds))
        directory = self.enter(Directory())
        self.wall_up()
        leader = next(iter(kinds))
        nodes = {}
        for name, kind in kinds.items():
            called = [f"tcp://{one}:{PORT}" if by_name else self.network.endpoint(one) for one in list(kinds)[:leaders]]
            follows = ", ".join(called) if leaders > 1 or name != leader and kinds[leader] != "outbound_only" else ""
            text = settings(name, kind, bind or self.network.endpoint(name), follows, leader_settings if name == leader else "")
            text += "\n" + times
            nodes[name] = directory.node(name, text, within=self.network.within(name))
        self.whole = Convention(nodes, LIMIT_S)
        self.whole.await_members()
        self.whole.place_couriers()
        self.assertIsNotNone(self.whole.create_named(leader, "first"))
        return self.whole

    def losses(self):
        """What the logs say of members that were lost, or left."""
        return [line for node in self.whole.nodes.values() for line in node.log().splitlines() if "is no member any more" in line]

    def ring(self):
        names = list(self.whole.nodes)
        return list(zip(names, names[1:] + names[:1]))

    # ---- ways ----

    def test_S8A_S8B_S8C_S8D_every_pairing_through_walls(self):
        whole = self.convention(ALL)
        whole.all_to_all(PARCELS)
        whole.all_to_all(20, 60000)
        whole.await_members()

    def test_S8C_every_pairing_under_a_leader_that_cannot_be_called(self):
        kinds = {"lead": "outbound_only", "plain": "normal", "second": "normal", "routed": "admin_routing",
                 "gated": "admin_routing", "third": "normal"}
        network = Network(kinds)
        invited = ", ".join(network.endpoint(name) for name in kinds if name != "lead")
        whole = self.convention(kinds, f"preregister = {invited}")
        whole.all_to_all(PARCELS)
        whole.await_members()

    def stay_joined(self, kinds, settings_of_leader=""):
        """For ten periods, with nothing to do but to register."""
        whole = self.convention(kinds, settings_of_leader, times=PERIODS)
        until = time.monotonic() + PERIODS_S
        wait_for(lambda: time.monotonic() > until, PERIODS_S + 1, "ten periods are over")  # what is tested is that they pass
        self.assertEqual(self.losses(), [])

    def test_S1A_S8C_members_that_cannot_be_called_stay_for_ten_periods(self):
        self.stay_joined(ALL)

    def test_S1A_S2A_S8C_members_of_a_leader_that_cannot_be_called_stay_for_ten_periods(self):
        kinds = {**PLAIN, "lead": "outbound_only"}
        network = Network(kinds)
        self.stay_joined(kinds, "preregister = " + ", ".join(network.endpoint(name) for name in kinds if name != "lead"))

    # ---- what befalls a network ----

    def befall(self, kinds, begin, seconds, count=5000):
        """Parcels go round while it lasts, and all have come when it is over; nobody has left."""
        whole = self.convention(kinds)
        whole.send(self.ring(), count)
        begin()
        until = time.monotonic() + seconds
        whole.send(self.ring(), count)
        wait_for(lambda: time.monotonic() > until, seconds + 1, "it has lasted")  # what is tested is that it lasts
        self.network.heal()
        self.wall_up()
        whole.send(self.ring(), count)
        whole.await_parcels()
        whole.await_members()
        self.assertEqual(self.losses(), [])

    def test_S3A_D3_a_short_partition_loses_nothing(self):
        self.befall(PLAIN, lambda: self.network.part(("plain", "second"), ("lead", "third", "fourth", "fifth")), SHORT_S)

    def test_S8D_D3_a_short_partition_between_those_that_are_routed_loses_nothing(self):
        self.befall(ALL, lambda: self.network.part(("out", "routed"), ("lead", "away", "gated", "plain")), SHORT_S)

    def test_D3_what_is_lost_one_way_is_sent_again(self):
        def begin():
            self.network.drop("plain", "second")
            self.network.drop("third", "lead")

        self.befall(PLAIN, begin, SHORT_S)

    def test_D3_random_loss_loses_nothing(self):
        self.befall(ALL, lambda: [self.network.lose(name, 0.05) for name in self.kinds], SHORT_S)

    def test_D3_connections_that_are_reset_in_mid_frame_lose_nothing(self):
        whole = self.convention(ALL)
        for _ in range(5):
            whole.send(self.ring(), 200, 30000)
            for name in self.kinds:
                self.network.reset(name)
            self.network.heal()
            self.wall_up()
        whole.await_parcels()
        whole.await_members()
        self.assertEqual(self.losses(), [])

    def test_S3B_a_killed_node_is_gone_also_where_that_is_told_late(self):
        whole = self.convention(PLAIN)
        self.network.answer_late("second")
        whole.nodes.pop("second").kill()
        wait_for(lambda: any("its admin is gone" in line for line in self.losses()), LIMIT_S, "it is lost, and not by its silence")

    def test_D10_a_slow_link_fills_no_memory(self):
        whole = self.convention(ALL)
        before = {name: resident_bytes(node.pid) for name, node in whole.nodes.items()}
        for name in ("lead", "out"):
            self.network.slow(name, "16mbit")
        whole.send(self.ring(), 300, 60000)
        whole.await_parcels()
        for name, node in whole.nodes.items():
            self.assertLess(resident_bytes(node.pid) - before[name], ADMIN_BYTES, name)
        for name in ("lead", "out"):
            self.network.fast(name)
        whole.all_to_all(PARCELS)
        whole.await_members()

    def test_D7a_S1E_what_a_member_leaves_unheard_is_dead(self):
        """It is cut off from one node alone, which hears from the leader that it has left while their connection seems to be there."""
        whole = self.convention(PLAIN, leaders=3)
        asker = whole.nodes["plain"]
        wait_for(lambda: is_settled(asker), LIMIT_S, "it is at rest")
        self.network.part(("plain",), ("second",))
        asker.caller().say(f"ask {whole.couriers['second']} account")
        wait_for(lambda: not is_settled(asker), LIMIT_S, "its admin asks the other where the actor lives")
        whole.nodes.pop("second").kill(signal.SIGTERM)
        self.assertRegex(asker.caller().program.stdout.readline(), "^! MESH_DEAD")
        whole.await_members()
        wait_for(lambda: whole.create_named("lead", "first"), LIMIT_S, "the named one is there, or another")

    def test_S6A_S6D_G4_no_name_is_held_twice_after_a_partition(self):
        kinds = {"lead": "normal", "second": "normal", "third": "normal", "plain": "normal", "routed": "admin_routing",
                 "out": "outbound_only"}
        whole = self.convention(kinds, leaders=3)
        wait_for(lambda: whole.create_named("plain", "early"), LIMIT_S, "the leader gives names")
        self.network.part(("lead", "plain"), ("second", "third", "routed", "out"))
        wait_for(lambda: whole.create_named("out", "late"), LIMIT_S, "the greater side gives names")
        self.assertIsNone(whole.create_named("plain", "late"), "the smaller side does not")
        self.network.heal()
        self.wall_up()
        whole.await_members()
        wait_for(lambda: all(len(who) == 1 for who in whole.held().values()) and set(whole.held()) >= {"late"}, LIMIT_S,
                 "each name has one holder")
        whole.all_to_all(PARCELS)

    # ---- addresses ----

    def endpoints(self, name):
        """Where it says that the others are."""
        members = self.whole.nodes[name].status()["members"]
        return {member["name"]: member["endpoint"] for member in members if self.kinds[member["name"]] != "outbound_only"}

    def await_endpoints(self):
        known = {name: self.network.endpoint(name) for name, kind in self.kinds.items() if kind != "outbound_only"}
        wait_for(lambda: all(self.endpoints(name) == known for name in self.kinds), LIMIT_S, f"all know {known}")

    def test_S9A_a_node_finds_out_by_which_address_it_is_reached(self):
        whole = self.convention(ALL, bind=f"tcp://0.0.0.0:{PORT}")
        self.await_endpoints()
        whole.all_to_all(PARCELS)

    def test_S9A_D3_an_address_that_changes_loses_nothing(self):
        whole = self.convention(ALL, bind=f"tcp://0.0.0.0:{PORT}")
        for number, name in enumerate(("plain", "out", "routed"), 50):
            whole.send(self.ring(), 5000)
            self.network.move(name, number)
            whole.send(self.ring(), 5000)
            whole.await_parcels()
        self.await_endpoints()
        whole.all_to_all(PARCELS)
        whole.await_members()

    def test_S9B_a_leader_that_moves_is_found_by_its_name(self):
        whole = self.convention(ALL, bind=f"tcp://0.0.0.0:{PORT}", by_name=True)
        whole.send(self.ring(), 5000)
        self.network.move("lead", 50)
        whole.send(self.ring(), 5000)
        whole.await_parcels()
        self.await_endpoints()
        whole.all_to_all(PARCELS)
        whole.await_members()

    def test_S3B_S3C_a_long_partition_is_a_loss_and_heals(self):
        whole = self.convention(ALL)
        self.network.part(("out", "plain"), ("lead", "routed", "gated", "away"))
        began = time.monotonic()
        whole.await_members(("lead", "routed", "gated", "away"))
        self.assertLess(time.monotonic() - began, LOST_S)
        self.network.heal()
        self.wall_up()
        whole.await_members()
        whole.all_to_all(PARCELS)


if __name__ == "__main__":
    unittest.main()
