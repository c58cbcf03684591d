"""Whatever a command leaves behind is named and removed, and makes scripts/contain fail.

SPDX-License-Identifier: MPL-2.0
"""
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONTAIN = os.path.join(ROOT, "scripts", "contain")
LEFT_OVER, TIMED_OUT = 70, 124
FOREVER = "tail -f /dev/null"
SOCKET = "import socket, os; socket.socket(socket.AF_UNIX).bind(os.environ['XDG_RUNTIME_DIR'] + '/left.sock')"


def contain(script, *options):
    return subprocess.run([sys.executable, CONTAIN, "--grace", "0.3", *options, "bash", "-c", script],
                          capture_output=True, text=True, check=False)


class Contain(unittest.TestCase):
    def assert_dead(self, said):
        """The process whose number the command printed is gone, or nobody has reaped it yet."""
        number = re.search(r"^pid (\d+)$", said.stdout, re.MULTILINE).group(1)
        try:
            with open(f"/proc/{number}/stat", encoding="utf-8") as file:
                self.assertIn(file.read().rpartition(")")[2].split()[0], "ZX")
        except FileNotFoundError:
            pass

    def test_a_clean_command_gives_its_own_status(self):
        self.assertEqual(contain("exit 0").returncode, 0)
        self.assertEqual(contain("exit 3").returncode, 3)

    def test_a_process_that_ends_within_the_grace_is_no_leftover(self):
        self.assertEqual(contain("timeout 0.1 " + FOREVER + " & exit 0", "--grace", "5").returncode, 0)

    def test_a_process_in_a_session_of_its_own_is_found_and_killed(self):
        said = contain(f"setsid {FOREVER} & echo pid $!")
        self.assertEqual(said.returncode, LEFT_OVER)
        self.assertRegex(said.stderr, r"process \d+ \(tail\) was left running")
        self.assert_dead(said)

    def test_the_status_of_a_command_that_failed_stays(self):
        said = contain(f"{FOREVER} & echo pid $!; exit 5")
        self.assertEqual(said.returncode, 5)
        self.assert_dead(said)

    def test_a_socket_is_found(self):
        said = contain(f'python3 -c "{SOCKET}"')
        self.assertEqual(said.returncode, LEFT_OVER)
        self.assertIn("left.sock was left", said.stderr)

    def test_shared_memory_is_found(self):
        path = f"/dev/shm/mesh-contain-test-{os.getpid()}"
        try:
            said = contain(f": >{path}")
        finally:
            os.unlink(path)
        self.assertEqual(said.returncode, LEFT_OVER)
        self.assertIn(f"{path} was left", said.stderr)

    def test_a_command_without_end_is_cut_off(self):
        said = contain(f"echo pid $$; exec {FOREVER}", "--limit", "0.3")
        self.assertEqual(said.returncode, TIMED_OUT)
        self.assert_dead(said)


if __name__ == "__main__":
    unittest.main()
