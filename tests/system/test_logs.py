"""The log of a node: levels, formats, rotation, and what becomes of it when its place fails (K2, A7).

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from nodes import MESH, SCRIBES, Directory, environment, free_port, wait_for

WAIT_S = 20
LINE = re.compile(r"^(\S+)Z (error|warning|info|debug) (\S+) (\d+) (\S+) (\S+) (.*)$")


class Logs(unittest.TestCase):
    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)

    def node(self, log="", name="one", **more):
        return self.directory.node(name, f"module_path = {SCRIBES}\nlog\n" + "".join(f"    {line}\n" for line in log.splitlines()), **more)

    def scribe(self, node, type_name="scribe"):
        code, address = node.mesh("create", type_name)
        self.assertEqual(code, 0)
        return address

    def say(self, node, scribe, order):
        self.assertEqual(node.caller().ask(f"ask {scribe} {order}"), "done")

    def files(self, path):
        """All files of a log, the oldest first."""
        numbered = sorted(path.parent.glob(path.name + ".[0-9]*"), key=lambda file: -int(file.name.rsplit(".", 1)[1]))
        return numbered + [path] * path.exists()

    def lines(self, path):
        """The lines of all files of a log; each is whole."""
        found = []
        for file in self.files(path):
            for line in file.read_text(encoding="utf-8").splitlines():
                match = LINE.match(line)
                self.assertTrue(match, line)
                found.append(match.groups())
        return found

    def texts(self, path):
        return [line[6] for line in self.lines(path)]

    def is_small(self, log, size):
        """The log has been rotated: there is none, or one that has begun."""
        try:
            return log.stat().st_size < size
        except FileNotFoundError:
            return True

    def lost(self, node):
        return node.status()["counters"]["log_lines_lost"]

    def test_K2_types_have_levels_of_their_own(self):
        node = self.node("level = error\ntypes = scribe.loud: debug, scribe*: warning")
        quiet, loud = self.scribe(node), self.scribe(node, "scribe.loud")
        for scribe in (quiet, loud):
            for level in ("error", "warning", "info", "debug"):
                self.say(node, scribe, f"{level} 1 {level}")
        lines = self.lines(node.run / "log")
        said = {scribe: [line[1] for line in lines if line[5] == scribe] for scribe in (quiet, loud)}
        self.assertEqual(said, {quiet: ["error", "warning"], loud: ["error", "warning", "info", "debug"]})
        self.assertEqual({line[2:5] for line in lines if line[5] == loud},
                         {("one", str(next(actor["pid"] for actor in node.status()["actors"] if actor["address"] == loud)), "scribe.loud")})

    def test_S9E_format_levels_and_file_change_while_handlers_are_at_work(self):
        node = self.node()
        scribe = self.scribe(node)
        other = self.directory.path / "other.log"
        node.config.write_text(f"node = one\nbind = none\nmodule_path = {SCRIBES}\nlog\n    format = json\n    file = {other}\n"
                               "    types = scribe: debug\n")
        os.kill(node.pid, signal.SIGHUP)
        wait_for(lambda: other.exists() and "log/types is scribe: debug now" in other.read_text(), WAIT_S, "the log is elsewhere")
        self.say(node, scribe, "debug 1 he said \"no\"")
        line = json.loads(other.read_text().splitlines()[-1])
        self.assertEqual({name: line[name] for name in ("level", "node", "type", "address", "text")},
                         {"level": "debug", "node": "one", "type": "scribe", "address": scribe, "text": 'he said "no" 1'})
        self.assertNotIn("he said", node.log())

    def test_S9E_a_log_that_cannot_be_opened_stays_as_it_was(self):
        node = self.node()
        node.config.write_text("node = one\nbind = none\nlog\n    file = /nowhere/log\n    level = error\n")
        os.kill(node.pid, signal.SIGHUP)
        wait_for(lambda: "the log stays as it was: the log /nowhere/log cannot be opened" in node.log(), WAIT_S, "that is told")

    def test_K2_no_line_is_lost_or_torn_when_the_admin_rotates(self):
        log = self.directory.path / "log"
        node = self.node(f"file = {log}\nsize = 64 KiB\nfiles = 200")
        scribes = [self.scribe(node) for _ in range(8)]
        for part in range(5):
            for scribe in scribes:
                node.caller().say(f"ask {scribe} info 200 part {part}")
            for _ in scribes:
                self.assertEqual(node.caller().answer(), "done")
            wait_for(lambda: self.is_small(log, 65536), WAIT_S, "the log is rotated")
        self.assertGreater(len(self.files(log)), 2)
        lines = self.lines(log)
        for scribe in scribes:
            self.assertEqual([line[6] for line in lines if line[5] == scribe],
                             [f"part {part} {number}" for part in range(5) for number in range(1, 201)])
        self.assertEqual(self.lost(node), 0)

    def test_K2_of_rotated_files_so_many_are_kept(self):
        log = self.directory.path / "log"
        node = self.node(f"file = {log}\nsize = 4 KiB\nfiles = 2")
        scribe = self.scribe(node)
        for number in range(4):
            self.say(node, scribe, f"info 100 part {number}")
            wait_for(lambda: self.is_small(log, 4096), WAIT_S, "the log is rotated")
        self.assertEqual([file.name for file in self.files(log) if file != log], ["log.2", "log.1"])

    def test_A7_a_hundred_threads_log_while_a_handler_waits(self):
        node = self.node()
        self.say(node, self.scribe(node), "threads 100")
        self.assertEqual(self.texts(node.run / "log").count("from a thread"), 100)

    def test_K2_a_directory_that_is_removed_loses_lines_and_is_found_again(self):
        where = self.directory.path / "logs"
        where.mkdir()
        node = self.node(f"file = {where}/log")
        scribe = self.scribe(node)
        shutil.rmtree(where)

        def is_lost():
            self.say(node, scribe, "info 1 nobody sees it")
            return self.lost(node) > 0

        wait_for(is_lost, WAIT_S, "lost lines are counted")
        another = self.scribe(node)  # who is created meanwhile is not kept from it
        where.mkdir()

        def is_back():
            for one in (scribe, another):
                self.say(node, one, "info 1 here again")
            lines = self.lines(where / "log") if (where / "log").exists() else []
            return {scribe, another} <= {line[5] for line in lines if line[6] == "here again 1"}

        wait_for(is_back, WAIT_S, "both log there again")

    def full(self, log, node, make_room):
        """A log whose disk is full: nobody waits, lines are lost and counted, and when there is room again, lines are whole."""
        scribe = self.scribe(node)

        def is_full():
            self.say(node, scribe, "info 300 until the disk is full")
            return self.lost(node) > 300

        wait_for(is_full, WAIT_S, "the disk is full")
        lost = self.lost(node)
        self.scribe(node)
        make_room()

        def has_room():
            self.say(node, scribe, "info 1 room again")
            return any("room again 1" in line for line in log.read_text().splitlines() if LINE.match(line))

        wait_for(has_room, WAIT_S, "there is room again")
        self.assertGreaterEqual(self.lost(node), lost)

    def test_K2_a_full_file_system_blocks_nobody(self):
        where = self.directory.path / "small"
        where.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", where], capture_output=True, check=False)
        if done.returncode:
            self.skipTest("no right to mount: the limit on files stands for it below")
        self.addCleanup(subprocess.run, ["umount", "-l", where], check=True)
        filler = where / "filler"
        filler.write_bytes(b"x" * 32768)
        self.full(where / "log", self.node(f"file = {where}/log"), filler.unlink)

    def test_K2_a_file_that_may_not_grow_blocks_and_ends_nobody(self):
        log = self.directory.path / "log"
        most_kib = 16384  # the pages that processes share have to find room as well
        node = self.node(f"file = {log}\nsize = 1 GiB", prelude=f"ulimit -f {most_kib}; exec")
        with open(log, "ab") as file:
            file.truncate(most_kib * 1024 - 1000)
            file.write(b"\n")
        self.full(log, node, lambda: os.truncate(log, 0))

    def test_K2_a_host_that_was_killed_amid_a_line_spoils_no_other(self):
        node = self.node()
        scribe, other = self.scribe(node), self.scribe(node)
        host = next(actor["pid"] for actor in node.status()["actors"] if actor["address"] == scribe)
        with open(node.run / "log", "a", encoding="utf-8") as log:
            log.write(f"2026-01-31T23:59:59.123Z info one {host} scribe {scribe} what it was abou")
        os.kill(host, signal.SIGKILL)
        wait_for(lambda: "killed by SIGKILL" in node.log(), WAIT_S, "its end is told")
        self.say(node, other, "info 1 the next")
        lines = node.log().splitlines()
        cut = next(number for number, line in enumerate(lines) if line.endswith("what it was abou"))
        self.assertTrue(all(LINE.match(line) for line in lines[cut + 1:]))

    def test_K2_what_a_process_said_last_is_there(self):
        node = self.node()
        node.caller().say(f"ask {self.scribe(node)} die 500 last words")
        wait_for(lambda: "killed by SIGKILL" in node.log(), WAIT_S, "it is dead")
        self.assertEqual([text for text in self.texts(node.run / "log") if text.startswith("last words")],
                         [f"last words {number}" for number in range(1, 501)])

    def test_K2_a_node_leaves_nothing_of_its_log_in_the_run_directory(self):
        node = self.node("size = 1 KiB")
        self.say(node, self.scribe(node), "info 30 much")
        wait_for((node.run / "log.1").exists, WAIT_S, "it is rotated")
        self.assertEqual(subprocess.run(["kill", "-TERM", str(node.pid)], check=False).returncode, 0)
        wait_for(lambda: not node.run.exists(), WAIT_S, "the run directory is gone")


class Forwarding(unittest.TestCase):
    """Warnings and worse stand in the log of the convention's leader, too (K2)."""

    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.endpoints = {name: f"tcp://127.0.0.1:{free_port()}" for name in ("first", "second", "third")}

    def node(self, name, log=""):
        leaders = ", ".join(self.endpoints[leader] for leader in ("first", "second"))
        return self.directory.node(name, f"bind = {self.endpoints[name]}\nleaders = {leaders}\nmodule_path = {SCRIBES}\n"
                                         "times\n    restart = 200 ms\n    period = 1 s\nlog\n    level = info\n" + log)

    def say(self, node, order):
        code, scribe = node.mesh("create", "scribe")
        self.assertEqual(code, 0)
        self.assertEqual(node.caller().ask(f"ask {scribe} {order}"), "done")
        return scribe

    def of(self, node, name):
        """What stands in its log of a node of that name: (level, type, address, text)."""
        lines = [LINE.match(line) for line in node.log().splitlines()]
        self.assertTrue(all(lines))
        return [line.group(2, 5, 6, 7) for line in lines if line.group(3) == name]

    def leads(self, node):
        return node.status()["leader"] == node.status()["incarnation"]

    def joined(self, *nodes):
        for node in nodes:
            wait_for(lambda node=node: len(node.status()["members"]) >= len(nodes), WAIT_S, f"{node.run.name} knows all")

    def test_K2_warnings_and_worse_stand_in_the_leaders_log(self):
        first, third = self.node("first"), self.node("third")
        self.joined(first, third)
        scribe = self.say(third, "warning 2 too hot")
        self.say(third, "info 500 all is well")
        self.say(third, "error 1 on fire")
        wait_for(lambda: "on fire 1" in first.log(), WAIT_S, "the leader knows")
        self.assertEqual([line for line in self.of(first, "third") if line[2] == scribe],
                         [("warning", "scribe", scribe, "too hot 1"), ("warning", "scribe", scribe, "too hot 2")])
        self.assertNotIn("all is well", first.log())
        self.say(first, "warning 1 of the leader itself")
        self.assertEqual(first.log().count("of the leader itself"), 1)
        self.assertNotIn("of the leader itself", third.log())
        counters = third.status()["counters"]
        self.assertIn(counters["log_lines_forwarded"], range(3, 100))
        self.assertEqual(counters["log_lines_not_forwarded"], 0)

    def test_K2_lines_wait_for_a_leader_and_go_to_the_one_that_is_there_then(self):
        first, second, third = self.node("first"), self.node("second"), self.node("third")
        self.joined(first, second, third)
        first.kill(signal.SIGSTOP)
        self.say(third, "warning 3 while the leader hangs")
        first.kill(signal.SIGKILL)
        wait_for(lambda: "while the leader hangs 3" in second.log(), 2 * WAIT_S, "the next leader knows")
        self.assertEqual([line[3] for line in self.of(second, "third") if "hangs" in line[3]],
                         [f"while the leader hangs {number}" for number in (1, 2, 3)])

    def test_K2_a_member_gone_wild_does_not_flood_its_leader(self):
        first, third = self.node("first"), self.node("third")
        self.joined(first, third)
        self.say(third, "warning 5000 wild")
        wait_for(lambda: "more warnings were lost on their way" in first.log(), WAIT_S, "the leader hears of the rest")
        self.assertLess(first.log().count(" wild "), 2000)
        self.assertEqual(third.log().count(" wild "), 5000)
        counters = third.status()["counters"]
        self.assertGreater(counters["log_lines_not_forwarded"], 3000)
        self.assertEqual(counters["log_lines_lost"], 0)

    def test_K2_a_leader_takes_ten_batches_of_a_member_in_a_second(self):
        first, third = self.node("first"), self.node("third")
        self.joined(first, third)
        scribe = self.say(third, "info 1 ready")
        began = time.monotonic()
        for number in range(21):
            third.caller().ask(f"ask {scribe} warning 1 in batch {number}.")
            wait_for(lambda n=number: f"in batch {n}. 1" in first.log(), WAIT_S, "the leader knows")
        self.assertGreaterEqual(time.monotonic() - began, 2)

    def test_K2_who_does_not_forward_does_not(self):
        first, third = self.node("first"), self.node("third", "    forward = false\n")
        self.joined(first, third)
        self.say(third, "error 1 kept here")
        self.assertIn("kept here 1", third.log())
        self.assertEqual(third.status()["counters"]["log_lines_forwarded"], 0)


