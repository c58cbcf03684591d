"""Creates, names, capabilities, conventions; and what becomes of hosts and spawners that die.

SPDX-License-Identifier: MPL-2.0
"""
import os
import signal
import time
import unittest

import actormesh
from systems import HERE, WAIT_S, Case, free_port, is_alive, wait_for

LOAD_S = 20
BURST, CHAIN = 100, 250


class Creates(Case):
    def refused(self, kind, **options):
        with self.assertRaises(actormesh.MeshError) as caught:
            self.system.create(kind, **options)
        return caught.exception.status, str(caught.exception)

    def test_C2_what_cannot_be_created_is_told_apart(self):
        status, text = self.refused("some_actors.Nobody")
        self.assertEqual(status, "MESH_UNKNOWN_TYPE")
        self.assertIn("some_actors.Nobody", text)
        self.assertEqual(self.refused("some_actors.Echo", requirements={"wings": True})[0], "MESH_NO_COMPATIBLE_NODE")

    def test_C2_an_actor_knows_what_it_was_created_as(self):
        named = self.system.create("some_actors.Teller", name="the one")
        address, parent, node, name, parent_pid = self.system.ask(named, "who", WAIT_S).value
        self.assertEqual((address, node, name, parent_pid), (str(named), "one", "the one", self.system.pid))
        self.assertNotEqual(parent, address)

    def test_G1_a_name_is_of_one_actor(self):
        one = self.system.create("some_actors.Echo", name="clerk")
        self.assertEqual(self.system.create("some_actors.Teller", name="clerk"), one)

    def test_C3_a_constructor_that_raises_ends_the_actor(self):
        actor = self.system.create("some_actors.Unborn")
        with self.assertRaises(actormesh.DeadError):
            self.system.ask(actor, "alive?", WAIT_S)

    def test_C7_who_crashes_is_started_anew(self):
        actor = self.system.create("some_actors.Fails", on_failure="restart")
        with self.assertRaises(actormesh.RefusedError):
            self.system.ask(actor, "kill", WAIT_S)
        self.assertEqual(self.system.ask(actor, "how often?", WAIT_S).value, 0)

    def test_C10_handlers_may_run_programs_fork_and_have_threads(self):
        actor = self.system.create("some_actors.Works")
        self.assertEqual(self.system.ask(actor, "run", WAIT_S).value, "said\n")
        self.assertEqual(self.system.ask(actor, "fork", WAIT_S).value, 0)
        self.system.tell(actor, "threads")
        heard = [self.system.listen(WAIT_S).value for _ in range(21)]
        self.assertEqual(sorted(heard[:20]) + heard[20:], list(range(20)) + ["all"])
        self.assertEqual(self.system.ask(actor, "run", WAIT_S).value, "said\n")

    def test_C9_no_descriptor_of_the_spawner_stays_open(self):
        actor = self.system.create("some_actors.Works")
        others = [name for name in self.system.ask(actor, "descriptors", WAIT_S).value if name.startswith("pipe:") or "socket" not in name]
        self.assertFalse([name for name in others if not name.startswith(("/dev/null", "anon_inode:", "/memfd:", str(self.system.run), "/proc/"))])

    def test_D12_five_nodes_at_once(self):
        systems = [self.system] + [self.open(f"more{number}") for number in range(4)]
        echoes = [system.create("some_actors.Echo") for system in systems]
        for number, (system, echo) in enumerate(zip(systems, echoes)):
            self.assertEqual(system.ask(echo, number, WAIT_S).value, number)
        self.assertEqual(len({echo.raw.node for echo in echoes}), 5)


