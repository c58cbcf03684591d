"""By whichever of its addresses a node is called, it is itself (B5).

SPDX-License-Identifier: MPL-2.0
"""
import unittest

from nodes import Directory, free_port, wait_for

EVERYWHERE = "security = none\nbind = tcp://0.0.0.0:{0}\nadvertise = tcp://127.0.0.1:{0}\nleaders = tcp://127.0.0.2:{0}"


class Endpoints(unittest.TestCase):
    def test_B5_a_leader_at_another_own_address_is_this_node(self):
        with Directory() as directory:
            node = directory.node("one", EVERYWHERE.format(free_port()))
            wait_for(lambda: node.status()["leads"], 10, "it leads")
            self.assertEqual([member["name"] for member in node.status()["members"]], ["one"])


if __name__ == "__main__":
    unittest.main()
