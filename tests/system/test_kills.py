"""A killed admin, host or program leaves nothing of itself behind (C8), and a node is nobody's child (C13).

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import signal
import unittest

from nodes import MODULES, Directory, is_alive, wait_for


def shared_memory():
    return set(pathlib.Path("/dev/shm").glob("*mesh*"))


class Kills(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(Directory()) if hasattr(self, "enterContext") else self.enter()
        self.memory = shared_memory()
        self.node = self.directory.node("one", f"module_path = {MODULES}")
        self.program = self.node.create("good.plain")
        self.addCleanup(self.end_program)

    def enter(self):
        directory = Directory().__enter__()
        self.addCleanup(directory.__exit__, None, None, None)
        return directory

    def end_program(self):
        self.program.kill()
        self.program.wait()
        self.program.stdin.close()
        self.program.stdout.close()

    def sockets(self):
        return sorted(path.name for path in self.node.run.glob("*.sock"))

    def host(self):
        return self.node.status()["actors"][0]["pid"]

    def test_C8_a_killed_admin_takes_its_node_with_it(self):
        processes = self.node.processes()
        self.assertGreaterEqual(len(processes), 3)
        self.node.kill()
        wait_for(lambda: not any(is_alive(pid) for pid in processes), 2, "every process of the node has ended")
        wait_for(lambda: not self.node.run.exists(), 2, "the run directory is gone")
        self.assertEqual(shared_memory(), self.memory)

    def test_C8_a_killed_host_leaves_nothing(self):
        pid = self.host()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid) and not self.node.status()["actors"], 2, "the host and its actor are gone")
        wait_for(lambda: not [name for name in self.sockets() if name.startswith("h")], 2, "its socket is gone")
        self.assertEqual(shared_memory(), self.memory)

    def test_C8_a_killed_program_leaves_nothing_and_its_actors_live_on(self):
        pid = self.host()
        self.program.kill()
        self.program.wait()
        wait_for(lambda: not [name for name in self.sockets() if name.startswith("p")], 2, "its socket is gone")
        self.assertTrue(is_alive(pid))

    def test_C13_a_started_node_is_a_daemon_that_outlives_its_starter(self):
        self.assertTrue(is_alive(self.node.pid))
        self.assertNotEqual(os.getsid(self.node.pid), os.getsid(0))
        self.assertEqual(os.readlink(f"/proc/{self.node.pid}/cwd"), "/")

    def test_C12_a_stopped_node_leaves_nothing(self):
        processes = self.node.processes()
        self.node.kill(signal.SIGTERM)
        wait_for(lambda: not any(is_alive(pid) for pid in processes), 12, "every process of the node has ended")
        wait_for(lambda: not self.node.run.exists(), 2, "the run directory is gone")


if __name__ == "__main__":
    unittest.main()
