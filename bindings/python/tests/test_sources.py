"""Loadable sources: a Source Authority, watchers and programs in Python; what is loaded are actors in C.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import unittest

import actormesh
from systems import WAIT_S, Case

BUILT = pathlib.Path(os.environ["MESH_MESHD"]).resolve().parent.parent / "tests" / "sources"


def bundle(word):
    return actormesh.pack_source(BUILT / word / "libgreeting.so", BUILT / word / "source.so")


class Sources(Case):
    def judge(self):
        teller = self.teller()
        self.assertEqual(self.system.ask(teller, {"do": "judge"}, WAIT_S).value, "judge")
        return teller

    def refusal(self, data, info=""):
        with self.assertRaises(actormesh.MeshError) as caught:
            self.system.load_source(data, info)
        return caught.exception.status, str(caught.exception)

    def test_J2_nothing_is_loaded_without_an_authority(self):
        self.assertEqual(self.refusal(bundle("one"), "plain")[0], "MESH_REFUSED")

    def test_J2_J3_an_authority_in_Python_judges_what_is_loaded(self):
        one, two = bundle("one"), bundle("two")
        self.judge()
        status, text = self.refusal(two, "stranger")
        self.assertEqual(status, "MESH_REFUSED")
        self.assertIn("stranger is not trusted", text)
        self.system.load_source(one, "plain")
        actor = self.system.create("source.plain", source=actormesh.source_hash(one))
        self.assertEqual(self.system.ask(actor, "who", WAIT_S).value, "one one")
        with self.assertRaises(actormesh.MeshError) as caught:
            self.system.create("source.plain", source=actormesh.source_hash(two))
        self.assertEqual(caught.exception.status, "MESH_UNKNOWN_SOURCE")

    def test_J2_an_authority_may_decrypt(self):
        secret = bundle("two")[::-1]
        self.judge()
        self.system.load_source(secret, "secret")
        actor = self.system.create("source.plain", source=actormesh.source_hash(secret))
        self.assertEqual(self.system.ask(actor, "who", WAIT_S).value, "two one")

    def test_J5_J6_watchers_hear_of_what_comes_and_goes(self):
        one = bundle("one")
        name = actormesh.source_hash(one)
        self.judge()
        self.assertEqual(self.system.ask(self.teller(), {"do": "sources"}, WAIT_S).value, "watched")
        self.system.load_source(one, "plain")
        self.assertEqual(self.hear(), ["source", name, "plain", "loaded"])
        self.assertEqual([(source["hash"], source["info"]) for source in self.system.status()[0]["sources"]], [(name, "plain")])
        self.system.unload_source(name)
        self.assertEqual(self.hear(), ["source", name, "plain", "gone"])

    def test_J1_an_actor_loads_and_unloads(self):
        one = bundle("one")
        (self.directory / "bundle").write_bytes(one)
        teller = self.judge()
        self.assertEqual(self.system.ask(teller, {"do": "sources"}, WAIT_S).value, "watched")
        self.system.tell(teller, {"do": "load", "path": str(self.directory / "bundle")})
        self.assertEqual(self.hear(), ["source", actormesh.source_hash(one), "plain", "loaded"])
        self.system.tell(teller, {"do": "unload", "hash": actormesh.source_hash(one)})
        self.assertEqual(self.hear(), ["source", actormesh.source_hash(one), "plain", "gone"])


if __name__ == "__main__":
    unittest.main()
