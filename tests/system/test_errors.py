"""Every line of tests/errors.tsv: bad input gets the answer that stands there, with the remedy, and harms nothing else.

SPDX-License-Identifier: MPL-2.0
"""
import os
import re
import shlex
import shutil
import signal
import socket
import string
import subprocess
import unittest

from nodes import CREATOR, MESH, MESHD, MODULES, ROOT, Directory, environment, is_alive, wait_for

BROKEN = ("wrong_abi", "missing_symbol", "no_module", "crashes")


class Fixtures:
    """What a case finds in its directory. Each is named in the table's second column."""

    def __init__(self, test, directory):
        self.test = test
        self.directory = directory
        self.path = directory.path

        self.names = {}  # what the command may name, beside the usual

    def nothing(self):
        pass

    def busy_port(self):
        listener = socket.socket()
        self.test.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        (self.path / "busy.conf").write_text(f'node = busy\nbind = "tcp://127.0.0.1:{listener.getsockname()[1]}"\n')

    def typo(self):
        (self.path / "typo.conf").write_text('node = typo\nbnid = "tcp://127.0.0.1:0"\n')

    def loop(self):
        (self.path / "loop.conf").write_text("node = loop\ninclude = within.conf\n")
        (self.path / "within.conf").write_text("bind = none\ninclude = loop.conf\n")

    def plain(self):
        (self.path / "plain.conf").write_text("node = plain\nbind = none\n")

    def node(self):
        return self.directory.node("one", f"module_path = {MODULES}")

    def bundle(self):
        self.node()
        subprocess.run([MESH, "source", "pack", "--out", self.path / "good.bundle", MODULES / "good.so"], env=environment(), check=True,
                       capture_output=True, timeout=60)

    def addresses(self):
        """Of an actor that was killed, of one that never was, and of one of another node."""
        node = self.node()
        with node.create("good.plain") as program:
            home, slot, number = program.address.split(".")
            actor = next(actor for actor in node.status()["actors"] if actor["address"] == program.address)
            os.kill(actor["pid"], signal.SIGKILL)
            wait_for(lambda: not node.status()["actors"], 10, "the killed actor is gone")
            program.stdin.close()
        self.names = {"GONE": program.address, "NOBODY": f"{home}.{slot}.{int(number) + 100}",
                      "LOST": f"{'f' * 16}.{slot}.{number}"}

    def stale(self):
        self.plain()
        run = self.path / "stale"
        run.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(os.fspath(run / "admin.sock"))
        (run / "lock").write_text("999999999\n")
        self.test.addCleanup(subprocess.run, [MESH, "node", "stop", "--run-directory", run], env=environment())

    def a_key(self):
        subprocess.run([MESH, "keygen", "--out", self.path / "key"], env=environment(), check=True, capture_output=True, timeout=60)
        (self.path / "members").write_text("")
        (self.path / "curve.conf").write_text(f"bind = none\nsecurity = curve\nkey = {self.path}/key\nmembers = {self.path}/members\n")

    def an_open_key(self):
        self.a_key()
        (self.path / "key").chmod(0o644)

    def open_directory(self):
        self.plain()
        (self.path / "open").mkdir()
        (self.path / "open").chmod(0o755)

    def broken_modules(self):
        modules = self.path / "modules"
        modules.mkdir()
        for name in BROKEN:
            shutil.copy(MODULES / f"{name}.so", modules)
        (modules / "text.so").write_text("this is no shared object\n")
        self.directory.node("broken", f"module_path = {modules}")

    def no_spawner(self):
        self.directory.node("orphan", f"spawner = {self.path}/nowhere --fast")

    def no_modules(self):
        self.directory.node("empty", f"module_path = {self.path}/nowhere")

    def stranger(self):
        """Garbage, and half a handshake, at the node's tcp port."""
        node = self.directory.node("one", 'bind = "tcp://127.0.0.1:0"')
        port = int(node.status()["endpoint"].rsplit(":", 1)[1])
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" + bytes(8) + b"\x7f\x03\x00NULL", os.urandom(4096)):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
                stranger.sendall(garbage)
        self.test.addCleanup(lambda: self.test.assertTrue(is_alive(node.pid)))


def cases():
    for line in (ROOT / "tests" / "errors.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


class Errors(unittest.TestCase):
    def run_case(self, fixture, command, code, pattern):
        directory = Directory().__enter__()
        self.addCleanup(directory.__exit__, None, None, None)
        fixtures = Fixtures(self, directory)
        getattr(fixtures, fixture)()
        names = {"MESH": MESH, "MESHD": MESHD, "CREATOR": CREATOR, "DIR": directory.path, "LONG": "x" * 120, "COMMAND": "x" * 4001, "KEY": "11" * 32,
                 **fixtures.names}
        words = [string.Template(word).substitute(names) for word in shlex.split(command)]
        done = subprocess.run(words, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertEqual(done.returncode, int(code), done.stdout)
        self.assertRegex(done.stdout, re.compile(pattern, re.MULTILINE | re.DOTALL))


def add(name, fixture, command, code, pattern):
    setattr(Errors, f"test_{name.replace('-', '_')}", lambda self: self.run_case(fixture, command, code, pattern))


for case in cases():
    add(*case)

if __name__ == "__main__":
    unittest.main()
