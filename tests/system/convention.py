"""A convention of nodes with a courier on each, for system tests: all send to all, and everything has to arrive.

SPDX-License-Identifier: MPL-2.0
"""
import json
import re

from nodes import COURIERS, wait_for
from settled import are_settled

ACCOUNT = re.compile(r"accepted (\d+) of (\d+), got (\d+), wrong (\d+)")


def settings(name, kind, endpoint, leader="", more="", security="security = none"):
    """The configuration of a node: normal, admin_routing or outbound_only."""
    lines = [f"module_path = {COURIERS}", security]
    lines += [f"bind = {endpoint}"] if kind != "outbound_only" else ["# bind: nothing"]
    lines += [f"{kind} = true"] if kind != "normal" else []
    lines += [f"leaders = {leader}"] if leader else []
    return "\n".join(lines + [more, "capabilities", f"    {name} = true"])


class Convention:
    """Nodes by name, of which the first one leads; and their couriers."""

    def __init__(self, nodes, limit_s=30):
        self.nodes = nodes
        self.limit_s = limit_s
        self.couriers = {}
        self.got = dict.fromkeys(nodes, 0)
        self.sent = dict.fromkeys(nodes, 0)

    def await_members(self, names=None):
        """Until each of them knows all of them, and nobody else."""
        names = set(names or self.nodes)

        def agreed():
            return all({member["name"] for member in self.nodes[name].status()["members"]} == names for name in names)

        wait_for(agreed, self.limit_s, f"{sorted(names)} agree on who is a member")

    def place_couriers(self):
        """One on each node, wherever it is created from."""
        first = next(iter(self.nodes.values()))
        for name in self.nodes:
            self.couriers[name] = first.caller().ask(f"create courier {name}")

    def account(self, name):
        match = ACCOUNT.fullmatch(self.nodes[name].caller().ask(f"ask {self.couriers[name]} account"))
        return dict(zip(("accepted", "of", "got", "wrong"), map(int, match.groups())))

    def start(self, sender, receiver, count, size):
        self.nodes[sender].caller().say(f"ask {self.couriers[sender]} send {self.couriers[receiver]} {count} {size}")
        self.got[receiver] += count
        self.sent[sender] += count

    def started(self, sender):
        assert self.nodes[sender].caller().answer() == "sending"

    def send(self, pairs, count, size=64):
        """Each sender sends so many parcels to its receiver; returns when all have been accepted."""
        for sender, receiver in pairs:
            self.start(sender, receiver, count, size)
        for sender, _ in pairs:
            self.started(sender)

    def await_parcels(self):
        """Everything that was sent has come, in order, once; and is settled."""
        for name in self.nodes:
            def all_came(name=name):
                account = self.account(name)
                assert account["got"] <= self.got[name] and not account["wrong"], (name, account, self.got[name])
                return account["got"] == self.got[name] and account["accepted"] == self.sent[name]

            wait_for(all_came, self.limit_s, f"{name} got {self.got[name]} and has sent {self.sent[name]}")
        for name in self.nodes:
            wait_for(lambda node=self.nodes[name]: is_settled(node), self.limit_s, f"{name} is at rest")

    def all_to_all(self, count, size=64):
        """In rounds: everybody sends to the next one, then to the one after that, and to itself."""
        names = list(self.nodes)
        for distance in range(len(names)):
            self.send([(name, names[(i + distance) % len(names)]) for i, name in enumerate(names)], count, size)
            self.await_parcels()

    def create_named(self, node, name):
        """The address of the courier that has the global name, or gets it; None when the node may not give it at present."""
        code, address = self.nodes[node].mesh("create", "--name", name, "courier")
        return address if code == 0 else None

    def held(self):
        """Who holds which name, as all nodes say: each name has one holder, wherever one asks."""
        held = {}
        for name in self.nodes:
            code, text = self.nodes[name].mesh("names", "--json")
            assert code == 0, name
            for entry in json.loads(text)["names"]:
                held.setdefault(entry["name"], set()).add(entry["address"])
        return held

    def each_name_has_one_holder(self):
        held = self.held()
        return held and all(len(holders) == 1 for holders in held.values())

    def counter(self, name, counter):
        return counters(self.nodes[name])[counter]


def counters(node):
    return node.status()["counters"]


def is_settled(node):
    return are_settled(counters(node))
