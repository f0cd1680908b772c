"""HTTP for machines: metrics with the names that boards and alerts are made of, and health with its reasons."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import time
import unittest
import urllib.error
import urllib.request

import swarm

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "metrics.txt"

LADDER = """
[[scale]]
name = "small"
[[scale]]
name = "large"
promote = "top 50%"
labels = ["pool=big"]
"""


def families(text):
    """What a page of metrics has: the labels of each family, less those of histograms' buckets."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r'(\w+)(?:\{(.*)\})? \S+', line)
        if not match or line.startswith("#"):
            continue
        labels = re.findall(r'(\w+)="', match[2] or "")
        name = re.sub(r"_(bucket|sum|count)$", "", match[1]) if "le" in labels or f"# TYPE {match[1]} " not in text else match[1]
        found.setdefault(name, set()).update(label for label in labels if label != "le")
    return found


def golden():
    """The lines of the list, by daemon: name and labels."""
    lists = {"coordinator": {}, "worker": {}}
    for line in GOLDEN.read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        daemon, name, labels = re.fullmatch(r"(\w+) (\w+)(?:\{([\w,]+)\})?", line).groups()
        lists[daemon][name] = set(labels.split(",")) if labels else set()
    return lists


class HttpTest(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.address = self.address_of_our_own()

    def http_address(self):
        return self.address_of_our_own().removeprefix("tcp://")

    def get(self, address, path, timeout=20):
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=timeout * swarm.PATIENCE) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except (urllib.error.URLError, ConnectionError):
            return 0, ""

    def value(self, address, name, **labels):
        wanted = set(f'{key}="{value}"' for key, value in labels.items())
        for line in self.get(address, "/metrics")[1].splitlines():
            match = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)', line)
            if match and match[1] == name and wanted <= set((match[2] or "").split(",")):
                return float(match[3])
        return None

    def coordinator(self, *flags):
        http = self.http_address()
        process = self.start("coordinator", *flags, "--listen", self.address, "--http", http)
        process.http = http
        return process

    def worker(self, *flags, name="w", http=None):
        http = http or self.http_address()
        process = self.start("worker", "--connect", self.address, "--name", name, "--folder", self.root / name,
                             "--http", http, *flags)
        process.http = http
        return process


class Metrics(HttpTest):
    def test_a_swarm_tells_all_that_is_on_the_list_and_nothing_else(self):
        lab = self.shell_lab(stop="max_iterations = 4\nmax_hours = 1\nmax_cost = 5", extra=LADDER)
        coordinator = self.coordinator(lab, "--pool", "idle labels=none")
        worker = self.worker("--slots", "2", "--pool", "big")
        self.wait_until(lambda: self.value(coordinator.http, "swarmlab_lab_state", lab="lab", state="stopped") == 1,
                        "the end of the lab")
        self.wait_until(lambda: self.value(coordinator.http, "swarmlab_best_score", scale="large"), "a champion")
        self.wait_until(lambda: self.value(worker.http, "swarmlab_worker_slots", state="busy") == 0, "its end there")
        pages = {"coordinator": families(self.get(coordinator.http, "/metrics")[1]),
                 "worker": families(self.get(worker.http, "/metrics")[1])}
        self.assertEqual(pages, golden())

        def count(name, **labels):
            return self.value(coordinator.http, name, **labels)
        experiments = self.json("experiments", cwd=lab)
        for verdict in ("keep", "discard"):
            self.assertEqual(count("swarmlab_experiments_total", lab="lab", verdict=verdict),
                             sum(e["verdict"] == verdict for e in experiments), verdict)
        self.assertEqual(count("swarmlab_best_score", scale="small"), self.json("labs", cwd=lab)[0]["best"])
        self.assertEqual(count("swarmlab_budget_remaining_ratio", kind="experiments"), 0)
        self.assertEqual(count("swarmlab_budget_remaining_ratio", kind="cost"), 1)
        self.assertEqual(count("swarmlab_workers", pool="big", state="ready"), 1)
        self.assertEqual(count("swarmlab_slots", pool="big", state="idle"), 2)
        self.assertEqual(count("swarmlab_demand_slots", pool="big"), 0)
        self.assertEqual(count("swarmlab_demand_slots", pool="idle"), 0)
        self.assertGreater(count("swarmlab_promotions_total", scale="large"), 0)
        self.assertGreater(count("swarmlab_commit_seconds_count"), 5)
        self.assertGreater(count("swarmlab_messages_total", type="heartbeat"), 0)
        self.wait_until(lambda: count("swarmlab_store_bytes", kind="store") > 0, "its disk is measured")
        self.assertEqual(count("swarmlab_ready"), 1)
        done = self.value(worker.http, "swarmlab_attempts_total", outcome="measured")
        self.assertGreaterEqual(done, 5)
        self.assertGreater(self.value(worker.http, "swarmlab_slot_busy_seconds_total"), 0)
        self.assertGreaterEqual(self.value(worker.http, "swarmlab_sandbox_start_seconds_count"), 9)
        self.assertEqual(self.value(worker.http, "swarmlab_coordinator_connected"), 1)

    def test_reports_that_wait_on_a_worker_are_counted(self):
        lab = self.shell_lab(measure="sleep 5\n" + swarm.SHELL_MEASURE, stop="max_iterations = 1",
                             extra='\n[guard]\ncommand = "true"\n')
        coordinator = self.coordinator(lab)
        worker = self.worker()
        self.wait_until(lambda: self.value(worker.http, "swarmlab_sandbox_start_seconds_count") == 1, "the guard's end: it is measured")
        self.end(coordinator, signal.SIGKILL)
        self.wait_until(lambda: self.value(worker.http, "swarmlab_spool_reports") == 1, "a report in the spool")
        self.assertGreaterEqual(self.value(worker.http, "swarmlab_spool_oldest_seconds"), 0)
        self.wait_until(lambda: self.value(worker.http, "swarmlab_coordinator_connected") == 0, "word that it is away")

    def test_scrapers_that_do_not_read_hold_up_nobody(self):
        lab = self.shell_lab(stop="max_iterations = 3")
        coordinator = self.coordinator(lab)
        self.wait_until(lambda: self.get(coordinator.http, "/metrics")[0] == 200, "the coordinator")
        host, port = coordinator.http.split(":")
        stuck = []
        for begin in (b"GET /metrics HTTP/1.1\r\n\r\n", b"GET /met", b""):
            for _ in range(4):
                connection = socket.create_connection((host, int(port)))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.sendall(begin)
                stuck.append(connection)
        worker = self.worker("--once")
        self.assertEqual(worker.wait(timeout=60 * swarm.PATIENCE), 0)
        self.wait_until(lambda: self.get(coordinator.http, "/healthz", timeout=60)[0] == 200, "those who do not hang")
        for connection in stuck:
            connection.close()
        self.assertEqual(self.end(coordinator), 0)


