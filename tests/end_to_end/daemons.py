"""Daemons as an operator knows them: settings, signals, logs, and what systemd is told."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import unittest

import swarm

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


class DaemonTest(swarm.SwarmTest):
    def setUp(self):
        super().setUp()
        self.address = self.address_of_our_own()
        self.config = self.root / "swarmlab.toml"

    def write_config(self, text):
        self.config.write_text(text.replace("ADDRESS", self.address))

    def coordinator(self, *flags, env=None, cwd=None):
        process = self.start("coordinator", *flags, env=env, cwd=cwd)
        self.wait_until(lambda: "swarmlab worker --connect" in process.log.read_text(), "the coordinator")
        return process

    def worker(self, *flags, env=None):
        return self.start("worker", "--name", "hand", "--folder", self.root / "hand", *flags, env=env)

    def settings(self, *args, env=None):
        """What --print-config says: (value, source) by key."""
        lines = self.swarmlab(*args, "--print-config", env=env).stdout.splitlines()
        return {key: (value.strip(), source) for key, value, source in
                (re.fullmatch(r"(?:# )?(\w+)(?: = (.*?))? +# (.*)", line).groups(default="") for line in lines[1:])}


class Settings(DaemonTest):
    def test_a_flag_goes_before_a_variable_before_the_file(self):
        self.write_config('[worker]\nslots = 3\nname = "of-the-file"\nexpose = ["/opt"]\nonce = true\n[log]\nlevel = "debug"\n')
        env = {"SWARMLAB_CONFIG": str(self.config), "SWARMLAB_WORKER_NAME": "of-the-environment",
               "SWARMLAB_WORKER_DRAIN_TIMEOUT": "90s", "SWARMLAB_LOG_FORMAT": "json"}
        found = self.settings("worker", "--drain-timeout", "2m", env=env)
        self.assertEqual(found["slots"], ("3", f"{self.config}:2"))
        self.assertEqual(found["name"], ('"of-the-environment"', "SWARMLAB_WORKER_NAME"))
        self.assertEqual(found["drain_timeout"], ('"2m"', "--drain-timeout"))
        self.assertEqual(found["expose"], ('["/opt"]', f"{self.config}:4"))
        self.assertEqual(found["once"], ("true", f"{self.config}:5"))
        self.assertEqual(found["log_level"], ('"debug"', f"{self.config}:7"))
        self.assertEqual(found["log_format"], ('"json"', "SWARMLAB_LOG_FORMAT"))
        self.assertEqual(found["sandbox"], ('"bubblewrap"', "default"))
        self.assertEqual(found["folder"], ("", "not set"))

    def test_all_three_make_a_swarm(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        self.write_config(f'[coordinator]\nlab = "{lab}"\nlisten = "ADDRESS"\n[worker]\nconnect = "ADDRESS"\n'
                          '[client]\nconnect = "ADDRESS"\n')
        coordinator = self.coordinator("--config", self.config, env={"SWARMLAB_COORDINATOR_LEASE": "30s"})
        worker = self.worker("--config", self.config, "--once", env={"SWARMLAB_WORKER_SLOTS": "3"})
        self.assertEqual(worker.wait(timeout=60 * swarm.PATIENCE), 0, worker.log.read_text())
        client = {"SWARMLAB_CONFIG": str(self.config)}
        self.assertEqual(self.json("labs", env=client)[0]["experiments"], 3)
        self.assertEqual([w["slots"] for w in self.json("workers", env=client)], [3])
        self.assertEqual(self.end(coordinator), 0)

    def test_all_that_is_wrong_is_told_with_its_line(self):
        self.write_config('[coordinator]\nlisten = 7\nleese = "1m"\n[worker]\nslots = "two"\n[wroker]\n')
        for daemon in ("coordinator", "worker"):
            said = self.swarmlab(daemon, "--config", self.config, expect=1).stderr
            self.assertEqual(said.splitlines(), [
                f"swarmlab: {self.config}:2: [coordinator] listen is 7, expected a text",
                f"{self.config}:3: [coordinator] leese is no known key, expected lease",
                f'{self.config}:5: [worker] slots is "two", expected a whole number in [1 - 1024]',
                f"{self.config}:6: wroker is no known table, expected worker"])

    def test_what_cannot_be_is_told_wherever_it_comes_from(self):
        self.write_config('[worker]\nslots = 5000\ndrain_timeout = "soon"\n')
        said = self.swarmlab("worker", "--config", self.config, expect=1, env={"SWARMLAB_WORKER_SANDBOX": "chroot"}).stderr
        self.assertIn(f"{self.config}:2: [worker] slots is 5000, expected a whole number in [1 - 1024]", said)
        self.assertIn(f'{self.config}:3: [worker] drain_timeout is "soon", expected a duration such as "10m"', said)
        self.assertIn('SWARMLAB_WORKER_SANDBOX is "chroot", expected bubblewrap, docker, podman, runsc, runner with commas between, or none alone', said)
        said = self.swarmlab("worker", "--drain-timeout", "soon", expect=2).stderr
        self.assertIn("--drain-timeout is soon, expected a duration", said)

    def test_the_example_is_right(self):
        for daemon in ("coordinator", "worker"):
            self.settings(daemon, "--config", DEPLOY / "swarmlab.toml")

    def test_workers_of_run_take_no_settings_of_others(self):
        lab = self.shell_lab(stop="max_iterations = 1")
        self.swarmlab("run", "--workers", "1", cwd=lab, env={"SWARMLAB_WORKER_SLOTS": "7", "SWARMLAB_LOG_FORMAT": "json"})
        [worker] = self.json("workers", cwd=lab)
        self.assertEqual(worker["slots"], 1)
        self.assertIn(" info experiment 1 begins", (lab / ".swarmlab/workers/w1.log").read_text())


class WithoutALab(DaemonTest):
    def test_it_serves_what_its_folder_holds(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        folder = self.root / "state"
        first = self.coordinator(lab, "--folder", folder, "--listen", self.address)
        self.assertEqual(self.end(first), 0)
        second = self.coordinator("--folder", folder, "--listen", self.address)
        worker = self.worker("--connect", self.address)
        labs = lambda: self.json("labs", "--connect", self.address)
        self.wait_until(lambda: labs()[0]["state"] == "stopped", "the lab goes on to its end")
        self.assertEqual(labs()[0]["experiments"], 3)
        self.assertFalse((lab / ".swarmlab").exists())
        self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(second), 0)

    def test_an_empty_folder_waits_for_labs(self):
        self.coordinator("--folder", "empty", "--listen", self.address)
        self.assertEqual(self.json("labs", "--connect", self.address), [])
        self.assertEqual((self.root / "empty").stat().st_mode & 0o777, 0o700)


class Reload(DaemonTest):
    def setUp(self):
        super().setUp()
        self.log = self.root / "coordinator.log"

    def start_it(self, *flags):
        self.write_config(f'[coordinator]\nlisten = "ADDRESS"\nlease = "60s"\nlog_file = "{self.log}"\n')
        return self.coordinator("--folder", "state", "--config", self.config, *flags)

    def reload(self, process, said):
        process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.log.exists() and said in self.log.read_text(), said, timeout=20)

    def test_takes_what_it_can_and_tells_what_needs_a_restart(self):
        process = self.start_it()
        self.write_config(f'[coordinator]\nlisten = "ipc://elsewhere"\nlease = "20s"\nlog_file = "{self.log}"\n')
        self.reload(process, 'reload: lease is "20s" now, was "60s"')
        self.assertIn(f"from={self.config}:3", self.log.read_text())
        self.assertRegex(self.log.read_text(), "warning reload: listen stays .* a restart is needed for")
        self.assertEqual(self.json("labs", "--connect", self.address), [], "it listens where it did")
        self.assertEqual(self.end(process), 0)

    def test_a_flag_goes_on_to_go_first(self):
        process = self.start_it("--lease", "10s")
        self.write_config(f'[coordinator]\nlisten = "ADDRESS"\nlease = "20s"\nlog_file = "{self.log}"\n')
        self.reload(process, "reload: no setting changed")

    def test_a_broken_file_changes_nothing(self):
        process = self.start_it()
        self.write_config('[coordinator]\nlease = "20s\n')
        self.reload(process, "error reload: the old settings stay:")
        self.assertIn(f"{self.config}:2", self.log.read_text())
        self.write_config('[coordinator]\nlease = "20 hours"\nleese = 1\n')
        self.reload(process, "leese is no known key")
        self.assertNotIn("lease is", self.log.read_text())
        self.assertEqual(self.json("labs", "--connect", self.address), [])
        self.assertEqual(self.end(process), 0)

    def test_opens_the_log_anew_for_logrotate(self):
        process = self.start_it()
        self.log.rename(self.root / "coordinator.log.1")
        self.reload(process, "reload: no setting changed")
        self.assertNotIn("coordinator serves", self.log.read_text())

    def test_leases_live_by_the_new_length(self):
        lab = self.shell_lab(agent="sleep 600", stop="max_iterations = 1", agent_timeout="600s")
        self.write_config(f'[coordinator]\nlisten = "ADDRESS"\nlease = "4s"\nlog_file = "{self.log}"\n')
        process = self.coordinator(lab, "--config", self.config)
        worker = self.worker("--connect", self.address)
        text = lambda: self.log.read_text()
        self.wait_until(lambda: text().count("lease granted") == 2, "the baseline, then an agent")
        self.write_config(f'[coordinator]\nlisten = "ADDRESS"\nlease = "2s"\nlog_file = "{self.log}"\n')
        self.reload(process, 'lease is "2s" now')
        self.wait_until(lambda: text().count("says hello") == 2, "the worker hears how often to tell that it lives")
        running = lambda: self.json("experiments", "--verdict", "running", "--connect", self.address)
        self.assertEqual([e["attempts"] for e in running()], [1])
        worker.kill()
        self.wait_until(lambda: "warning lease lost: it expired lab=lab experiment=2" in text(), "the lease ends")

    def test_of_a_worker(self):
        log = self.root / "worker.log"
        self.write_config(f'[worker]\nconnect = "ADDRESS"\ndrain_timeout = "5m"\nlog_file = "{log}"\nslots = 2\n')
        worker = self.worker("--config", self.config)
        ready = lambda said: self.wait_until(lambda: log.exists() and said in log.read_text(), said, timeout=20)
        self.wait_until(lambda: (self.root / "hand/lock").exists(), "the worker works")
        self.write_config(f'[worker]\nconnect = "ADDRESS"\ndrain_timeout = "1s"\nlog_file = "{log}"\nslots = 3\n[log]\nlevel = "debug"\n')
        worker.send_signal(signal.SIGHUP)
        ready('reload: drain_timeout is "1s" now, was "5m"')
        ready('reload: log_level is "debug" now, was "info"')
        ready("reload: slots stays 2: a restart is needed for 3")
        worker.send_signal(signal.SIGUSR1)
        ready("summary: 0 leases held in 2 slots")
        self.assertEqual(self.end(worker), 0)


class Logs(DaemonTest):
    def objects(self, path):
        return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]

    def test_lines_of_json_tell_the_story_of_an_experiment(self):
        lab = self.shell_lab(stop="max_iterations = 2")
        env = {"SWARMLAB_LOG_FORMAT": "json"}
        coordinator = self.coordinator(lab, "--listen", self.address, "--log-file", "coordinator.log", env=env)
        worker = self.worker("--connect", self.address, "--log-file", "worker.log", env=env)
        stopped = lambda: self.json("labs", "--connect", self.address)[0]["state"] == "stopped"
        self.wait_until(stopped, "the lab stops")
        coordinator.send_signal(signal.SIGUSR1)
        self.wait_until(lambda: "summary: lab is stopped" in (self.root / "coordinator.log").read_text(), "a summary")
        self.assertEqual(self.end(worker), 0)
        self.assertEqual(self.end(coordinator), 0)

        said = self.objects(self.root / "coordinator.log")
        for line in said:
            self.assertRegex(line["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(line["component"], "coordinator")
            self.assertIn(line["level"], ("debug", "info", "warning", "error"))
        for what in ("lease granted", "verdict: keep"):
            [line] = [one for one in said if one["msg"] == what and one["experiment"] == 2]
            self.assertEqual((line["lab"], line["worker"]), ("lab", "hand"))
            self.assertRegex(line["session"], "^[0-9a-f]{8}$")
            self.assertEqual((type(line["task"]), type(line["token"])), (int, int))
        self.assertEqual(line["score"], "2")

        told = self.objects(self.root / "worker.log")
        for what in ("experiment 2 begins", "experiment 2 counts: keep"):
            [line] = [one for one in told if one["msg"] == what]
            self.assertEqual((line["component"], line["lab"], line["worker"], line["experiment"]), ("worker", "lab", "hand", 2))
            self.assertEqual((type(line["task"]), type(line["token"])), (int, int))

    def test_what_agents_say_is_not_logged(self):
        secret = "a-word-of-the-agent"
        lab = self.shell_lab(agent=swarm.SHELL_AGENT.replace("set it to %s", secret + " %s"), stop="max_iterations = 1")
        coordinator = self.coordinator(lab, "--listen", self.address)
        worker = self.worker("--connect", self.address)
        self.wait_until(lambda: self.json("labs", "--connect", self.address)[0]["state"] == "stopped", "the lab stops")
        self.end(worker)
        self.end(coordinator)
        self.assertIn(secret, self.json("experiments", cwd=lab)[1]["hypothesis"])
        self.assertNotIn(secret, worker.log.read_text() + coordinator.log.read_text())


class Systemd(DaemonTest):
    def listen(self, name):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(name)
        listener.settimeout(20 * swarm.PATIENCE)
        self.addCleanup(listener.close)
        return listener

    def hear(self, listener, wanted):
        """What comes up to the first message that begins so."""
        heard = []
        while not heard or not heard[-1].startswith(wanted):
            heard.append(listener.recv(4096).decode())
        return heard

    def test_is_told_what_a_coordinator_does(self):
        listener = self.listen(str(self.root / "notify"))
        env = {"NOTIFY_SOCKET": str(self.root / "notify"), "WATCHDOG_USEC": "1000000"}
        process = self.start("coordinator", "--folder", "state", "--listen", self.address, env=env)
        self.assertEqual(self.hear(listener, "READY=1")[-1], "READY=1")
        self.assertEqual(self.json("labs", "--connect", self.address), [], "it answers at once")
        self.hear(listener, "STATUS=serves 0 labs")
        self.hear(listener, "WATCHDOG=1")
        self.hear(listener, "WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        self.hear(listener, "RELOADING=1\nMONOTONIC_USEC=")
        self.hear(listener, "READY=1")
        process.send_signal(signal.SIGTERM)
        self.hear(listener, "STOPPING=1")
        self.assertEqual(process.wait(timeout=20 * swarm.PATIENCE), 0)

    def test_is_told_what_a_worker_does_at_an_abstract_address(self):
        name = f"swarmlab-{os.getpid()}-{self.root.name}"
        listener = self.listen("\0" + name)
        env = {"NOTIFY_SOCKET": "@" + name, "WATCHDOG_USEC": "1000000"}
        worker = self.worker("--connect", self.address, env=env)
        self.hear(listener, "READY=1")
        self.hear(listener, "STATUS=0 leases held; the coordinator is away")
        self.coordinator("--folder", "state", "--listen", self.address)
        self.hear(listener, "STATUS=0 leases held; the coordinator answers")
        self.hear(listener, "WATCHDOG=1")
        worker.send_signal(signal.SIGTERM)
        self.hear(listener, "STOPPING=1")
        self.assertEqual(worker.wait(timeout=20 * swarm.PATIENCE), 0)

    def test_a_hung_loop_does_not_say_that_it_lives(self):
        listener = self.listen(str(self.root / "notify"))
        env = {"NOTIFY_SOCKET": str(self.root / "notify"), "WATCHDOG_USEC": "400000"}
        process = self.start("coordinator", "--folder", "state", "--listen", self.address, env=env)
        self.hear(listener, "WATCHDOG=1")
        process.send_signal(signal.SIGSTOP)
        listener.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                listener.recv(4096)
        process.send_signal(signal.SIGCONT)
        listener.settimeout(20 * swarm.PATIENCE)
        self.hear(listener, "WATCHDOG=1")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_takes_our_units(self):
        for unit in (DEPLOY / "systemd").glob("*.service"):
            copy = self.root / unit.name.replace("@", "@1")
            copy.write_text(unit.read_text().replace("/usr/bin/swarmlab", str(pathlib.Path(swarm.PROGRAM).resolve())))
            done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
            ours = [line for line in done.stderr.splitlines() if copy.name in line]
            self.assertEqual((done.returncode, ours), (0, []), done.stderr)


if __name__ == "__main__":
    swarm.main()
