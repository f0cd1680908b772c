"""Workers in the jobs of a real Slurm cluster: a lab to its end, seats that are ended and come back, and none while it is quiet."""
import stat
import time

import slurm_cluster
import swarm


class GatedTest(slurm_cluster.SlurmTest):
    """Agents of its labs wait until the gate is open."""

    def setUp(self):
        super().setUp()
        self.gate = self.root / "gate"
        self.gate.mkdir()

    def gated_lab(self, stop):
        wait = f"until test -e {self.gate}/open; do sleep 0.1; done\n"
        return self.shell_lab(agent=wait + swarm.SHELL_AGENT, stop=stop, agent_timeout="900s")

    def open_gate(self):
        (self.gate / "open").touch()

    def up_gated(self, *words, **kwargs):
        return self.up("--expose", self.gate, *words, **kwargs)

    def at_work(self, seats, slots):
        """Agents that have begun: a lease alone is none yet."""
        begun = lambda: sum(self.log_of(seat).count("begins kind=explore") for seat in seats)
        self.wait_until(lambda: begun() >= len(seats) * slots and len(self.leased()) == len(seats) * slots, "agents at work")


class ALab(GatedTest):
    def test_runs_to_its_end_and_the_seats_go_and_come_back_with_work(self):
        lab = self.shell_lab(agent="sleep 0.5\n" + swarm.SHELL_AGENT, stop="max_iterations = 24")
        self.coordinator(lab)
        job = self.up("--leave-idle", "10s")
        self.assertRegex(job, r"^\d+$")
        self.finish()
        found = self.all_done_once(24)
        self.assertLessEqual({e["worker"] for e in found}, {f"slurm-cpu-{seat}" for seat in (1, 2, 3)})
        # To zero: no job holds a node, but the seats are still there.
        self.wait_until(lambda: set(self.cluster.jobs().values()) == {"PENDING"} and self.cluster.idle_nodes() == 3, "no node is held")
        self.assertEqual(sorted(self.cluster.jobs()), [f"{job}_{seat}" for seat in (1, 2, 3)])
        # And back: nobody starts anything but the lab.
        self.swarmlab("run", "--connect", self.address, "--max-iterations", "48", "--detach", cwd=lab)
        self.wait_until(lambda: len(self.experiments()) > 25, "it goes on")
        self.finish()
        self.all_done_once(48)
        workers = self.json("workers", "--connect", self.address)
        self.assertLessEqual({w["name"] for w in workers}, {f"slurm-cpu-{seat}" for seat in (1, 2, 3)}, "seats are stable")
        pools = {p["name"]: p["wanted"] for p in self.json("pools", "--connect", self.address)}
        self.assertEqual(pools.get("cpu", 0), 0)
        self.down()
        self.wait_until(lambda: not self.cluster.jobs(), "all seats are gone")

    def test_status_shows_jobs_and_workers_beside_each_other(self):
        self.coordinator(self.gated_lab("max_iterations = 4"))
        self.up_gated(nodes=2, slots=2)
        self.at_work([1, 2], 2)
        rows = {row["seat"]: row for row in self.status()}
        self.assertEqual(sorted(rows), ["slurm-cpu-1", "slurm-cpu-2"])
        for row in rows.values():
            self.assertEqual((row["state"], row["pool"], row["worker"]["busy"], row["worker"]["slots"]), ("RUNNING", "cpu", 2, 2))
            self.assertRegex(row["node"], r"^n[123]$")
        text = self.slurm("status", "--connect", self.address, "--folder", self.seats).stdout
        self.assertRegex(text, r"slurm-cpu-1 +\d+_1 +RUNNING +n[123] ")
        # More seats are others, and no seat is given twice.
        self.up_gated(nodes=1)
        self.assertEqual(sorted(row["seat"] for row in self.status()), ["slurm-cpu-1", "slurm-cpu-2", "slurm-cpu-3"])
        # Told to go, they end what runs first.
        self.down()
        self.wait_until(lambda: "may take" in self.log_of(1) and "may take" in self.log_of(2), "both have heard")
        self.open_gate()
        self.wait_until(lambda: not self.cluster.jobs(), "all seats are gone")
        self.all_done_once(4)
        self.assertEqual(self.status(), [])


