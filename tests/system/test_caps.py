"""What a node has to offer, by the command `mesh caps` (H1, H4).

SPDX-License-Identifier: MPL-2.0
"""
import json
import subprocess
import unittest

from nodes import MESH, MODULES, Directory, environment, free_port, wait_for

WAIT_S = 30


class Caps(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        leader = f"tcp://127.0.0.1:{free_port()}"
        self.leader = self.directory.node("leader", f"bind = {leader}\nmodule_path = {MODULES}")
        offer = "capabilities\n    gpu = true\n    cores = 8"
        self.member = self.directory.node("member", f"bind = tcp://127.0.0.1:0\nleaders = {leader}\n{offer}")
        wait_for(lambda: len(self.leader.status()["members"]) == 2, WAIT_S, "there are two members")

    def caps(self, node, *words):
        done = subprocess.run([MESH, "caps", "--run-directory", node.run, *words], env=environment(),
                              capture_output=True, text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def offered(self, node):
        code, text, _ = self.caps(node, "--json")
        self.assertEqual(code, 0)
        return json.loads(text)["capabilities"]

    def test_H1_the_command_lists_what_there_is(self):
        code, text, _ = self.caps(self.member)
        self.assertEqual(code, 0)
        self.assertRegex(text, r"^cores = 8\ngpu = true\nhost architecture = ")
        self.assertRegex(text, r"\nnode name = member\n")
        self.assertEqual(self.offered(self.member)["cores"], "8")

    def test_H4_the_command_sets_and_deletes_and_the_convention_sees_it(self):
        words = ("--set", "cores=2.5", "--set", "zones=north, south", "--unset", "gpu", "--set", 'name="12"')
        self.assertEqual(self.caps(self.member, *words), (0, "", ""))
        seen = self.offered(self.member)
        self.assertEqual((seen["cores"], seen["zones"], seen["name"]), ("2.5", "north, south", '"12"'))
        self.assertNotIn("gpu", seen)
        told = next(node for node in self.leader.status(whole=True) if node["name"] == "member")
        self.assertEqual(told["capabilities"]["zones"], "north, south")
        code, text, _ = self.caps(self.leader, "--set", "gpu=true", "--json")
        self.assertEqual((code, json.loads(text)["node"], json.loads(text)["capabilities"]["gpu"]), (0, "leader", "true"))

    def test_H4_an_actor_that_does_not_fit_any_more_is_asked_to_exit(self):
        for word in ("gpu=true", "zone=north west", "load=0.25"):
            self.assertEqual(self.caps(self.leader, "--set", word)[0], 0)
        with self.leader.create("good.picky") as program:
            self.assertEqual(self.caps(self.leader, "--set", "load=0.75")[0], 0)
            gone = f"{program.address} it is asked to exit"
            wait_for(lambda: program.address not in [a["address"] for a in self.leader.status()["actors"]], WAIT_S, gone)
            program.stdin.close()
        self.assertIn("do not fit it any more", open(f"{self.leader.run}/log", encoding="utf-8").read())

    def test_H2_H4_a_check_function_of_a_module_judges(self):
        with self.assertRaises(AssertionError):
            self.leader.create("good.checked")
        self.assertEqual(self.caps(self.leader, "--set", "vetted=true"), (0, "", ""))
        with self.leader.create("good.checked") as program:
            self.assertEqual(self.caps(self.leader, "--unset", "vetted"), (0, "", ""))
            wait_for(lambda: program.address not in [a["address"] for a in self.leader.status()["actors"]], WAIT_S,
                     f"{program.address} has exited")
            program.stdin.close()


if __name__ == "__main__":
    unittest.main()
