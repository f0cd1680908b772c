"""A real Prometheus scrapes a real run: it finds both daemons, evaluates the rules, and knows what happened.
Skipped, and said so, where Debian's package cannot be had. It is unpacked, not installed: nothing is started by it.
"""
import fcntl
import json
import pathlib
import shutil
import subprocess
import urllib.parse
import urllib.request

import metrics
import swarm

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"


def unpacked():
    """The folder with prometheus and promtool; None where they cannot be had."""
    if shutil.which("prometheus") and shutil.which("promtool"):
        return pathlib.Path(shutil.which("prometheus")).parent
    folder = ROOT / "build" / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            try:
                for command in (["apt-get", "download", "-qq", "prometheus"], ["sh", "-c", "dpkg -x prometheus_*.deb ."]):
                    subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=True, stdin=subprocess.DEVNULL)
            except (OSError, subprocess.SubprocessError):
                return None
            (folder / "complete").touch()
    return folder / "usr" / "bin"


class RealPrometheus(metrics.HttpTest):
    def setUp(self):
        super().setUp()
        if swarm.PATIENCE > 1:
            self.skipTest("beside the release build only: it shows nothing more with sanitizers")
        self.programs = unpacked()
        if self.programs is None:
            self.skipTest("Debian's package prometheus cannot be had here")

    def promtool(self, *args):
        done = subprocess.run([self.programs / "promtool", *args], cwd=RULES, capture_output=True, text=True, timeout=120,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_the_rules_are_sound_and_fire_when_they_should(self):
        self.assertIn("SUCCESS", self.promtool("check", "rules", "swarmlab.rules.yml"))
        self.assertIn("SUCCESS", self.promtool("test", "rules", "swarmlab.rules.test.yml"))
        self.promtool("check", "config", "prometheus.yml")

    def ask(self, path, **query):
        url = f"http://{self.web}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as reply:
                return json.load(reply)["data"]
        except OSError:
            return None

    def number(self, expression):
        found = (self.ask("query", query=expression) or {"result": []})["result"]
        return float(found[0]["value"][1]) if found else None

    def start_prometheus(self, coordinator_http, worker_http):
        config = (RULES / "prometheus.yml").read_text().replace("15s", "1s").replace("swarmlab.rules.yml", str(RULES / "swarmlab.rules.yml"))
        config = config.replace("127.0.0.1:9464", coordinator_http).replace("127.0.0.1:9465", worker_http)
        (self.root / "prometheus.yml").write_text(config)
        self.web = self.http_address()
        log = open(self.root / "prometheus.log", "wb")
        process = subprocess.Popen(
            [self.programs / "prometheus", f"--config.file={self.root}/prometheus.yml", f"--storage.tsdb.path={self.root}/tsdb",
             f"--web.listen-address={self.web}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        process.log = self.root / "prometheus.log"
        self.processes.append(process)

    def test_it_sees_a_run_from_its_begin_to_its_end(self):
        lab = self.shell_lab(agent="sleep 0.3\necho $SWARMLAB_EXPERIMENT > artifact/value.txt\n", stop="max_iterations = 12")
        coordinator = self.coordinator(lab)
        worker_http = self.http_address()
        self.start_prometheus(coordinator.http, worker_http)
        self.wait_until(lambda: self.number('swarmlab_demand_slots{pool="default"}') == 1, "demand before the first worker")
        self.worker("--slots", "2", http=worker_http)
        self.wait_until(lambda: self.number("sum(up)") == 2, "both daemons")
        self.wait_until(lambda: self.number("sum(swarmlab_experiments_total)") == 13, "what it counted of the run")
        for target in self.ask("targets")["activeTargets"]:
            self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        self.wait_until(lambda: self.number('swarmlab_demand_slots{pool="default"}') == 0, "no demand at the end")
        self.assertEqual(self.number('max(swarmlab_best_score{lab="lab"})'), self.json("labs", cwd=lab)[0]["best"])
        self.assertGreater(self.number("histogram_quantile(0.99, sum by (le) (swarmlab_loop_seconds_bucket))"), 0)
        rules = self.ask("rules")["groups"][0]["rules"]
        self.wait_until(lambda: all(rule["health"] == "ok" for rule in self.ask("rules")["groups"][0]["rules"]), "the rules")
        self.assertEqual([rule["name"] for rule in rules if rule["state"] == "firing"], [])
        self.board_has_data()

    def board_has_data(self):
        """Each expression of the board is one that Prometheus understands."""
        board = json.loads((ROOT / "deploy" / "grafana" / "swarmlab.json").read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"].replace("$lab", ".*").replace("$pool", ".*")
                self.assertIsNotNone(self.ask("query", query=expression), expression)


if __name__ == "__main__":
    swarm.main()
