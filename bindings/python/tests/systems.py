"""Nodes for tests: each in a directory of its own, and ended whatever happens.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time
import unittest

import actormesh

HERE = pathlib.Path(__file__).resolve().parent
WAIT_S = 30


def wait_for(condition, what):
    """Until it is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {WAIT_S} s: {what}")
        time.sleep(0.01)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


class Case(unittest.TestCase):
    """One node with the actors of some_actors."""

    modules = ("some_actors",)
    settings = ()

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="py."))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.system = self.open("one", self.settings)

    def open(self, name, settings=(), modules=None):
        """A node by that name."""
        run = self.directory / name
        settings = [f"node={name}", "bind=none", *settings]
        system = actormesh.ActorSystem(run_directory=run, settings=settings, actors=self.modules if modules is None else modules, paths=[HERE])
        admin = system.status()[0]["pid"]
        self.addCleanup(self.end, system, run, admin)
        system.pid = admin
        system.run = run
        return system

    @staticmethod
    def end(system, run, admin):
        system.close()
        if is_alive(admin):
            os.kill(admin, signal.SIGKILL)
        wait_for(lambda: not run.exists(), f"{run} is removed")

    def spawner(self, system=None):
        """Its process."""
        admin = (system or self.system).pid
        for pid in children(admin):
            if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"actormesh.spawner"]:
                return pid
        return None

    def teller(self, system=None):
        """A Teller that tells this test."""
        system = system or self.system
        teller = system.create("some_actors.Teller")
        self.assertEqual(system.ask(teller, "me", WAIT_S).value, "you")
        return teller

    def hear(self, system=None):
        message = (system or self.system).listen(WAIT_S)
        self.assertIsNotNone(message)
        return message.value
