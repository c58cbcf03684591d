"""Nodes for system tests: started in a private directory, asked for their status, cleaned up whatever happens.

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from wait import wait_for  # noqa: E402  (the path above makes it findable)

ROOT = pathlib.Path(__file__).parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MESH_BUILD", ROOT / "build" / "dev")).resolve()
MESH = str(BUILD / "bin" / "mesh")
MESHD = str(BUILD / "bin" / "meshd")
CALLER = str(BUILD / "tests" / "bin" / "caller")
CREATOR = str(BUILD / "tests" / "bin" / "creator")
COURIERS = BUILD / "tests" / "couriers"
MODULES = BUILD / "tests" / "modules"
SCRIBES = BUILD / "tests" / "scribes"
CTRL_C = str(BUILD / "tests" / "bin" / "ctrl_c.so")
FLAT_KIB = 6 * 1024  # what the allocator and libzmq may keep of a flood


def environment():
    """What every process of a test gets: this build's meshd, and no run directory of the user's."""
    env = dict(os.environ, MESH_MESHD=MESHD)
    env.pop("MESH_RUN_DIRECTORY", None)
    return env


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def private_kib(pid):
    """The memory that a process has for itself."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kib) for kib in re.findall(r"^Private_\w+: +(\d+) kB", text, re.MULTILINE))


def children(pid):
    """The process ids of all children of all threads of a process."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def daemon_with(path, prelude):
    """The daemon, or a script that becomes it after the prelude."""
    if not prelude:
        return MESHD
    path.write_text(f'#!/bin/bash\nset -e\n{prelude} {MESHD} "$@"\n')
    path.chmod(0o700)
    return str(path)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Directory:
    """A private directory with nodes in it; leaving it ends the nodes by their process ids."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="st."))
        self.nodes = []
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.end()
        shutil.rmtree(self.path, ignore_errors=True)

    def node(self, name, config="", prelude="", within=(), settings=()):
        """Starts a node by that name and configuration, and waits until it is ready. The prelude is what a shell does before it
        becomes the admin, up to its exec: set limits, or open descriptors. `within` is what commands for the node begin with, to
        be run where it is; `settings` are those of the command line."""
        node = Node(self.path, name, config, prelude, within, settings)
        self.nodes.append(node)
        return node


class Node:
    """One node; its admin is a process of its own session."""

    def __init__(self, where, name, config, prelude="", within=(), settings=()):
        self.within = list(within)
        self.run = where / name
        self.config = where / f"{name}.conf"
        text = config if "bind" in config else f"bind = none\n{config}"
        self.config.write_text(f"node = {name}\n{text}\n")
        self.pid = 0
        self.calls = None
        command = self.within + [MESH, "node", "start", "--config", self.config, "--run-directory", self.run]
        command += [word for setting in settings for word in ("--set", setting)]
        subprocess.run(command, env=dict(environment(), MESH_MESHD=daemon_with(where / f"{name}.sh", prelude)), check=True,
                       stdout=subprocess.DEVNULL, timeout=30)
        self.pid = self.status()["pid"]

    def status(self, whole=False):
        """The status of the node, or the list of all nodes of its convention."""
        command = self.within + [MESH, "status", "--json", "--run-directory", self.run] + ([] if whole else ["--node"])
        done = subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=30)
        nodes = json.loads(done.stdout)["nodes"]
        return nodes if whole else nodes[0]

    def log(self):
        """What its processes have written so far."""
        return (self.run / "log").read_text(encoding="utf-8")

    def mesh(self, command, *words):
        """What the operator's command says to the node, and whether it went well: (exit code, output)."""
        done = subprocess.run(self.within + [MESH, command, "--run-directory", self.run, *words], env=environment(),
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout.strip()

    def create(self, type_name, *count):
        """A program that creates an actor, or so many, and stays attached until its input is closed."""
        program = subprocess.Popen([CREATOR, self.run, type_name, *map(str, count)], env=environment(),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        program.address = program.stdout.readline().strip()
        assert program.address, f"{type_name} was not created"
        return program

    def caller(self):
        """A program at the node that creates and asks; ends with the directory."""
        if not self.calls:
            self.calls = Caller(self)
        return self.calls

    def processes(self):
        """Everything that belongs to the node: the admin, its zygote and its hosts."""
        return [self.pid] + children(self.pid)

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def end(self):
        """Ends it hard; a zygote buries the rest."""
        if self.calls:
            self.calls.end()
        if self.pid and is_alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)
            wait_for(lambda: not self.run.exists(), 10, f"{self.run} is removed")


class Caller:
    """A program attached to a node, that obeys line by line (tests/support/caller.c)."""

    def __init__(self, node):
        self.program = subprocess.Popen(node.within + [CALLER, node.run], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def say(self, line):
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()

    def answer(self):
        answer = self.program.stdout.readline().strip()
        assert answer and not answer.startswith("!"), answer
        return answer

    def ask(self, line):
        self.say(line)
        return self.answer()

    def end(self):
        self.program.kill()
        self.program.wait()
        self.program.stdin.close()
        self.program.stdout.close()


__all__ = ["BUILD", "COURIERS", "CREATOR", "Directory", "FLAT_KIB", "MESH", "MESHD", "MODULES", "ROOT", "SCRIBES", "children", "environment", "free_port", "is_alive", "private_kib", "wait_for"]
