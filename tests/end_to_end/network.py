"""Machines of a test's own: network namespaces on one bridge, whose packets get lost and whose cables are pulled.

A machine shares the files and processes of this one, but none of its network: what it says goes over its cable.
Needs root, iproute2 and iptables; without them `why_not()` says what is missing.
"""
import os
import pathlib
import shutil
import subprocess
import sys

_SUBNET = "10.213.{}.{}"


def _run(*args, check=True):
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(args)}: {done.stderr.strip()}")
    return done


def why_not():
    """What keeps this machine from having networks of a test's own; empty: nothing."""
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    for tool in ("ip", "iptables", "nsenter"):
        if shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            return f"needs {tool}"
    probe = f"slprobe{os.getpid()}"
    made = _run("ip", "netns", "add", probe, check=False)
    if made.returncode != 0:
        return f"cannot make a network namespace: {made.stderr.strip()}"
    try:
        lossy = _run("nsenter", f"--net=/var/run/netns/{probe}", "iptables", *_LOSS.format(0.05).split(), check=False)
        return "" if lossy.returncode == 0 else f"cannot lose packets: {lossy.stderr.strip()}"
    finally:
        _run("ip", "netns", "del", probe, check=False)


_LOSS = "-A INPUT -m statistic --mode random --probability {} -j DROP"


class Machine:
    def __init__(self, network, name, address):
        self.network = network
        self.name = name
        self.namespace = f"{network.prefix}{name}"
        self.address = address

    def inside(self):
        """What to put before a command to run it on this machine."""
        return ["nsenter", f"--net=/var/run/netns/{self.namespace}"]

    def cable(self):
        return f"{self.network.prefix}{self.name}"[:15]

    def pull_the_cable(self):
        _run("ip", "-n", self.network.hub, "link", "set", self.cable(), "down")

    def plug_it_in(self):
        _run("ip", "-n", self.network.hub, "link", "set", self.cable(), "up")

    def lose(self, share):
        """Of the packets that come in, so many are lost."""
        _run(*self.inside(), "iptables", *_LOSS.format(share).split())

    def drop_from(self, address):
        """One-way: nothing that `address` sends arrives here any more."""
        _run(*self.inside(), "iptables", "-I", "INPUT", "-s", address, "-j", "DROP")

    def hear_again(self, address):
        _run(*self.inside(), "iptables", "-D", "INPUT", "-s", address, "-j", "DROP")


class Network:
    """A bridge with machines. Close it: namespaces outlive their maker."""

    def __init__(self):
        self.prefix = f"sl{os.getpid() % 100000}"
        self.subnet = os.getpid() % 250 + 1
        self.hub = f"{self.prefix}hub"
        self.machines = []
        self.relays = []
        _run("ip", "netns", "add", self.hub)
        _run("ip", "-n", self.hub, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", self.hub, "link", "set", "br0", "up")

    def add(self, name):
        machine = Machine(self, name, _SUBNET.format(self.subnet, len(self.machines) + 1))
        self.machines.append(machine)
        space = machine.namespace
        _run("ip", "netns", "add", space)
        _run("ip", "link", "add", machine.cable(), "netns", self.hub, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "-n", self.hub, "link", "set", machine.cable(), "master", "br0", "up")
        _run("ip", "-n", space, "addr", "add", f"{machine.address}/24", "dev", "eth0")
        _run("ip", "-n", space, "link", "set", "eth0", "up")
        _run("ip", "-n", space, "link", "set", "lo", "up")
        return machine

    def relay(self, machine, port, to, delay_ms, jitter_ms):
        """On `machine`: carries every connection to `to`, late, and not in the order of the others."""
        script = pathlib.Path(__file__).with_name("relay.py")
        self.relays.append(subprocess.Popen(
            [*machine.inside(), sys.executable, str(script), str(port), to, str(delay_ms), str(jitter_ms)],
            stdin=subprocess.DEVNULL))

    def close(self):
        for relay in self.relays:
            relay.kill()
            relay.wait()
        for machine in self.machines:
            _run("ip", "netns", "del", machine.namespace, check=False)
        _run("ip", "netns", "del", self.hub, check=False)
