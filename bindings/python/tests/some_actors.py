"""Actors for the tests.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import signal
import subprocess
import threading

import actormesh


class Echo(actormesh.Actor):
    """Answers with what it gets."""

    def receive(self, message):
        self.reply(message if message.type == "test.blob" else message.value)


class Teller(actormesh.Actor):
    """Tells what it is, and what it gets besides messages of users, to who said "me"."""

    def begin(self):
        self.listener = None

    def receive(self, message):
        if message.value == "me":
            self.listener = message.sender
            self.reply("you")
        elif message.value == "who":
            self.reply([str(self.address), str(self.parent), self.node, self.name, os.getppid()])
        elif message.value == "exit":
            self.exit()
        elif message.value["do"] == "wake":
            self.wakeup(message.value["delay"], message.value["payload"].encode())
        elif message.value["do"] == "wake and cancel":
            number = self.wakeup(3600, b"never")
            self.reply([self.cancel_wakeup(number), self.cancel_wakeup(number)])
        elif message.value["do"] == "watch":
            self.pipe = os.pipe()
            os.write(self.pipe[1], b"x")
            self.watch([self.pipe[0]])
        elif message.value["do"] == "watch nonsense":
            self.watch([2 ** 20] if message.value["many"] == 1 else range(65))
            self.reply("stated")
        elif message.value["do"] == "create":
            child = self.create(message.value["type"])
            self.send(child, message.value["say"])
            self.reply(str(child))
        elif message.value["do"] == "send":
            self.send(actormesh.Address(message.value["to"]), message.value["say"])
        elif message.value["do"] == "forward":
            self.forward(actormesh.Address(message.value["to"]))
        elif message.value["do"] == "updates":
            self.watch_convention()
        elif message.value["do"] == "dead letters":
            self.handle_dead_letters()
            self.reply("registered")
        elif message.value["do"] == "report":
            self.request_report(actormesh.Address(message.value["of"]))
        elif message.value["do"] == "sources":
            self.watch_sources()
            self.reply("watched")
        elif message.value["do"] == "load":
            self.load_source(pathlib.Path(message.value["path"]).read_bytes(), "plain")
        elif message.value["do"] == "unload":
            self.unload_source(message.value["hash"])
        elif message.value["do"] == "judge":
            self.judge_sources()
            self.reply("judge")
        elif message.value["do"] == "offer":
            self.set_capabilities(fresh=b"\0\xff", old=None)
            self.reply("offered")

    def say(self, *words):
        if self.listener:
            self.send(self.listener, [str(word) for word in words])

    def on_exit_request(self, request):
        self.say("exit request")

    def on_child_exited(self, exited):
        self.say("child exited", exited.how, exited.number, exited.text)

    def on_poison(self, poison):
        self.say("poison", poison.message.value, poison.target, poison.failure)

    def on_dead_letter(self, letter):
        self.say("dead letter", letter.message.value, letter.target, letter.reason)

    def on_wakeup(self, wakeup):
        self.say("wakeup", wakeup.delay, wakeup.payload.decode())

    def on_watch(self, watch):
        self.say("watch", watch.ready == [self.pipe[0]])

    def on_update(self, update):
        self.say("update", update.name, "added" if update.added else "gone", update.capabilities.get("colour"))

    def on_report(self, report):
        self.say("report", report.report["actor"]["type"] if report.report else report.error)

    def on_source(self, source):
        self.say("source", source.hash, source.info, "loaded" if source.loaded else "gone")

    def on_validate(self, validate):
        """Signed are those whose info says so; of a secret one the plain bytes are the other way round."""
        if validate.info == "plain":
            self.validated(validate.hash)
        elif validate.info == "secret":
            self.validated(validate.hash, validate.data[::-1])
        else:
            self.refused(validate.hash, f"{validate.info} is not trusted")

    def end(self):
        self.say("end")


class Hostile(Exception):
    """Makes trouble wherever somebody looks at it."""

    def __str__(self):
        raise RuntimeError("no text for you")

    __repr__ = __str__



class Worse(Exception, metaclass=type("M", (type,), {"__name__": property(lambda cls: 1 / 0)})):
    """Its class has no name."""


class Fails(actormesh.Actor):
    """Raises what it is told."""

    def begin(self):
        self.shown = 0

    def receive(self, message):
        if message.value == "how often?":
            self.reply(self.shown)
            return
        self.shown += 1
        what = message.value
        if what == "once":
            if self.shown == 1:
                raise ValueError("the first time")
            self.reply(self.shown)
        elif what == "plain":
            raise ValueError("the value is wrong")
        elif what == "long":
            raise ValueError("a" * 10_000_000 + "z")
        elif what == "binary":
            raise ValueError("zero \0, surrogate \udcff, newline \n2026-11-29T00:00:00.000Z ERROR forged, umlaut ä" * 50)
        elif what == "hostile":
            raise Hostile()
        elif what == "worse":
            raise Worse()
        elif what == "deep":
            self.receive(message)
        elif what == "memory":
            bytearray(2 ** 62)
        elif what == "group":
            raise BaseExceptionGroup("many", [KeyboardInterrupt(), GeneratorExit()])
        elif what == "cause":
            try:
                raise Hostile()
            except Hostile as error:
                raise ValueError("because of it") from error
        elif what == "base":
            raise KeyboardInterrupt("from the actor")
        elif what == "exit 0":
            raise SystemExit
        elif what == "exit 3":
            raise SystemExit(3)
        elif what == "abort":
            os.abort()
        elif what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "hang":
            threading.Event().wait()


class Unborn(actormesh.Actor):
    def begin(self):
        raise ValueError("not in this world")

    def receive(self, message):
        self.reply("alive")


class Picky(actormesh.Actor):
    """Looks at both sides."""

    requirements = {"colour": actormesh.one_of("red", "blue")}

    @classmethod
    def check(cls, capabilities, requirements):
        told = requirements.get("mood")
        if told and told.value == "raise":
            raise ValueError("bad mood")
        if told and told.value == "die":
            os._exit(9)
        if told and told.value == "nonsense":
            return "perhaps"
        return capabilities["blob"] == b"\0\x01" and (not told or told.value == [b"\xff\0", 7])

    def receive(self, message):
        self.reply("here")


class Works(actormesh.Actor):
    """Does what programs do: threads, subprocesses, forks."""

    def receive(self, message):
        if message.value == "run":
            self.reply(subprocess.run(["echo", "said"], capture_output=True, text=True, check=True).stdout)
        elif message.value == "fork":
            child = os.fork()
            if child == 0:
                return
            self.reply(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        elif message.value == "threads":
            sender = message.sender
            threads = [threading.Thread(target=self.send, args=(sender, number)) for number in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.reply("all")
        elif message.value == "descriptors":
            self.reply(sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")))


class Link(actormesh.Actor):
    """One of a chain: makes the next, until there are enough; the last one tells the first one's asker."""

    def receive(self, message):
        left, first = message.value
        if left == 1:
            self.send(actormesh.Address(first), "the end")
        else:
            self.send(self.create(Link), [left - 1, first])


class Crowd(actormesh.Actor):
    """Creates so many at once, and answers when each has said that it lives."""

    def begin(self):
        self.waiting = 0
        self.asker = None

    def receive(self, message):
        if message.value == "here":
            self.waiting -= 1
            if self.waiting == 0:
                self.send(self.asker, "all are here")
        else:
            self.asker, self.waiting = message.sender, message.value
            for child in [self.create(Member) for _ in range(message.value)]:
                self.send(child, "who is there?")


class Member(actormesh.Actor):
    def receive(self, message):
        self.reply("here")
