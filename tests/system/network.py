"""Hosts of one network for system tests: network namespaces behind a bridge, and what may befall a network.

The bridge is in the network namespace of the test itself, which has to be one of its own, as `scripts/check.d/netns` makes it: so nothing
is left of all this when the test ends, however it ends.

SPDX-License-Identifier: MPL-2.0
"""
import pathlib
import subprocess

PREFIX = "10.77.0."
PORT = 1900


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"


def is_private():
    """Whether nothing but loopback is here: a namespace that was just made."""
    with open("/proc/self/net/dev", encoding="utf-8") as devices:
        return [line.split(":")[0].strip() for line in devices if ":" in line] == ["lo"]


class Network:
    """Hosts by name, each with an address, and a wall, which at first lets everything through."""

    def __init__(self, names):
        self.numbers = {name: 10 + i for i, name in enumerate(names)}

    def __enter__(self):
        self.write_names()
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "link", "set", "bridge", "up")
        for name in self.numbers:
            run("ip", "netns", "add", name)
            run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", f"to-{name}", "master", "bridge", "up")
            self.on(name, "ip", "link", "set", "lo", "up")
            self.on(name, "ip", "address", "add", f"{self.address(name)}/24", "dev", "eth0")
            self.on(name, "ip", "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_):
        for name in self.numbers:
            run("ip", "link", "delete", f"to-{name}")  # its namespace may be a moment in going
            run("ip", "netns", "delete", name)
        run("ip", "link", "delete", "bridge")

    def within(self, name):
        """What a command begins with that is run on a host."""
        return ["ip", "netns", "exec", name]

    def on(self, name, *command):
        run(*self.within(name), *command)

    def address(self, name):
        return f"{PREFIX}{self.numbers[name]}"

    def endpoint(self, name):
        return f"tcp://{self.address(name)}:{PORT}"

    def write_names(self):
        """Each host knows all by name: what lies there stands for its /etc/hosts."""
        for name in self.numbers:
            where = pathlib.Path("/etc/netns") / name
            where.mkdir(parents=True, exist_ok=True)
            lines = [f"{self.address(other)} {other}" for other in self.numbers]
            (where / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), encoding="utf-8")

    # ---- walls: who may open a connection to a host ----

    def wall(self, name, *ports):
        """From now on nobody opens connections to it, but to these ports."""
        self.on(name, "iptables", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
        self.on(name, "iptables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")
        for port in ports:
            self.on(name, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", str(port), "-j", "ACCEPT")
        self.on(name, "iptables", "-A", "INPUT", "-j", "DROP")

    # ---- what befalls it, until it is healed ----

    def drop(self, sender, receiver):
        """Nothing of what the one sends reaches the other."""
        self.on(receiver, "iptables", "-I", "INPUT", "-s", self.address(sender), "-j", "DROP")

    def part(self, some, others):
        """A partition: the ones and the others do not reach each other."""
        for one in some:
            for other in others:
                self.drop(one, other)
                self.drop(other, one)

    def lose(self, name, probability):
        """That share of all packets to a host is lost."""
        self.on(name, "iptables", "-I", "INPUT", "-m", "statistic", "--mode", "random", "--probability", str(probability), "-j",
                "DROP")

    def reset(self, name):
        """Each connection that brings something to it is reset, and each new one refused, until it is healed."""
        self.on(name, "iptables", "-I", "INPUT", "-p", "tcp", "-i", "eth0", "-j", "REJECT", "--reject-with", "tcp-reset")

    def answer_late(self, name):
        """Of what opens a connection to it each second packet is lost, so that it goes again a second later."""
        self.on(name, "iptables", "-I", "INPUT", "-p", "tcp", "--syn", "-m", "statistic", "--mode", "nth", "--every", "2", "--packet", "0",
                "-j", "DROP")

    def slow(self, name, rate):
        """What a host sends leaves it at that rate ("2mbit")."""
        self.on(name, "tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "32kb", "latency", "400ms")

    def fast(self, name):
        self.on(name, "tc", "qdisc", "delete", "dev", "eth0", "root")

    def heal(self):
        """Whatever was dropped or lost is so no more; the walls go with it."""
        for name in self.numbers:
            self.on(name, "iptables", "-F", "INPUT")

    def move(self, name, number):
        """The host gets another address, which its name has from now on; its connections are cut."""
        old = self.address(name)
        self.numbers[name] = number
        self.on(name, "ip", "address", "delete", f"{old}/24", "dev", "eth0")
        self.on(name, "ip", "address", "add", f"{self.address(name)}/24", "dev", "eth0")
        self.write_names()
