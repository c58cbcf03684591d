"""Loadable sources by the operator's command: packed, loaded, listed, run, unloaded (J1, J5, K1).

SPDX-License-Identifier: MPL-2.0
"""
import hashlib
import json
import subprocess
import unittest

from nodes import BUILD, MESH, Directory, environment, wait_for

WAIT_S = 30
PARTS = [BUILD / "tests" / "sources" / "one" / name for name in ("libgreeting.so", "source.so")]


class Sources(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.node = self.directory.node("one", f"module_path = {BUILD / 'tests' / 'authorities'}")
        self.assertEqual(self.mesh("create", "test.agrees")[0], 0)
        wait_for(lambda: self.listed()["authority"], WAIT_S, "the Source Authority has registered")
        self.bundle = self.directory.path / "greeting.bundle"

    def mesh(self, *words):
        command = [*words[:2], "--run-directory", self.node.run, *words[2:]] if words[0] == "source" else \
            [words[0], "--run-directory", self.node.run, *words[1:]]
        done = subprocess.run([MESH, *command], env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
        return done.returncode, done.stdout.strip(), done.stderr

    def listed(self):
        return json.loads(self.mesh("source", "list", "--json")[1])

    def pack(self):
        done = subprocess.run([MESH, "source", "pack", "--out", self.bundle, *PARTS], env=environment(), capture_output=True, text=True,
                              timeout=WAIT_S, check=True)
        return done.stdout.strip()

    def test_J1_J5_a_bundle_is_loaded_and_unloaded_by_its_hash(self):
        name = self.pack()
        self.assertEqual(name, hashlib.sha256(self.bundle.read_bytes()).hexdigest())
        self.assertEqual(self.mesh("source", "load", self.bundle), (0, name, ""))
        self.assertEqual(self.mesh("source", "load", "--info", "again", self.bundle), (0, name, ""))
        code, address, _ = self.mesh("create", "--source", name, "source.plain")
        self.assertEqual(code, 0)
        self.assertEqual(self.mesh("source", "unload", name), (0, "", ""))
        self.assertEqual(self.mesh("create", "--source", name, "source.plain")[0], 4)
        self.assertEqual(self.listed()["sources"], [])
        self.assertIn(address, [actor["address"] for actor in self.node.status()["actors"]])

    def test_K1_the_list_and_the_status_show_sources(self):
        name = self.pack()
        self.assertEqual(self.mesh("source", "load", self.bundle)[0], 0)
        self.assertEqual(self.mesh("create", "--source", name, "source.light")[0], 0)
        wanted = {"hash": name, "info": "greeting.bundle", "state": "loaded", "bytes": self.bundle.stat().st_size, "processes": 1}
        self.assertEqual(self.listed()["sources"], [wanted])
        self.assertEqual(self.node.status()["sources"], [wanted])
        self.assertRegex(self.mesh("source", "list")[1], rf"\n{name} +loaded +\d+ +1 +greeting\.bundle$")

    def test_J1_nothing_is_left_of_it(self):
        name = self.pack()
        self.assertEqual(self.mesh("source", "load", self.bundle)[0], 0)
        unpacked = list(self.node.run.glob("source-*"))
        self.assertEqual(len(unpacked), 1, name)
        self.node.kill()
        wait_for(lambda: not self.node.run.exists(), WAIT_S, "the run directory is removed")


if __name__ == "__main__":
    unittest.main()
