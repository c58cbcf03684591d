"""The operator's command over two real nodes: what it lists, what it says to actors, and what it makes of hostile text (K1).

SPDX-License-Identifier: MPL-2.0
"""
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import unittest

from nodes import BUILD, CTRL_C, MESH, Directory, environment, free_port, wait_for

WAIT_S = 30
TALKERS = BUILD / "tests" / "talkers"
FAILED, USAGE, NOT_RUNNING, NOT_FOUND, TIMED_OUT, REFUSED = 1, 2, 3, 4, 5, 6
HOSTILE = b"talker.\xe2\x80\xae\x9b\xff"  # turns the direction of writing, controls a terminal, and is no UTF-8


class Verbs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Directory().__enter__()
        cls.addClassCleanup(cls.directory.__exit__, None, None, None)
        leader = f"tcp://127.0.0.1:{free_port()}"
        cls.lead = cls.directory.node("lead", f"bind = {leader}\nmodule_path = {TALKERS}")
        cls.elm = cls.directory.node("elm", f"bind = tcp://127.0.0.1:0\nleaders = {leader}\nmodule_path = {TALKERS}\n"
                                            "capabilities\n    far = true")
        wait_for(lambda: len(cls.lead.status()["members"]) == 2, WAIT_S, "there are two members")

    def mesh(self, *words, node=None, stdin=None, locale="C.UTF-8"):
        """Exit code, output and what was said of failures, of a command to the leader."""
        command = [MESH, *words, "--run-directory", (node or self.lead).run]
        done = subprocess.run(command, env=dict(environment(), LC_ALL=locale), input=stdin, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def said(self, *words, **more):
        code, out, err = self.mesh(*words, **more)
        self.assertEqual((code, err), (0, ""), words)
        return out

    def json(self, *words, **more):
        return json.loads(self.said(*words, "--json", **more))

    def create(self, *words):
        address = self.said("create", *words).strip()
        self.addCleanup(self.mesh, "exit", address)
        return address

    def ask(self, target, text):
        return self.said("ask", target, text).removesuffix("\n")

    def child(self, parent, type_name):
        """One that is up."""
        address = self.ask(parent, f"create {type_name}")
        self.assertEqual(self.ask(address, "well?"), "well?")
        return address

    def listen(self, node, *options):
        """A listener, which ends with the test."""
        command = [MESH, "listen", *options, "--run-directory", node.run]
        listener = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for done in (listener.stdout.close, listener.stderr.close, listener.wait, listener.kill):
            self.addCleanup(done)
        return listener

    def shown(self, columns, *words):
        """The lines that a command prints on a terminal of that width."""
        terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        with open(terminal, "rb") as screen:
            program = subprocess.Popen([MESH, *words, "--run-directory", self.lead.run], env=environment(), stdout=end)
            os.close(end)
            text = b""
            try:
                while part := screen.read1():
                    text += part
            except OSError:
                pass  # so a terminal says that nobody writes any more
            self.assertEqual(program.wait(WAIT_S), 0)
        return text.decode().splitlines()

    # ---- looking ----

    def test_K1_a_status_fits_the_terminal(self):
        talker = self.create("talker")
        self.ask(talker, "well?")
        for what in ([], ["lead"], [talker]):
            wide, narrow = self.shown(1000, "status", *what), self.shown(80, "status", *what)
            self.assertLessEqual(max(map(len, narrow)), 80, narrow)
            self.assertGreater(len(narrow), len(wide))
        self.assertEqual(sum(line.startswith("  counters:") for line in self.said("status").splitlines()), 2)

    def test_K1_a_tree_goes_across_nodes_and_to_who_is_not_on_record(self):
        root = self.create("talker")
        far, light = self.child(root, "talker.far"), self.child(root, "talker.light")
        beside = self.child(light, "talker.light")
        below = self.child(beside, "talker.light")
        tree = self.json("tree", root)["nodes"]
        self.assertEqual([node["name"] for node in tree], ["lead"])
        top = tree[0]["actors"][0]
        children = {child["address"]: child for child in top["children"]}
        self.assertEqual((top["address"], set(children)), (root, {far, light}))
        self.assertEqual((children[far]["node"], children[light]["node"]), ("elm", "lead"))
        self.assertEqual([child["address"] for child in children[light]["children"]], [beside])
        self.assertEqual(children[light]["children"][0]["children"][0]["address"], below)
        listed = {actor["address"] for actor in self.json("actors")["actors"]}
        self.assertIn(light, listed)
        self.assertNotIn(below, listed, "no admin has it on record")
        lines = ["NODE lead (leads)", f"talker  {root}", f"├── talker.light  {light}", f"│   └── talker.light  {beside}",
                 f"│       └── talker.light  {below}", f"└── talker.far  {far}  on elm"]
        self.assertEqual(self.said("tree", root).splitlines(), lines)
        plain = self.said("tree", root, locale="C")
        self.assertIn(f"\n|-- talker.light  {light}\n|   `-- talker.light  {beside}\n|       `-- ", plain)
        self.assertIn(f"talker.far  {far}  (a child of {root} on lead)", self.said("tree", "elm"))
        self.assertIn(f"talker.light  {beside}  (a child of {light} on lead)", self.said("tree", beside))
        self.assertEqual(self.json("status", root)["actor"]["children_count"], 2)

    def test_K1_a_tree_says_how_many_are_missing(self):
        root = self.create("talker.light")
        child = self.child(root, "talker.light")
        pid = self.json("status", root)["actor"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(self.said("tree", root).splitlines()[1:], [f"talker.light  {root}", "└── (1 that is not listed)"])
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertIn(child, self.said("tree", root))

    def test_K1_actors_by_type_and_by_node(self):
        root = self.create("talker", "--name", "the root")
        far = self.child(root, "talker.far")
        found = self.json("actors", "--type", "*.far")["actors"]
        self.assertEqual([(actor["address"], actor["node"], actor["parent"]) for actor in found], [(far, "elm", root)])
        here = {actor["address"]: actor for actor in self.json("actors", "--node", "lead", node=self.elm)["actors"]}
        self.assertEqual((here[root]["name"], here[root]["children_count"]), ("the root", 1))
        self.assertNotIn(far, here)
        self.assertRegex(self.said("actors", "--node", "elm"), rf"(?m)^{far} +talker\.far +elm +\d+ +0 +1  idle$")
        code, _, err = self.mesh("actors", "--node", "oak")
        self.assertEqual((code, err), (NOT_FOUND, "mesh: 'oak' is no node of this convention: `mesh convention` shows them\n"))

    def test_K1_of_many_actors_some_are_listed_and_all_counted(self):
        with self.lead.create("talker.light", 300) as program:
            made = [program.address] + [program.stdout.readline().strip() for _ in range(299)]
            for node in (self.lead, self.elm):
                whole = self.json("actors", node=node)
                self.assertGreaterEqual(len(whole["actors"]) + whole["unlisted"], 300)
                self.assertEqual(len([actor for actor in whole["actors"] if actor["node"] == "lead"]), 256)
            self.assertIn(f"mesh: {whole['unlisted']} more are not listed; --node shows more of one node\n", self.mesh("actors")[2])
            one = self.json("actors", "--node", "lead", node=self.elm)
            self.assertEqual((one["unlisted"], set(made) - {actor["address"] for actor in one["actors"]}), (0, set()))
            program.stdin.close()
        for address in made:
            self.said("exit", address, "--timeout", "0")
        wait_for(lambda: not set(made) & {actor["address"] for actor in self.lead.status()["actors"]}, WAIT_S, "they are gone")

    def test_K1_S5A_the_convention_with_who_watches_it(self):
        watcher = self.create("talker")
        self.assertEqual(self.ask(watcher, "watch"), "watch")
        wait_for(lambda: self.json("convention")["members"][0]["watchers"] == [watcher], WAIT_S, "the node knows who watches")
        whole = self.json("convention", node=self.elm)
        self.assertEqual((whole["node"], whole["leader"]), ("elm", "lead"))
        members = {member["name"]: member for member in whole["members"]}
        self.assertEqual([members[name]["follows"] for name in ("lead", "elm")], ["lead", "lead"])
        self.assertEqual([members[name]["leads"] for name in ("lead", "elm")], [True, False])
        self.assertEqual(members["lead"]["admin"], self.json("status", watcher)["actor"]["parent"])
        text = self.said("convention")
        self.assertRegex(text, r"(?m)^lead +leader +lead +\d+ ")
        self.assertRegex(text, rf"(?m)^elm +member +lead .*\n\nWATCHER +NODE\n{watcher}  lead$")
        os.kill(self.elm.pid, signal.SIGSTOP)
        try:
            silent = {member["name"]: member for member in self.json("convention")["members"]}["elm"]
        finally:
            os.kill(self.elm.pid, signal.SIGCONT)
        self.assertEqual((silent["answered"], "follows" in silent), (False, False))
        wait_for(lambda: {m["state"] for m in self.lead.status()["members"]} == {"leader", "member"}, WAIT_S, "it is heard from again")

    # ---- talking ----

    def test_D11_ask_by_address_by_name_and_from_elsewhere(self):
        name = "a talker"
        address = self.create("talker", "--name", name)
        for target in (address, name):
            self.assertEqual(self.ask(target, "well?"), "well?")
        self.assertEqual(self.said("ask", name, "from elm", node=self.elm), "from elm\n")
        answer = self.json("ask", address, "well?")["answer"]
        self.assertEqual(answer, {"sender": address, "type": "text", "bytes": 6, "text": "well?"})

    def test_D9_a_payload_is_bytes_with_a_type(self):
        address = self.create("talker")
        data = bytes(range(256)) * 1000
        file = self.directory.path / "payload"
        file.write_bytes(data)
        command = [MESH, "ask", address, "--type", "blob", "--raw", "--run-directory", self.lead.run]
        for words, given in (["--file", file], None), (["--file", "-"], data):
            done = subprocess.run(command + words, env=environment(), input=given, capture_output=True, timeout=60, check=True)
            self.assertEqual(done.stdout, data)
        answer = self.json("ask", address, "--type", "blob", "--file", str(file))["answer"]
        self.assertEqual((answer["type"], answer["bytes"], bytes.fromhex(answer["hex"])), ("blob", len(data), data))
        self.assertEqual(self.json("ask", address, "--type", "empty")["answer"]["bytes"], 0)
        for given, shown in ((b"a text\0", "a text\n"), (b"two\0\0", "two\\x00\\x00\n"), (b"\0", "\n"), (b"", "\n")):
            self.assertEqual(self.said("ask", address, "--type", "blob", "--file", "-", stdin=given), shown)
        file.write_bytes(b"of a file")
        self.assertEqual(self.said("ask", address, "--file", str(file)), "of a file\n")

    def test_E1_what_became_of_a_question_is_the_exit_code(self):
        address = self.create("talker")
        self.assertEqual(self.mesh("ask", address, "fail on purpose"), (REFUSED, "", "mesh: its handler has failed: on purpose\n"))
        self.assertEqual(self.mesh("ask", address, "be silent", "--timeout", "0.2"), (TIMED_OUT, "", "mesh: no answer in 0.2 s\n"))
        self.assertEqual(self.mesh("ask", address, "crash"), (REFUSED, "", "mesh: its handler has failed: killed by SIGABRT\n"))
        gone = (NOT_FOUND, "", "mesh: the actor is gone: killed by SIGABRT\n")
        wait_for(lambda: self.mesh("ask", address, "still there?") == gone, WAIT_S, "it is known to be gone")
        code, out, err = self.mesh("tell", address, "still there?")
        self.assertEqual((code, out), (NOT_FOUND, ""))
        self.assertIn("that actor is gone", err)

    def test_D12_who_listens_is_told(self):
        talker = self.create("talker")
        listener = self.listen(self.elm, "--json", "--count", "3")
        address = json.loads(listener.stdout.readline())["address"]
        self.said("tell", address, "a text")
        self.assertEqual(self.json("tell", address, "--type", "blob", "--file", "-", stdin=b"\xff"), {"told": address, "type": "blob", "bytes": 1})
        self.said("tell", talker, f"tell {address} of an actor")
        heard = [json.loads(listener.stdout.readline()) for _ in range(3)]
        self.assertEqual(listener.wait(WAIT_S), 0)
        self.assertEqual([(message["kind"], message["type"]) for message in heard], [("message", "text"), ("message", "blob"), ("message", "text")])
        self.assertEqual((heard[0]["text"], heard[1]["hex"], heard[2]["text"]), ("a text", "ff", "of an actor"))
        self.assertEqual(heard[2]["sender"], talker)
        self.assertEqual(self.mesh("exit", address)[0], NOT_FOUND)

    def test_D13_a_signal_ends_a_listener_and_time_does(self):
        listener = self.listen(self.lead)
        address = listener.stderr.readline().removeprefix("listening at ").strip()
        self.assertEqual(self.mesh("exit", address), (REFUSED, "", "mesh: that is the address of a program or a process, not of an actor\n"))
        self.said("tell", address, "in two\nlines")
        self.assertRegex(listener.stdout.readline() + listener.stdout.readline(), r"^[0-9a-f.]+ text: in two\nlines\n$")
        listener.send_signal(signal.SIGINT)
        self.assertEqual(listener.wait(WAIT_S), 0)
        code, out, err = self.mesh("listen", "--timeout", "0.1")
        self.assertEqual((code, out), (TIMED_OUT, ""))
        self.assertIn("nothing more comes: the time is up", err)

    def test_D13_a_signal_just_before_the_wait_is_not_lost(self):
        for verb in (("listen",), ("logs", "--follow")):
            command = [MESH, *verb, "--run-directory", self.lead.run]
            done = subprocess.run(command, env=dict(environment(), LD_PRELOAD=CTRL_C), capture_output=True, timeout=WAIT_S, check=False)
            self.assertEqual(done.returncode, 0)

    def test_C5_exit_waits_for_the_end_with_all_children(self):
        root = self.create("talker")
        far = self.child(root, "talker.far")
        self.assertEqual(self.json("exit", root), {"asked": root, "gone": True})
        for address in (root, far):
            self.assertEqual(self.mesh("status", address)[0], NOT_FOUND)
        self.assertEqual(self.mesh("exit", root)[0], NOT_FOUND)
        self.assertEqual(self.mesh("exit", "elm")[::2], (REFUSED, "mesh: it cannot be asked to exit: that is a node; `mesh shutdown` ends one\n"))

    def test_C5_exit_has_a_time_limit(self):
        address = self.create("talker")
        pid = self.json("status", address)["actor"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            code, out, err = self.mesh("exit", address, "--timeout", "0.1")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual((code, out), (TIMED_OUT, ""))
        self.assertIn("it was asked to exit, and is still there after 0.1 s", err)

    def test_H2_create_where_it_fits(self):
        there = self.create("talker", "--require", "far", "--require", "node name!=lead", "--require", "watch supported=true")
        self.assertEqual(self.json("status", there)["actor"]["node"], "elm")
        code, _, err = self.mesh("create", "talker", "--require", "far", "--require", "node name=lead")
        self.assertEqual(code, REFUSED)
        self.assertIn('node name = "lead" is required and is "elm"', err)
        self.assertEqual(self.mesh("create", "nosuch")[0], NOT_FOUND)

    def test_C7_create_with_supervision(self):
        address = self.create("talker", "--on-failure", "restart")
        self.assertEqual(self.mesh("ask", address, "crash")[0], REFUSED)
        self.assertEqual(self.ask(address, "still there?"), "still there?")
        self.assertEqual(self.json("status", address)["actor"]["restarts"], 1)

    # ---- hostile text ----

    def assert_harmless(self, words, text, allowed=""):
        for character in text:
            self.assertTrue(character.isprintable() or character == "\n" or character in allowed, (words, text))
            self.assertNotEqual(character, "\u202e", words)

    def test_what_others_wrote_cannot_hurt_the_terminal(self):
        name = os.fsdecode("évil‮\x1b".encode().replace(b"\x1b", b"\xff"))
        code, out, err = self.mesh("create", os.fsdecode(HOSTILE), "--name", name)
        self.assertEqual((code, err), (0, ""))
        address = out.strip()
        self.addCleanup(self.mesh, "exit", address)
        shown = "talker.\\xe2\\x80\\xae\\x9b\\xff"
        for words in (("actors",), ("tree",), ("status",), ("status", address), ("names",)):
            for locale in ("C.UTF-8", "C"):
                text = self.said(*words, locale=locale)
                self.assert_harmless(words, text)
                self.assertTrue(shown in text or words == ("names",), text)
            self.assert_harmless(words, json.dumps(self.json(*words), ensure_ascii=True))
        self.assertIn("évil\\xe2\\x80\\xae\\xff", self.said("names"))
        self.assertIn("\\xc3\\xa9vil", self.said("names", locale="C"))
        text = "é \x1b[31m red \x07\u202e\r back\\slash\n\ttab"
        self.assertEqual(self.ask(address, text), "é \\x1b[31m red \\x07\\xe2\\x80\\xae\\x0d back\\\\slash\n\ttab")
        self.assertEqual(self.json("ask", address, text)["answer"]["text"], text)
        self.assertTrue(self.said("ask", "--json", address, text).isascii())
        code, _, err = self.mesh("ask", address, "fail \x1b[31m")
        self.assertEqual((code, err), (REFUSED, "mesh: its handler has failed: \\x1b[31m\n"))

    # ---- the command itself ----

    def test_a_run_directory_may_be_given_from_here(self):
        name = self.lead.run.relative_to(self.directory.path)
        done = subprocess.run([MESH, "health", "-r", name], env=environment(), cwd=self.directory.path, capture_output=True, text=True,
                              timeout=60, check=True)
        self.assertIn("lead: healthy", done.stdout)

    def test_it_helps_and_suggests(self):
        alone = subprocess.run([MESH], env=environment(), capture_output=True, text=True, timeout=60, check=False)
        helped = subprocess.run([MESH, "help"], env=environment(), capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual((alone.returncode, alone.stdout, alone.stderr), (USAGE, helped.stdout, ""))
        commands = [line.split("  ")[1] for line in helped.stdout.splitlines() if line.startswith("  ")]
        self.assertGreater(len(commands), 20)
        for command in commands:
            words = command.split()
            one = subprocess.run([MESH, "help", *words], env=environment(), capture_output=True, text=True, timeout=60, check=True)
            if command == "help":
                self.assertEqual(one.stdout, helped.stdout)
            else:
                self.assertTrue(one.stdout.startswith(f"Usage: mesh {command} "), one.stdout)
                self.assertIn("--json", one.stdout)


if __name__ == "__main__":
    unittest.main()