class Health(HttpTest):
    def test_probes_say_whether_and_why_not(self):
        worker = self.worker()
        reasons = self.wait_until(lambda: self.ready(worker, 503), "a worker without a coordinator")
        self.assertEqual([r["what"] for r in reasons], ["connection"])
        self.assertIn(self.address, reasons[0]["why"])
        self.assertEqual(self.get(worker.http, "/healthz"), (200, "ok\n"), "it lives nevertheless")
        lab = self.shell_lab(agent="sleep 60\n", stop="max_iterations = 1")
        coordinator = self.coordinator(lab)
        self.wait_until(lambda: self.ready(coordinator, 200) == [], "a coordinator that is ready")
        self.assertEqual(self.get(coordinator.http, "/healthz"), (200, "ok\n"))
        self.wait_until(lambda: self.ready(worker, 200) == [], "a worker that is ready")
        self.wait_until(lambda: self.running(lab), "an agent at work")
        worker.send_signal(signal.SIGTERM)
        self.wait_until(lambda: self.ready(worker, 503), "a worker that drains")
        self.assertEqual([r["what"] for r in self.ready(worker, 503)], ["draining"])
        self.assertEqual(self.end(worker), 0)

    def ready(self, process, status):
        got, body = self.get(process.http, "/readyz")
        if got != status:
            return None
        answer = json.loads(body)
        self.assertEqual(answer["ready"], status == 200)
        return answer["reasons"]

    def test_a_disk_below_its_reserve_is_a_reason(self):
        lab = self.shell_lab()
        free = os.statvfs(self.root).f_bavail * os.statvfs(self.root).f_frsize >> 20
        coordinator = self.coordinator(lab, "--disk-reserve", max(8, free // 2))
        if coordinator.poll() is None and free // 2 < (1 << 20):
            self.wait_until(lambda: "disk" in [r["what"] for r in self.ready(coordinator, 503) or []], "that it is not ready")

    def test_the_version_is_that_of_the_build(self):
        coordinator = self.coordinator(self.shell_lab())
        self.wait_until(lambda: self.get(coordinator.http, "/version")[0] == 200, "the coordinator")
        version = json.loads(self.get(coordinator.http, "/version")[1])
        self.assertEqual(version, {key: self.json("version")[key] for key in ("version", "commit", "buildType")})

    def test_other_paths_and_methods_are_refused(self):
        coordinator = self.coordinator(self.shell_lab())
        self.wait_until(lambda: self.get(coordinator.http, "/version")[0] == 200, "the coordinator")
        self.assertEqual(self.get(coordinator.http, "/"),
                         (404, "not here, expected one of: /healthz /metrics /readyz /version\n"))
        connection = http.client.HTTPConnection(coordinator.http, timeout=20 * swarm.PATIENCE)
        connection.request("POST", "/metrics", body="x" * 100_000)
        self.assertIn(connection.getresponse().status, (405, 413))
        connection.close()
        self.assertEqual(self.get(coordinator.http, "/healthz")[0], 200)

    def test_nothing_is_served_to_other_machines_unless_asked(self):
        lab = self.shell_lab()
        for daemon, *args in (("coordinator", lab), ("worker", "--connect", self.address)):
            said = self.swarmlab(daemon, *args, "--http", "0.0.0.0:0", expect=1).stderr
            self.assertIn("--http is 0.0.0.0:0, which other machines can reach", said)
            self.assertIn("--http-anywhere", said)
        anywhere = self.start("coordinator", lab, "--http", "0.0.0.0:0", "--http-anywhere")
        self.wait_until(lambda: re.search(r"metrics and health at http://0.0.0.0:\d+", anywhere.log.read_text()), "it")
        self.assertIn("is no address for HTTP", self.swarmlab("coordinator", lab, "--http", "here", expect=1).stderr)

    def test_without_the_option_nothing_listens(self):
        coordinator = self.start("coordinator", self.shell_lab())
        self.wait_until(lambda: "swarmlab worker --connect" in coordinator.log.read_text(), "the coordinator")
        listening = pathlib.Path("/proc", str(coordinator.pid), "net", "tcp").read_text()
        inodes = {os.readlink(link)[8:-1] for link in pathlib.Path("/proc", str(coordinator.pid), "fd").iterdir()
                  if os.readlink(link).startswith("socket:")}
        self.assertFalse([line for line in listening.splitlines()[1:] if line.split()[9] in inodes])


class Pools(HttpTest):
    def test_what_pools_could_use_is_told_as_a_table_and_as_json(self):
        lab = self.shell_lab(stop="max_iterations = 3")
        coordinator = self.coordinator(lab, "--pool", "gpu labels=h100 max=4", "--pool", "default")
        self.wait_until(lambda: self.value(coordinator.http, "swarmlab_demand_slots", pool="gpu") == 0, "the coordinator")
        pools = {pool["name"]: pool for pool in self.json("pools", cwd=lab)}
        self.assertEqual(sorted(pools), ["default", "gpu"])
        self.assertEqual({key: pools["default"][key] for key in ("workers", "slots", "running", "idle", "leasable", "wanted")},
                         {"workers": 0, "slots": 0, "running": 0, "idle": 0, "leasable": 1, "wanted": 1})
        self.assertEqual(pools["default"]["why"], "nothing runs; lab could begin 1: the baseline comes first")
        self.assertEqual(pools["default"]["labs"], [
            {"lab": "lab", "scale": "", "leasable": 1, "slotsEach": 1, "why": "the baseline comes first"}])
        self.wait_until(lambda: self.value(coordinator.http, "swarmlab_demand_slots", pool="default") == 1, "the metric")
        table = self.swarmlab("pools", cwd=lab).stdout
        self.assertIn("WANTED", table)
        self.assertIn("gpu: nothing runs; no lab asks for it", table)
        self.swarmlab("pause", "lab", cwd=lab)
        self.assertEqual([pool["wanted"] for pool in self.json("pools", cwd=lab)], [0, 0])
        self.wait_until(lambda: self.value(coordinator.http, "swarmlab_demand_slots", pool="default") == 0, "the metric")


def metrics_in(expression):
    return set(re.findall(r"\bswarmlab_\w+", expression))


class BoardAndRules(unittest.TestCase):
    """What is shipped speaks of metrics that there are."""

    def known(self):
        lists = golden()
        names = set(lists["coordinator"]) | set(lists["worker"])
        return names | {f"{name}_{part}" for name in names if name.endswith("_seconds") or name.endswith("_messages")
                        for part in ("bucket", "sum", "count")}

    def test_every_metric_of_the_board_is_on_the_list(self):
        board = json.loads((ROOT / "deploy" / "grafana" / "swarmlab.json").read_text())
        used = set()
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                self.assertTrue(metrics_in(target["expr"]), target["expr"])
                used |= metrics_in(target["expr"])
        for variable in board["templating"]["list"]:
            used |= metrics_in(variable.get("definition", ""))
        self.assertGreater(len(used), 25)
        self.assertEqual(used - self.known(), set())

    def test_every_metric_of_the_rules_is_on_the_list_and_every_alert_in_the_runbook(self):
        rules = (ROOT / "deploy" / "prometheus" / "swarmlab.rules.yml").read_text()
        self.assertEqual(metrics_in(rules) - self.known(), set())
        tests = (ROOT / "deploy" / "prometheus" / "swarmlab.rules.test.yml").read_text()
        docs = (ROOT / "docs" / "operations.md").read_text()
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(alerts), 10)
        for alert in alerts:
            self.assertRegex(tests, rf"alertname: {alert}\n +exp_alerts:\n", f"{alert} is not shown to fire")
            self.assertIn(f"### {alert}\n", docs)

    def test_every_metric_is_documented(self):
        docs = (ROOT / "docs" / "operations.md").read_text()
        for names in golden().values():
            for name in names:
                self.assertIn(f"`{name}", docs)


if __name__ == "__main__":
    swarm.main()