class SeatsThatAreEnded(GatedTest):
    def handed_over(self, end):
        """What the first seat runs is done by another in the end, although no loss at all would be forgiven."""
        self.coordinator(self.gated_lab("max_iterations = 2"), "--max-restarts", "0")
        job = self.up_gated(nodes=1)
        self.at_work([1], 2)
        end(f"{job}_1")
        self.wait_until(lambda: not self.leased(), "what ran went back")
        self.up_gated(nodes=1)
        self.open_gate()
        self.finish()
        self.all_done_once(2)
        events = self.swarmlab("events", "--last", 200, "--connect", self.address).stdout
        self.assertNotIn("expired", events)
        self.assertNotIn("restarted", events)
        return job

    def test_scancel_hands_back_what_runs(self):
        """Slurm sends SIGTERM to all processes of a job, agents too: none of them crashed."""
        job = self.handed_over(lambda task: self.cluster.tell("scancel", task))
        self.assertNotIn(f"{job}_1", self.cluster.jobs(), "it does not come back")

    def test_down_now_hands_back_what_runs(self):
        self.handed_over(lambda task: (self.down("--now"), self.wait_until(lambda: not self.cluster.jobs(), "it is gone")))

    def test_a_seat_that_slurm_requeues_is_the_same_one_again(self):
        self.coordinator(self.gated_lab("max_iterations = 2"), "--max-restarts", "0")
        job = self.up_gated(nodes=1)
        task = f"{job}_1"
        self.at_work([1], 2)
        self.cluster.tell("scontrol", "requeue", task)
        self.wait_until(lambda: not self.leased(), "what ran went back")
        # Slurm holds a requeued job for two minutes; what completes is no new job yet.
        self.wait_until(lambda: self.cluster.jobs().get(task) == "PENDING", "it waits")
        self.cluster.tell("scontrol", "update", f"JobId={task}", "StartTime=now+1")
        self.wait_until(lambda: self.cluster.jobs().get(task) == "RUNNING", "it runs again")
        self.open_gate()
        self.finish()
        self.assertEqual({e["worker"] for e in self.all_done_once(2)}, {"slurm-cpu-1"})
        self.assertNotIn("restarted", self.swarmlab("events", "--last", 200, "--connect", self.address).stdout)

    def test_a_coordinator_that_is_away_for_a_while_costs_nothing(self):
        lab = self.gated_lab("max_iterations = 6")
        coordinator = self.coordinator(lab, "--max-restarts", "0")
        self.up_gated(nodes=3)
        self.at_work([1, 2, 3], 2)
        self.assertEqual(self.end(coordinator), 0)
        self.open_gate()
        back = time.monotonic() + 5
        self.wait_until(lambda: time.monotonic() > back, "some seconds without it")
        self.coordinator(lab, "--max-restarts", "0")
        self.finish()
        self.assertEqual({e["attempts"] for e in self.all_done_once(6)}, {1})


class WhatIsRefused(slurm_cluster.SlurmTest):
    def test_slurms_own_words_are_shown(self):
        self.coordinator(self.shell_lab())
        common = ("--connect", self.address, "--folder", self.seats)
        wrong = self.slurm("up", "--partition", "nowhere", *common, expect=1)
        self.assertIn("sbatch: ", wrong.stderr)
        self.assertIn("nvalid partition", wrong.stderr)
        short = self.slurm("up", "--partition", "cpu", *common, "--", "--time=5", expect=1)
        self.assertIn("jobs may take 300 s, expected 690 s at least", short.stderr)
        twice = self.slurm("up", "--partition", "cpu", *common, "--", "--array=1-9", expect=1)
        self.assertIn("--array is not for sbatch", twice.stderr)
        self.assertEqual(self.cluster.jobs(), {})
        absent = self.swarmlab("slurm", "up", "--partition", "cpu", *common, env={"PATH": "/nowhere"}, expect=1)
        self.assertIn("sbatch is not on the PATH", absent.stderr)

    def test_print_submits_nothing(self):
        printed = self.slurm("up", "--partition", "cpu", "--nodes", "2", "--connect", self.address, "--folder", self.seats, "--print", "--",
                             "--time=60").stdout
        self.assertTrue(printed.startswith("#!/bin/bash\n"))
        self.assertRegex(printed, r"\n# sbatch .*--array=1-2 .*--time=60 ")
        self.assertFalse(self.seats.exists())

    def test_keys_stay_in_files_of_their_owner(self):
        lab = self.shell_lab(agent="sleep 0.5\n" + swarm.SHELL_AGENT, stop="max_iterations = 4")
        files = {role: self.swarmlab("keys", "new", role, "--role", role, cwd=lab).stdout.strip() for role in ("worker", "operator")}
        self.coordinator(lab)
        mine = ("--key", files["operator"], "--server-key", str(lab / ".swarmlab/keys/server.pub"))
        none = self.slurm("up", "--partition", "cpu", "--connect", self.address, *mine, expect=1)
        self.assertIn("--worker-key is missing", none.stderr)
        job = self.up(*mine, "--worker-key", files["worker"], nodes=1)
        copy = self.seats / "cpu.key"
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        secret = copy.read_text().split("secret ")[1].strip()
        said = self.cluster.tell("scontrol", "show", "job", job) + (self.seats / "cpu.sh").read_text()
        said += self.cluster.tell("scontrol", "write", "batch_script", job, "-")
        self.assertNotIn(secret, said)
        self.wait_until(lambda: self.json("labs", "--connect", self.address, *mine)[0]["state"] == "stopped", "the lab stops")
        self.assertEqual({e["worker"] for e in self.json("experiments", "--connect", self.address, *mine)}, {"slurm-cpu-1"})


if __name__ == "__main__":
    swarm.main()
