"""Where a node's settings come from (S9D), and what follows its configuration while it runs (S9E).

SPDX-License-Identifier: MPL-2.0
"""
import os
import re
import signal
import socket
import subprocess
import unittest

from nodes import MESH, MESHD, MODULES, Directory, environment, free_port, wait_for

WAIT_S = 20


def is_pending(pid, number):
    """Whether a signal waits for the process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        masks = re.findall(r"^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$", status.read(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


class Reload(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)

    def node(self, name="one", config="", **more):
        return self.directory.node(name, f"module_path = {MODULES}\n{config}", **more)

    def log(self, node):
        return (node.run / "log").read_text()

    def reload(self, node, text, said):
        """The node reads another configuration, and its log says so once more."""
        before = self.log(node).count(said)
        node.config.write_text(f"node = {node.run.name}\nmodule_path = {MODULES}\n{text}\n")
        done = subprocess.run([MESH, "node", "reload", "--run-directory", node.run], env=environment(), timeout=WAIT_S,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        wait_for(lambda: self.log(node).count(said) > before, WAIT_S, f"the log says: {said}")

    def signalled(self, pid):
        os.kill(pid, signal.SIGUSR1)
        wait_for(lambda: not is_pending(pid, signal.SIGUSR1), WAIT_S, "the signal was taken")

    def told(self, node, pid):
        """How often that process has told its status in the log, which is worth an `info`."""
        return len(re.findall(rf"^\S+ info {node.run.name} {pid} .*status: ", self.log(node), re.MULTILINE))

    def test_S9E_the_level_of_the_log_changes_in_every_process(self):
        node = self.node()
        with node.create("good.plain") as program:
            host = node.status()["actors"][0]["pid"]
            pids = (node.pid, host)
            self.reload(node, "bind = none\nlog\n    level = error", "log/level is error now, and was info")
            for pid in pids:
                self.signalled(pid)
            node.status()  # the admin has had its turn
            self.reload(node, "bind = none\nlog\n    level = info", "log/level is info now, and was error")
            for pid in pids:
                self.signalled(pid)
                wait_for(lambda pid=pid: self.told(node, pid) > 0, WAIT_S, f"{pid} tells its status")
                self.assertEqual(self.told(node, pid), 1)
            self.reload(node, "bind = none\nlog\n    level = error", "log/level is error now, and was info")
            with node.create("good.plain") as later:
                newer = next(actor["pid"] for actor in node.status()["actors"] if actor["pid"] != host)
                self.signalled(newer)
                self.assertEqual(self.told(node, newer), 0, "who comes later begins with it")
                self.reload(node, "bind = none\nlog\n    level = debug", "log/level is debug now, and was error")
                self.signalled(newer)
                wait_for(lambda: self.told(node, newer) == 1, WAIT_S, "who came later tells its status")
                later.stdin.close()
            program.stdin.close()

    def test_S9E_guests_of_the_configuration_come_and_go(self):
        endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("host", "guest")}
        host = self.node("host", f"bind = {endpoints['host']}")
        guest = self.node("guest", f"bind = {endpoints['guest']}")

        def states(node):
            return {member["name"]: member["state"] for member in node.status()["members"]}

        bind = f"bind = {endpoints['host']}\n"
        self.reload(host, f"{bind}preregister = {endpoints['guest']}", f"{endpoints['guest']} is pre-registered now")
        for node in (host, guest):
            wait_for(lambda node=node: states(node) == {"host": "leader", "guest": "member"}, WAIT_S, "the guest has come")
        self.reload(host, bind, f"{endpoints['guest']} is not pre-registered any more")
        wait_for(lambda: states(host) == {"host": "leader"} and states(guest) == {"guest": "idle"}, WAIT_S, "the guest is gone")

    def test_S9E_capabilities_that_the_configuration_names_are_as_it_says(self):
        node = self.node(config="capabilities\n    gpu = true\n    cores = 8")

        def capabilities():
            return {item for item in node.status()["capabilities"].items() if item[0] in ("gpu", "cores", "disk")}

        before = capabilities()
        self.assertEqual(len(before), 2)
        self.reload(node, "bind = none\ncapabilities\n    cores = 4\n    disk = true",
                    "the capabilities are those of the configuration now")
        self.assertEqual({name for name, _ in capabilities()}, {"cores", "disk"})
        self.assertFalse(before & capabilities())

    def test_S9E_what_cannot_change_is_named(self):
        node = self.node(config="bind = tcp://127.0.0.1:0")
        endpoint = node.status()["endpoint"]
        self.reload(node, "bind = none\nlimits\n    members = 7",
                    "limits/members cannot change while the node runs: it stays 1024, and is 7 after a restart")
        self.assertIn("bind cannot change while the node runs: it stays tcp://127.0.0.1:0, and is none after a restart",
                      self.log(node))
        self.assertEqual(node.status()["endpoint"], endpoint)
        self.assertNotIn("advertise", self.log(node))

    def test_S9E_a_configuration_with_mistakes_changes_nothing(self):
        node = self.node()
        self.reload(node, "bind = none\nbnid = none\nlog\n    level = error\ntimes\n    period = 3",
                    "the configuration has 2 mistakes: nothing has changed")
        log = self.log(node)
        self.assertIn("one.conf:4: bnid: there is no such setting; did you mean bind?", log)
        self.assertIn('one.conf:8: times/period: "3" must be a time with its unit', log)
        self.reload(node, "bind = none\nlog\n    level = debug", "log/level is debug now, and was info")
        node.config.unlink()
        os.kill(node.pid, signal.SIGHUP)
        gone = "one.conf: cannot be read: No such file or directory"
        wait_for(lambda: gone in self.log(node), WAIT_S, f"the log says: {gone}")
        self.assertEqual(node.status()["name"], "one")

    def test_S9D_the_command_line_beats_the_environment_and_that_the_file(self):
        node = self.node(config="limits\n    members = 3\n    actors = 3\n    light_hosts = 3\nlog\n    level = warning",
                         prelude="export MESH_NODE_NODE=two MESH_NODE_LOG_LEVEL=debug MESH_NODE_LIMITS_ACTORS=4; exec",
                         settings=("node=three", "log/level=info"))
        self.assertEqual(node.status()["name"], "three")
        self.reload(node, "bind = none\nlimits\n    members = 5\n    actors = 6\n    light_hosts = 7\nlog\n    level = error",
                    "limits/light_hosts cannot change while the node runs: it stays 3, and is 7 after a restart")
        self.assertIn("limits/members cannot change while the node runs: it stays 3", self.log(node))
        for setting in ("limits/actors cannot", "log/level is", "node cannot"):
            self.assertNotIn(setting, self.log(node))  # the file does not decide it

    def test_a_service_manager_is_told(self):
        path = self.directory.path / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.fspath(path))
            manager.settimeout(WAIT_S)
            config = self.directory.path / "plain.conf"
            config.write_text("node = plain\nbind = none\n")
            command = [MESHD, "--config", config, "--run-directory", self.directory.path / "run"]
            with subprocess.Popen(command, env=dict(environment(), NOTIFY_SOCKET=os.fspath(path))) as daemon:
                try:
                    self.assertEqual(manager.recv(200), b"READY=1")
                    daemon.send_signal(signal.SIGHUP)
                    self.assertRegex(manager.recv(200), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                    self.assertEqual(manager.recv(200), b"READY=1")
                finally:
                    daemon.terminate()
                self.assertEqual(manager.recv(200), b"STOPPING=1")
                self.assertEqual(daemon.wait(WAIT_S), 0)


if __name__ == "__main__":
    unittest.main()