class Reading(unittest.TestCase):
    """What `mesh logs` shows (K2)."""

    def setUp(self):
        self.directory = Directory().__enter__()
        self.addCleanup(self.directory.__exit__, None, None, None)
        self.leader = f"tcp://127.0.0.1:{free_port()}"

    def node(self, name, log="", bind=None):
        return self.directory.node(name, f"bind = {bind or f'tcp://127.0.0.1:{free_port()}'}\nleaders = {self.leader}\nmodule_path = {SCRIBES}\n"
                                         f"times\n    restart = 200 ms\nlog\n    level = info\n{log}")

    def pair(self):
        one, two = self.node("one", bind=self.leader), self.node("two")
        wait_for(lambda: len(one.status()["members"]) == 2, WAIT_S, "both are there")
        return one, two

    def scribe(self, node):
        code, scribe = node.mesh("create", "scribe")
        self.assertEqual(code, 0)
        return scribe

    def say(self, node, scribe, order):
        self.assertEqual(node.caller().ask(f"ask {scribe} {order}"), "done")

    def logs(self, node, *words):
        done = subprocess.run([MESH, "logs", "--run-directory", node.run, *words], env=dict(environment(), LC_ALL="C"), capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def follow(self, node, *words):
        """A reader that follows, and the list that gets its lines; nothing more gets there once `stop` is set."""
        program = subprocess.Popen([MESH, "logs", "-f", "--run-directory", node.run, *words], env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        lines, stop = [], threading.Event()

        def gather():
            while not stop.is_set() and (line := program.stdout.readline()):
                lines.append(line)

        gatherer = threading.Thread(target=gather)
        gatherer.start()
        self.addCleanup(program.stdout.close)
        self.addCleanup(gatherer.join)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program, lines, stop

    def hears(self, lines, text):
        wait_for(lambda: any(text in line for line in lines), WAIT_S, f"a line says: {text}")

    def interrupt(self, program):
        program.send_signal(signal.SIGINT)
        self.assertEqual(program.wait(WAIT_S), 0)

    def test_K2_lines_of_all_nodes_come_in_the_order_of_their_times(self):
        one, two = self.pair()
        scribes = {one: self.scribe(one), two: self.scribe(two)}
        for number in range(3):
            for node in (one, two):
                self.say(node, scribes[node], f"info 1 {node.run.name} {number}")
        code, lines, _ = self.logs(two)
        self.assertEqual(code, 0)
        parts = [LINE.match(line).groups() for line in lines]
        for name in ("one", "two"):
            self.assertEqual([part[6] for part in parts if part[2] == name and part[4] == "scribe"],
                             [f"{name} {number} 1" for number in range(3)])
        self.assertEqual([part[0] for part in parts], sorted(part[0] for part in parts))
        self.assertEqual([part[6] for part in parts], [LINE.match(line).group(7) for line in self.logs(one)[1]])

    def test_K2_some_of_the_lines_can_be_asked_for(self):
        one, two = self.pair()
        scribe = self.scribe(two)
        for level in ("warning", "info", "error"):
            self.say(two, scribe, f"{level} 5 {level}")
        self.assertEqual({LINE.match(line).group(3) for line in self.logs(one, "--node", "two")[1]}, {"two"})
        warnings = self.logs(one, "--node", "two", "--level", "warning", "-n", "7")[1]
        self.assertEqual([LINE.match(line).group(7) for line in warnings],
                         [f"warning {number}" for number in (4, 5)] + [f"error {number}" for number in range(1, 6)])
        self.assertEqual(self.logs(one, "--lines", "0"), (0, [], ""))
        code, lines, why = self.logs(one, "--node", "three")
        self.assertEqual((code, lines), (4, []))
        self.assertIn("three: no node of that name is in the convention", why)

    def test_K2_hostile_text_hurts_no_terminal_and_no_reader_of_json(self):
        one, _ = self.pair()
        scribe = self.scribe(one)
        self.say(one, scribe, r"error 1 red \x1b[31m bell \x07 two\x0alines \xff\xc0\xaf \xc3\xa4 \xc2\x9b")
        code, lines, _ = self.logs(one, "--node", "one", "--level", "error")
        self.assertEqual(code, 0)
        self.assertEqual([LINE.match(line).group(7) for line in lines if scribe in line],
                         [r"red  [31m bell   two lines ??? \xc3\xa4   1"])
        line = json.loads(self.logs(one, "--node", "one", "--level", "error", "--json")[1][-1])
        self.assertEqual((line["node"], line["level"], line["type"], line["address"]), ("one", "error", "scribe", scribe))
        self.assertIn("\u00e4", line["text"])

    def test_K2_following_shows_each_line_once_also_over_rotations(self):
        one = self.node("one", "    size = 32 KiB\n    files = 100\n", bind=self.leader)
        two = self.node("two", "    format = json\n")
        wait_for(lambda: len(one.status()["members"]) == 2, WAIT_S, "both are there")
        scribes = {one: self.scribe(one), two: self.scribe(two)}
        program, lines, _ = self.follow(one, "--json", "-n", "1")
        wait_for(lambda: lines, WAIT_S, "a first line")
        for part in range(10):
            for node in (one, two):
                self.say(node, scribes[node], f"info 200 part {part}")
        wait_for(lambda: sum('"type":"scribe"' in line.replace(" ", "") for line in lines) >= 4000, WAIT_S, "all lines")
        seen = [json.loads(line) for line in list(lines)]
        for name in ("one", "two"):
            self.assertEqual([line["text"] for line in seen if line["node"] == name and line.get("type") == "scribe"],
                             [f"part {part} {number}" for part in range(10) for number in range(1, 201)])
        self.interrupt(program)

    def test_K2_a_reader_that_stops_holds_up_nobody(self):
        one = self.node("one", "    size = 64 KiB\n    files = 2\n", bind=self.leader)
        scribe = self.scribe(one)
        program, lines, stop = self.follow(one)
        stop.set()
        wait_for(lambda: lines, WAIT_S, "a first line")
        for part in range(20):
            self.say(one, scribe, f"info 500 nobody reads part {part}")
        self.assertEqual(one.status()["counters"]["log_lines_lost"], 0)
        self.interrupt(program)

    def test_K2_members_that_come_are_followed_too_and_one_that_goes_ends_nothing(self):
        one = self.node("one", bind=self.leader)
        program, lines, _ = self.follow(one, "-n", "1", "--level", "warning")
        two = self.node("two")
        self.say(two, self.scribe(two), "warning 1 from the newcomer")
        self.hears(lines, "from the newcomer 1")
        two.kill()
        self.say(one, self.scribe(one), "warning 1 still here")
        self.hears(lines, "still here 1")
        self.interrupt(program)

    def test_K2_where_a_log_is_that_cannot_be_read_is_told(self):
        one, two = self.node("one", bind=self.leader), self.node("two", "    destination = none\n")
        wait_for(lambda: len(one.status()["members"]) == 2, WAIT_S, "both are there")
        code, lines, why = self.logs(one)
        self.assertEqual(code, 0)
        self.assertTrue(lines)
        self.assertIn("mesh: node two: it logs nothing: log/destination is none", why)
        self.assertTrue(two)


if __name__ == "__main__":
    unittest.main()
