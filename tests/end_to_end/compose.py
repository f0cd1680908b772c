"""docker/compose.yaml with Docker Compose itself: what it says of each container, and a lab to its end on all of them.
Skipped, and said so, where no Compose can be had.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import engines
import images_of_tests
import prometheus
import swarm

FILE = images_of_tests.ROOT / "docker" / "compose.yaml"
PROMETHEUS = """
FROM {base}
COPY prometheus promtool /bin/
RUN mkdir -p /prometheus /etc/prometheus && chown 65534:65534 /prometheus
USER 65534:65534
ENTRYPOINT ["/bin/prometheus"]
"""


def compose_program():
    """Compose as this machine has it: 2 is a plugin of docker, 1 a program."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "docker-compose"], capture_output=True, check=False,
                       timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL)
    if shutil.which("docker-compose") is None:
        raise unittest.SkipTest("no Docker Compose here, and it cannot be installed")
    return ["docker-compose"]


class Compose(images_of_tests.OfImages):
    @classmethod
    def setUpClass(cls):
        if swarm.PATIENCE > 1:
            raise unittest.SkipTest("images are made of release builds only")
        engines.need("docker")
        cls.compose_words = compose_program()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        listen, web = (self.address_of_our_own().removeprefix("tcp://") for _ in range(2))
        self.listen, self.web = listen, web
        self.variables = {**self.engine.environment, "SWARMLAB_VERSION": images_of_tests.VERSION, "SWARMLAB_PUBLISH": listen,
                          "SWARMLAB_PUBLISH_PROMETHEUS": web, "COMPOSE_PROJECT_NAME": "swarmlab-test", "COMPOSE_HTTP_TIMEOUT": "600"}

    def compose(self, *words, timeout=600, expect=0):
        done = subprocess.run([*self.compose_words, "-f", FILE, *map(str, words)], capture_output=True, text=True, errors="replace",
                              timeout=timeout * swarm.PATIENCE, check=False, stdin=subprocess.DEVNULL, env={**os.environ, **self.variables})
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"compose {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def make_prometheus(self, tag):
        """The real one, under the name that the file has: no registry is reached here."""
        programs = prometheus.unpacked()
        if programs is None:
            self.skipTest("Debian's package prometheus cannot be had here")
        base, _ = images_of_tests.make_base(self.engine)
        with tempfile.TemporaryDirectory() as folder:
            for name in ("prometheus", "promtool"):
                shutil.copy(programs / name, folder)
            (pathlib.Path(folder) / "Dockerfile").write_text(PROMETHEUS.replace("{base}", base))
            self.engine.run(["docker", "build", "--quiet", "--network", "host", "--tag", tag, folder])

    def box(self, service):
        listed = self.compose("ps", "-q", service).split()
        return listed[0] if listed else None

    def health(self, service):
        box = self.box(service)
        return box and self.state(box).get("Health", {}).get("Status")

    def ask_prometheus(self, expression):
        try:
            with urllib.request.urlopen(f"http://{self.web}/api/v1/query?" + urllib.parse.urlencode({"query": expression}), timeout=20) as reply:
                found = json.load(reply)["data"]["result"]
        except OSError:
            return None
        return float(found[0]["value"][1]) if found else None

    def test_a_lab_goes_to_its_end_on_what_the_file_says(self):
        self.make_prometheus("prom/prometheus:v3.5.0")
        self.compose("up", "-d")
        self.addCleanup(self.compose, "down", "-v", expect=None)
        self.names = self.compose("ps", "-q").split()
        for service in ("coordinator", "worker-1", "worker-2", "prometheus"):
            self.wait_until(lambda service=service: self.health(service) == "healthy", f"{service} is healthy")
        # As docs/images.md says it.
        for name in ("operator.key", "server.pub"):
            self.engine.must("cp", f"{self.box('coordinator')}:/etc/swarmlab/keys/{name}", self.root / name)
        (self.root / "operator.key").chmod(0o600)
        who = {"SWARMLAB_CONTEXTS": str(self.root / "contexts.toml")}
        self.swarmlab("context", "add", "compose", "--connect", f"tcp://{self.listen}", "--key", self.root / "operator.key",
                      "--server-key", self.root / "server.pub", env=who)
        lab = self.shell_lab(stop="max_iterations = 8")
        self.swarmlab("run", lab, timeout=600, env=who)
        experiments = json.loads(self.swarmlab("experiments", "--json", "lab", env=who).stdout)
        self.assertEqual(sorted(e["number"] for e in experiments), list(range(1, 10)))
        self.assertEqual({e["verdict"] for e in experiments} - {"keep", "discard"}, set(), experiments)
        self.wait_until(lambda: self.ask_prometheus("sum(up)") == 3, "Prometheus sees the coordinator and both workers")
        self.wait_until(lambda: self.ask_prometheus("sum(swarmlab_experiments_total)") == 9, "and what they did")
        # Again: what is there stays, keys too.
        self.compose("up", "-d")
        self.assertEqual(len(json.loads(self.swarmlab("experiments", "--json", "lab", env=who).stdout)), 9)
        self.compose("down", "-v")
        self.assertEqual(self.engine.must("ps", "-aq"), "")
        self.assertEqual(self.engine.must("volume", "ls", "-q"), "")

    def test_each_container_has_what_it_needs_and_no_more(self):
        self.make_prometheus("prom/prometheus:v3.5.0")
        self.compose("up", "-d")  # Compose 1 waits for `keys` without starting it
        self.addCleanup(self.compose, "down", "-v", expect=None)
        seen = {}
        for box in self.engine.must("ps", "-aq").split():
            about = self.inspect(box)
            seen[about["Config"]["Labels"]["com.docker.compose.service"]] = about
        self.assertEqual(set(seen), {"keys", "coordinator", "prometheus", *(f"{kind}-{n}" for kind in ("pod", "worker", "agent", "evaluator") for n in (1, 2))})
        for name, about in seen.items():
            host = about["HostConfig"]
            self.assertTrue(host["ReadonlyRootfs"], name)
            self.assertEqual(host["CapDrop"], ["ALL"], name)
            self.assertIsNone(host["CapAdd"], name)
            self.assertIn("no-new-privileges:true", host["SecurityOpt"], name)
            self.assertFalse(any("unconfined" in word for word in host["SecurityOpt"]), name)
            self.assertFalse(host["Privileged"], name)
            self.assertNotIn("docker.sock", json.dumps(about["Mounts"]), name)
            self.assertEqual(host["RestartPolicy"]["Name"], "no" if name == "keys" else "unless-stopped", name)
            self.assertNotIn(about["Config"]["Image"].rpartition(":")[2], ("", "latest"), name)
        mounts = {name: {m["Destination"]: (m.get("Name", "").removeprefix("swarmlab-test_"), m["RW"]) for m in about["Mounts"]}
                  for name, about in seen.items()}
        for n in (1, 2):
            for kind in ("agent", "evaluator"):
                self.assertEqual(seen[f"{kind}-{n}"]["HostConfig"]["NetworkMode"], "container:" + seen[f"pod-{n}"]["Id"])
                reached = {where: what for where, what in mounts[f"{kind}-{n}"].items() if where != "/var/lib/swarmlab"}  # its own, anonymous
                own = (f"{kind}-{n}", True)
                self.assertEqual(reached, {f"/run/swarmlab/{kind}": own, "/run/swarmlab/here": own})
            self.assertEqual(mounts[f"worker-{n}"]["/etc/swarmlab/keys"], ("worker-keys", False))
        # Secret keys are nobody's but the coordinator's and who makes them.
        self.assertEqual({name for name, found in mounts.items() if any(what == "keys" for what, _ in found.values())}, {"keys", "coordinator"})


if __name__ == "__main__":
    swarm.main()