class Fits(Case):
    settings = ("capabilities/colour=red", "capabilities/blob=x'0001'", "capabilities/old=true")

    def fits(self, **options):
        try:
            self.system.create("some_actors.Picky", **options)
        except actormesh.MeshError as error:
            self.assertEqual(error.status, "MESH_NO_COMPATIBLE_NODE")
            return str(error)
        return True

    def test_H1_values_of_every_kind_are_read_as_they_are(self):
        offered = {"flag": True, "number": -3, "real": 2.5, "word": "true", "line": "a, b", "blob": b"\0\xff", "list": [1, "x", b"\1"]}
        self.system.set_capabilities(**offered)
        have = self.system.status()[0]["capabilities"]
        self.assertEqual({name: have[name] for name in offered}, offered)
        self.system.set_capabilities(flag=None)
        self.assertNotIn("flag", self.system.status()[0]["capabilities"])

    def test_H2_a_check_sees_both_sides_and_its_failure_is_a_no(self):
        self.assertIs(self.fits(), True)
        self.assertIs(self.fits(requirements={"mood": actormesh.told([b"\xff\0", 7])}), True)
        self.assertIn("check function says no", self.fits(requirements={"mood": actormesh.told([b"\xff\0", 8])}))
        self.assertIn("bad mood", self.fits(requirements={"mood": actormesh.told("raise")}))
        self.assertIn("check function says no", self.fits(requirements={"mood": actormesh.told("nonsense")}))
        self.assertIn("code 9", self.fits(requirements={"mood": actormesh.told("die")}))
        self.assertIn("wings is required", self.fits(requirements={"wings": True}))

    def test_H4_who_does_not_fit_any_more_is_asked_to_exit(self):
        picky = self.system.create("some_actors.Picky")
        self.system.set_capabilities(blob=b"\2")
        wait_for(lambda: picky not in [actor["address"] for actor in self.system.status()[0]["actors"]], "it is gone")
        self.system.set_capabilities(colour="green")
        self.assertIn("colour in (", self.fits())

    def test_H4_an_actor_changes_them(self):
        self.assertEqual(self.system.ask(self.teller(), {"do": "offer"}, WAIT_S).value, "offered")
        wait_for(lambda: self.system.status()[0]["capabilities"].get("fresh") == b"\0\xff", "it is offered")
        self.assertNotIn("old", self.system.status()[0]["capabilities"])


class Conventions(Case):
    def test_S2A_S5A_a_node_is_invited_and_told_of(self):
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        leader = self.open("leader", [f"bind=tcp://127.0.0.1:{free_port()}"])
        guest = self.open("guest", [f"bind={endpoint}", "capabilities/colour=blue"])
        teller = self.teller(leader)
        leader.tell(teller, {"do": "updates"})
        leader.preregister(endpoint)
        self.assertEqual(self.hear(leader), ["update", "guest", "added", "blue"])
        picky = leader.create("some_actors.Echo", requirements={"colour": "blue"})
        self.assertEqual(leader.ask(picky, "far away", WAIT_S).value, "far away")
        self.assertEqual({node["name"] for node in leader.status(whole=True)}, {"leader", "guest"})
        guest.shutdown()
        self.assertEqual(self.hear(leader)[:3], ["update", "guest", "gone"])
        leader.deregister(endpoint)


class Spawners(Case):
    def test_C9_a_spawner_that_is_killed_comes_back_and_its_hosts_live_on(self):
        echo, spawner = self.system.create("some_actors.Echo"), self.spawner()
        os.kill(spawner, signal.SIGKILL)
        created = []

        def create():
            try:
                created.append(self.system.create("some_actors.Echo"))
            except actormesh.MeshError as error:
                self.assertEqual(error.status, "MESH_LOAD_FAILED")
                self.assertIn("the spawner was killed by SIGKILL", str(error))
            return created

        wait_for(create, "it creates again")
        self.assertEqual(self.system.ask(created[0], "new", WAIT_S).value, "new")
        self.assertEqual(self.system.ask(echo, "old", WAIT_S).value, "old")
        self.assertNotEqual(self.spawner(), spawner)

    def test_C2_a_module_that_is_not_there_is_told(self):
        broken = self.open("broken", modules=["no_such_module"])
        with self.assertRaises(actormesh.MeshError) as caught:
            broken.create("no_such_module.Thing")
        self.assertEqual(caught.exception.status, "MESH_UNKNOWN_TYPE")
        self.assertIn("the spawner has ended with code 1: ModuleNotFoundError", str(caught.exception))
        self.assertIn("ModuleNotFoundError: No module named 'no_such_module'", (broken.run / "log").read_text())

    def test_C8_nothing_is_left_when_the_admin_is_killed(self):
        pids = [self.system.actor_status(self.system.create("some_actors.Echo"))["pid"] for _ in range(5)] + [self.spawner()]
        self.assertTrue(all(is_alive(pid) for pid in pids))
        os.kill(self.system.pid, signal.SIGKILL)
        wait_for(lambda: not any(is_alive(pid) for pid in pids), "all have ended")


class Load(Case):
    def timed(self, what, kind, said):
        began = time.monotonic()
        actor = self.system.create(kind)
        self.system.tell(actor, said(actor))
        self.assertIsNotNone(self.system.listen(LOAD_S))
        took = time.monotonic() - began
        print(f"  {what}: {took:.2f} s", end=" ", flush=True)
        self.assertLess(took, LOAD_S)

    def test_A3_a_burst_of_100_actors(self):
        self.timed(f"{BURST} in a burst", "some_actors.Crowd", lambda actor: BURST)

    def test_A3_a_chain_of_250_actors(self):
        self.timed(f"{CHAIN} in a chain", "some_actors.Link", lambda actor: [CHAIN, str(self.system.address)])


if __name__ == "__main__":
    unittest.main()
