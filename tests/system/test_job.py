"""The word count on three nodes, also when a member or the leader dies in the middle of it; and global names of its actors.

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from nodes import BUILD, ROOT, Directory, environment, free_port, wait_for

TIMES = 400  # of the text: a few seconds of work
NAMES = ["anna", "bert", "carl", "dora"]


def quietly(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


class Job(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="sj.")
        cls.addClassCleanup(cls.place.cleanup)
        prefix, cls.examples = pathlib.Path(cls.place.name) / "prefix", pathlib.Path(cls.place.name) / "examples"
        quietly("cmake", "--install", BUILD, "--prefix", prefix)
        quietly("cmake", "-S", ROOT / "examples" / "wordcount", "-B", cls.examples, "-G", "Ninja",
                f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
        quietly("cmake", "--build", cls.examples)
        text = ROOT / "LICENSE"
        cls.files = [text]

    def setUp(self):
        directory = Directory().__enter__()
        self.addCleanup(directory.__exit__, None, None, None)
        port = free_port()
        common = f"module_path = {self.examples}/modules\n"
        member = f'{common}bind = "tcp://127.0.0.1:0"\nleaders = "tcp://127.0.0.1:{port}"\ncapabilities\n    mapper = true\n'
        self.leader = directory.node("leader", f'{common}bind = "tcp://127.0.0.1:{port}"')
        self.elm = directory.node("elm", member + "    reducer = true\n")
        self.ash = directory.node("ash", member)
        wait_for(lambda: len(self.leader.status()["members"]) == 3, 10, "all three nodes are members")

    def begin(self, times):
        command = [self.examples / "wordcount", "--run-directory", self.leader.run, "--times", str(times), *self.files]
        job = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        self.addCleanup(job.stdout.close)
        return job

    def wait_until_busy(self):
        def handled(node):
            return sum(actor["handled"] for actor in node.status()["actors"] if actor["type"] == "wordcount-mapper")

        wait_for(lambda: handled(self.ash) > 3 and handled(self.elm) > 3, 20, "mappers are at work on both members")

    def test_H3_a_job_is_done_by_the_nodes_that_fit(self):
        said, _ = self.begin(4).communicate(timeout=60)
        self.assertIn("one process counts the same", said)
        self.assertIn("node ash", said)
        self.assertIn("node elm", said)
        self.assertNotIn("node leader", said)

    def test_a_job_outlives_a_member(self):
        job = self.begin(TIMES * 10)
        self.wait_until_busy()
        self.ash.kill()
        said, _ = job.communicate(timeout=100)
        self.assertIn("one process counts the same", said)
        self.assertEqual(job.returncode, 0, said)

    def test_a_job_whose_node_dies_says_so(self):
        job = self.begin(TIMES * 10)
        self.wait_until_busy()
        self.leader.kill()
        said, _ = job.communicate(timeout=20)
        self.assertEqual(job.returncode, 1, said)
        self.assertIn(os.fspath(self.leader.run), said)

    def holders(self, nodes):
        """Who has each name, as these nodes say."""
        held = {}
        for node in nodes:
            code, text = node.mesh("names", "--json")
            self.assertEqual(code, 0, text)
            for name in json.loads(text)["names"]:
                held.setdefault(name["name"], set()).add(name["address"])
        return held

    def named(self, node, name):
        code, address = node.mesh("create", "--name", name, "wordcount-mapper")
        return address if code == 0 else ""

    def give_names(self, nodes):
        """Each of the nodes asks for each of the names, and all are given the same actors."""
        given = {name: {wait_for(lambda node=node, name=name: self.named(node, name), 20, f"the name {name} is given") for node in nodes}
                 for name in NAMES}
        self.assertEqual([len(addresses) for addresses in given.values()], [1] * len(NAMES), given)
        self.assertEqual(self.holders(nodes), given)
        return given

    def test_G1_G2_names_have_one_holder_each_also_after_a_member_was_killed(self):
        before = self.give_names([self.leader, self.elm, self.ash])
        on_ash = {actor["address"] for actor in self.ash.status()["actors"]}
        self.ash.kill()
        wait_for(lambda: len(self.leader.status()["members"]) == 2, 20, "the leader has lost it")
        after = self.give_names([self.elm, self.leader])
        for name in NAMES:
            self.assertEqual(before[name] == after[name], not before[name] & on_ash, f"{name}: {before[name]}, {after[name]}")


if __name__ == "__main__":
    unittest.main()
