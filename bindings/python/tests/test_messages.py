"""What programs and actors say to each other, and what becomes of it.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import signal
import threading
import unittest

import actormesh
from systems import WAIT_S, Case, is_alive, wait_for

MIB = 1024 * 1024


class Messages(Case):
    def test_D11_texts_bytes_and_json_come_back_as_they_are(self):
        echo = self.system.create("some_actors.Echo")
        for value in ("", "hello", "grüß Gott", b"", b"\0\xff", [1, 2.5, None, True], {"a": {"b": []}}, 42):
            self.assertEqual(self.system.ask(echo, value, WAIT_S).value, value)
        blob = self.system.ask(echo, actormesh.Message("test.blob", b"\1\2"), WAIT_S)
        self.assertEqual((blob.type, blob.data, blob.sender), ("test.blob", b"\1\2", echo))

    def test_D9_a_payload_has_64_MiB(self):
        echo = self.system.create("some_actors.Echo")
        payload = os.urandom(MIB) * 64
        self.assertEqual(self.system.ask(echo, payload, 120).value, payload)

    def test_B1_addresses_are_compared_ordered_and_sent(self):
        one, two = self.system.create("some_actors.Echo"), self.system.create("some_actors.Echo")
        self.assertEqual(actormesh.Address(str(one)), one)
        self.assertEqual(len({one, two, actormesh.Address(str(one))}), 2)
        self.assertNotEqual(one < two, two < one)
        self.assertEqual(self.system.ask(one, [one], WAIT_S).value, [str(one)])
        with self.assertRaises(actormesh.MeshError) as caught:
            actormesh.Address("nonsense")
        self.assertEqual(caught.exception.status, "MESH_INVALID_ADDRESS")

    def test_D11_time_is_kept_and_late_answers_are_heard(self):
        slow = self.system.create("some_actors.Fails")
        self.assertIsNone(self.system.listen(0))
        with self.assertRaises(actormesh.TimedOut):
            self.system.ask(slow, "hang", 0.1)
        report = self.system.actor_status(slow)
        self.assertEqual((report["state"], report["in_hand"]), ("busy", "text"))
        self.assertEqual(self.system.ask(self.system.create("some_actors.Echo"), "others go on", WAIT_S).value, "others go on")

    def test_D11_who_gets_it_forwarded_answers(self):
        teller, echo = self.teller(), self.system.create("some_actors.Echo")
        asked = {"do": "forward", "to": str(echo)}
        self.assertEqual(self.system.ask(teller, asked, WAIT_S).value, asked)

    def test_D12_a_hundred_threads_have_endpoints_of_their_own(self):
        echo = self.system.create("some_actors.Echo")
        failures, addresses = [], set()

        def ask():
            with self.system.endpoint() as endpoint:
                addresses.add(endpoint.address)
                for number in range(20):
                    said = [threading.get_ident(), number]
                    if endpoint.ask(echo, said, WAIT_S).value != said:
                        failures.append(said)

        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((failures, len(addresses)), ([], 100))

    def test_D12_a_closed_endpoint_says_so(self):
        endpoint = self.system.endpoint()
        endpoint.close()
        endpoint.close()
        with self.assertRaises(actormesh.MeshError) as caught:
            endpoint.listen(0)
        self.assertEqual(caught.exception.status, "MESH_CLOSED")


class Failures(Case):
    def failure(self, actor, what):
        with self.assertRaises(actormesh.RefusedError) as caught:
            self.system.ask(actor, what, WAIT_S)
        return caught.exception.message.failure

    def test_E1_a_message_that_raises_comes_once_more(self):
        actor = self.system.create("some_actors.Fails")
        self.assertEqual(self.system.ask(actor, "once", WAIT_S).value, 2)

    def test_E1_what_raises_twice_goes_back_with_its_traceback(self):
        actor = self.system.create("some_actors.Fails")
        failure = self.failure(actor, "plain")
        self.assertTrue(failure.startswith("ValueError: the value is wrong\nTraceback (most recent call last):"), failure)
        self.assertIn("some_actors.py", failure)
        self.assertIn("in receive", failure)
        self.assertEqual(self.system.ask(actor, "how often?", WAIT_S).value, 2)
        self.assertEqual(self.system.actor_status(actor)["counters"]["returned"], 1)

    def test_E1_the_sender_that_is_an_actor_gets_the_poison(self):
        teller, actor = self.teller(), self.system.create("some_actors.Fails")
        self.system.tell(teller, {"do": "send", "to": str(actor), "say": "plain"})
        heard = self.hear()
        self.assertEqual(heard[:3], ["poison", "plain", str(actor)])
        self.assertIn("the value is wrong", heard[3])

    def test_E1_hostile_exceptions_are_failures_like_any_other(self):
        actor = self.system.create("some_actors.Fails")
        expected = {"long": "aaaaz", "binary": "ValueError", "hostile": "Hostile", "worse": "", "deep": "RecursionError", "memory": "MemoryError",
                    "group": "many", "cause": "because of it", "base": "KeyboardInterrupt"}
        for what, text in expected.items():
            with self.subTest(what):
                failure = self.failure(actor, what)
                self.assertIn(text, failure)
                self.assertTrue(failure)
                self.assertLessEqual(len(failure.encode()), 1023)
        self.assertEqual(self.system.ask(actor, "how often?", WAIT_S).value > 2 * len(expected) - 1, True)
        lines = (self.system.run / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        self.assertFalse([line for line in lines if " ERROR forged" in line and line.startswith("2026-11-29T00:00:00.000Z")])

    def test_E3_a_crash_is_told_with_its_cause(self):
        for what, cause in (("abort", "SIGABRT"), ("kill", "SIGKILL"), ("exit 3", "code 3")):
            with self.subTest(what):
                self.assertIn(cause, self.failure(self.system.create("some_actors.Fails"), what))

    def test_C5_sys_exit_is_a_normal_end(self):
        actor = self.system.create("some_actors.Fails")
        self.assertIn("called exit()", self.failure(actor, "exit 0"))
        with self.assertRaises(actormesh.DeadError):
            self.system.ask(actor, "how often?", WAIT_S)

    def test_E5_what_cannot_be_sent_is_an_error_at_the_call(self):
        with self.assertRaises(actormesh.MeshError) as caught:
            self.system.tell(actormesh.Address(), "nobody")
        self.assertEqual(caught.exception.status, "MESH_INVALID_ADDRESS")
        with self.assertRaises(TypeError):
            self.system.tell(self.system.address, object())


class SystemMessages(Case):
    def test_F1_timers(self):
        teller = self.teller()
        self.system.tell(teller, {"do": "wake", "delay": 0.02, "payload": "tick"})
        self.assertEqual(self.hear(), ["wakeup", "0.02", "tick"])
        self.assertEqual(self.system.ask(teller, {"do": "wake and cancel"}, WAIT_S).value, [True, False])

    def test_F2_watching(self):
        teller = self.teller()
        self.system.tell(teller, {"do": "watch"})
        self.assertEqual(self.hear(), ["watch", "True"])

    def test_F2_closed_descriptors_are_ignored_and_too_many_a_failure(self):
        teller = self.teller()
        self.assertEqual(self.system.ask(teller, {"do": "watch nonsense", "many": 1}, WAIT_S).value, "stated")
        self.system.tell(teller, {"do": "watch nonsense", "many": 65})
        heard = [self.system.listen(WAIT_S) for _ in range(3)]  # it answers each time that it is shown
        failures = [message.failure for message in heard if isinstance(message, actormesh.Poison)]
        self.assertEqual(len(failures), 1)
        self.assertIn("more than 64", failures[0])

    def test_C4_a_childs_end_is_told_once_with_its_cause(self):
        teller = self.teller()
        self.system.ask(teller, {"do": "create", "type": "some_actors.Fails", "say": "kill"}, WAIT_S)
        heard = sorted([self.hear(), self.hear()])
        self.assertEqual(heard[0][:3], ["child exited", "killed by a signal", str(int(signal.SIGKILL))])
        self.assertEqual(heard[1][0], "poison")
        self.assertIsNone(self.system.listen(0.2))

    def test_C1_a_child_that_cannot_be_created_is_told_of(self):
        teller = self.teller()
        self.system.ask(teller, {"do": "create", "type": "some_actors.Nobody", "say": "hello"}, WAIT_S)
        heard = self.hear()
        self.assertEqual(heard[:2], ["child exited", "was not created"])
        self.assertIn("some_actors.Nobody", heard[3])

    def test_C5_the_request_comes_first_and_the_end_last(self):
        teller = self.teller()
        self.system.request_exit(teller)
        self.assertEqual([self.hear(), self.hear()], [["exit request"], ["end"]])

    def test_A5_an_actor_exits_when_it_says_so(self):
        teller = self.teller()
        self.system.tell(teller, "exit")
        self.assertEqual(self.hear(), ["end"])
        with self.assertRaises(actormesh.DeadError):
            self.system.ask(teller, "who", WAIT_S)

    def test_C11_SIGTERM_is_an_exit_request(self):
        teller = self.teller()
        os.kill(self.system.actor_status(teller)["pid"], signal.SIGTERM)
        self.assertEqual([self.hear(), self.hear()], [["exit request"], ["end"]])

    def test_E4_dead_letters_come_to_their_handler(self):
        teller, echo = self.teller(), self.system.create("some_actors.Echo")
        self.assertEqual(self.system.ask(teller, {"do": "dead letters"}, WAIT_S).value, "registered")
        self.system.request_exit(echo)
        wait_for(lambda: not [actor for actor in self.system.status()[0]["actors"] if actor["address"] == echo], "it is gone")
        self.system.tell(echo, "too late")
        self.assertEqual(self.hear()[:4], ["dead letter", "too late", str(echo), "exited"])

    def test_K1_status_of_nodes_and_actors(self):
        teller = self.teller()
        node = self.system.status()[0]
        self.assertEqual((node["name"], node["leads"], [actor["type"] for actor in node["actors"]]), ("one", True, ["some_actors.Teller"]))
        self.assertEqual(self.system.actor_status(teller)["type"], "some_actors.Teller")
        self.system.tell(teller, {"do": "report", "of": str(teller)})
        self.assertEqual(self.hear(), ["report", "some_actors.Teller"])
        title = pathlib.Path(f"/proc/{self.system.actor_status(teller)['pid']}/cmdline").read_bytes().rstrip(b"\0").decode()
        self.assertEqual(title, f"mesh: Teller {teller}")

    def test_C12_shutdown_ends_all(self):
        pids = [self.system.actor_status(self.system.create("some_actors.Echo"))["pid"] for _ in range(3)] + [self.spawner()]
        self.system.shutdown()
        wait_for(lambda: not any(is_alive(pid) for pid in pids), "all have ended")


if __name__ == "__main__":
    unittest.main()
