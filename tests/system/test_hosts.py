"""How hosts are started (C9), one for each actor (A3), what a process list shows of them (A6), and what happens when no more can be.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from nodes import MODULES, Directory, children, is_alive, wait_for

TRIED = 40  # creates that the limits do not allow
KILLED = 3
# Root is not bound by a limit on processes. A real user of its own, without the right to exceed limits, is.
ANOTHER_USER = f"setpriv --ruid {1_000_000 + os.getpid()} --bounding-set -sys_admin,-sys_resource"


def link(pid, name):
    return os.readlink(f"/proc/{pid}/{name}")


def descriptors(pid):
    return [link(pid, f"fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]


class Hosts(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)

    def node(self, config="", prelude="", modules=MODULES):
        return self.directory.node("one", f"module_path = {modules}\n{config}", prelude)

    def modules_for_anybody(self):
        """A copy that another user may read: the build, and even TMPDIR, may lie where nobody else can look."""
        modules = pathlib.Path(tempfile.mkdtemp(prefix="st.", dir="/tmp"))
        self.addCleanup(shutil.rmtree, modules)
        modules.chmod(0o755)
        pathlib.Path(shutil.copy(MODULES / "good.so", modules)).chmod(0o755)
        return modules

    def program(self, node, *count):
        program = node.create("good.plain", *count)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdin.close)
        return program

    def host_of(self, node, address):
        return next(actor["pid"] for actor in node.status()["actors"] if actor["address"] == address)

    def begin(self, start):
        """A node with one actor, started by that method; its host."""
        node = self.node(f"start = {start}", prelude="exec 9</dev/zero; exec")
        self.assertIn("/dev/zero", descriptors(node.pid))
        return self.host_of(node, self.program(node).address)

    def test_C9_a_forked_host_is_its_admins_program(self):
        self.assertEqual(pathlib.Path(link(self.begin("fork"), "exe")).name, "meshd")

    def test_C9_a_spawned_host_is_a_fresh_program(self):
        host = self.begin("spawn")
        self.assertEqual(pathlib.Path(link(host, "exe")).name, "mesh-host")
        self.assertNotIn("MESH_HOST=", pathlib.Path(f"/proc/{host}/environ").read_text())

    def test_C9_no_inherited_descriptor_stays_open(self):
        for start in ("fork", "spawn"):
            with self.subTest(start), Directory() as self.directory:
                self.assertNotIn("/dev/zero", descriptors(self.begin(start)))

    def spare_of(self, node):
        """The process that waits to become the next host; None while there is none."""
        named = [pid for pid in children(node.pid) if pathlib.Path(f"/proc/{pid}/comm").read_text() == "mesh-spare\n"]
        return named[0] if named else None

    def test_C9_a_spare_process_becomes_the_next_host(self):
        for start in ("fork", "spawn"):
            with self.subTest(start), Directory() as self.directory:
                node = self.node(f"start = {start}")
                self.program(node)
                wait_for(lambda: self.spare_of(node), 10, "there is a spare one")
                spare = self.spare_of(node)
                self.assertFalse([link for link in descriptors(spare) if not link.startswith(("/dev/null", "socket:"))])
                self.assertEqual(self.host_of(node, self.program(node).address), spare)

    def test_C9_a_spare_process_that_was_killed_is_replaced_and_buried(self):
        node = self.node()
        self.program(node)
        wait_for(lambda: self.spare_of(node), 10, "there is a spare one")
        killed = self.spare_of(node)
        os.kill(killed, signal.SIGKILL)
        self.program(node)
        wait_for(lambda: self.spare_of(node), 10, "there is another")
        self.program(node)
        self.assertFalse(pathlib.Path(f"/proc/{killed}").exists())

    def test_A3_each_actor_is_a_process_that_is_killed_alone(self):
        node = self.node()
        program = self.program(node, 3)
        for _ in range(2):
            program.stdout.readline()
        hosts = {actor["pid"] for actor in node.status()["actors"]}
        self.assertEqual(len(hosts), 3)
        killed = hosts.pop()
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: {actor["pid"] for actor in node.status()["actors"]} == hosts, 5, "one actor is gone")
        self.assertTrue(all(is_alive(pid) for pid in hosts))

    def test_A6_the_title_shows_type_and_address(self):
        for start in ("fork", "spawn"):
            with self.subTest(start), Directory() as self.directory:
                node = self.node(f"start = {start}")
                address = self.program(node).address
                title = pathlib.Path(f"/proc/{self.host_of(node, address)}/cmdline").read_text().rstrip("\0")
                self.assertEqual(title, f"mesh: plain {address}")

    def reach_the_limit(self, node, why):
        """Some creates succeed, the others say why not; when some actors are gone there is room again."""
        program = self.program(node, TRIED)
        said = [program.address] + [program.stdout.readline().strip() for _ in range(TRIED - 1)]
        refused = [line for line in said if line.startswith("MESH_")]
        self.assertTrue(refused)
        for line in refused:
            self.assertRegex(line, why)
        actors = node.status()["actors"]
        self.assertEqual(len(actors), TRIED - len(refused))
        self.assertGreater(len(actors), KILLED)
        for actor in actors[:KILLED]:
            os.kill(actor["pid"], signal.SIGKILL)
        wait_for(lambda: len(node.status()["actors"]) == len(actors) - KILLED, 5, "they are gone")
        self.program(node)
        self.assertTrue(all(is_alive(actor["pid"]) for actor in actors[KILLED:]))

    def test_C2_a_limit_on_descriptors_is_told(self):
        self.reach_the_limit(self.node(prelude="ulimit -n 100; exec"), "^MESH_FULL: .*no descriptors for another host")

    def test_C2_a_limit_on_processes_is_told(self):
        # The last one may have got its process, but not its threads.
        node = self.node(prelude=f"ulimit -u 40; exec {ANOTHER_USER}", modules=self.modules_for_anybody())
        self.reach_the_limit(node, "^MESH_(IO: .*fork: Resource temporarily unavailable|LOAD_FAILED: .*its host ended)")

    def test_K2_a_full_disk_blocks_nobody_and_lost_lines_are_counted(self):
        node = self.node("log\n    file = /dev/full\n    level = debug")
        program = self.program(node, TRIED)
        said = [program.address] + [program.stdout.readline() for _ in range(TRIED - 1)]
        self.assertFalse([line for line in said if line.startswith("MESH_")])
        wait_for(lambda: node.status()["counters"]["log_lines_lost"] > 0, 5, "lost lines are counted")


if __name__ == "__main__":
    unittest.main()
