"""The pods of the manifests, run by the letter on a real engine: labs to their end through restarts of everything, pools of
jobs that follow demand from none and back, a promotion that lands on the machines of its scale.
"""
import collections
import math
import time

import kubelet
import kubernetes as k8s
import swarm

# An agent that takes its time, so that there is something to interrupt.
SLOW = "sleep 2\n" + swarm.SHELL_AGENT
WHOLE = 1200  # seconds that a whole lab may take, times the patience


def told(words):
    print(f"kubernetes_pods: {words}", flush=True)


class RollingRestarts(kubelet.OfPods):
    overlay = "backup"

    @kubelet.telling
    def test_all_pods_are_replaced_in_the_middle_of_a_lab_and_nothing_is_lost(self):
        self.coordinator()
        pool = self.workload("swarmlab-worker-cpu")
        workers = [self.pod(f"swarmlab-worker-cpu-{i}", pool) for i in range(pool["spec"]["replicas"])]
        for one in workers:
            one.await_ready()
        lab = self.shell_lab(agent=SLOW, stop="max_iterations = 1000", agent_timeout="600s", evaluator_timeout="600s")
        self.run_lab(lab)
        self.decided(3)
        for i, old in enumerate(workers):
            begun = time.monotonic()
            state = old.terminate()
            self.assertEqual(state["ExitCode"], 0, "it drained")
            self.pod(f"swarmlab-worker-cpu-new-{i}", pool).await_ready()
            told(f"a worker's pod was replaced in {time.monotonic() - begun:.1f} s")
            self.decided(len(self.experiments()) + 1)
        begun = time.monotonic()
        state = self.there.terminate()
        self.assertEqual(state["ExitCode"], 0)
        self.coordinator()
        told(f"the coordinator's pod was replaced in {time.monotonic() - begun:.1f} s")
        # All was replaced in the middle of it, however fast the machine is: now it may end.
        self.decided(len(self.experiments()) + 2)
        self.swarmlab("run", "--detach", "--max-iterations", len(self.experiments()) + 3, *self.me(), cwd=lab, timeout=kubelet.LIMIT)
        self.wait_until(lambda: self.lab_state() == "stopped", "the lab ends", timeout=WHOLE)
        self.nothing_is_lost()
        self.a_job_takes_a_backup()
        inside = self.executed(self.there, "swarmlab", "status")
        self.assertIn("lab", inside, "kubectl exec needs no more than this")

    def decided(self, count):
        self.wait_until(lambda: len(self.experiments()) >= count, f"{count} experiments are decided", timeout=WHOLE)

    def nothing_is_lost(self):
        found = self.experiments()
        self.assertEqual(sorted(e["number"] for e in found), list(range(1, len(found) + 1)))
        self.assertEqual(set(swarm.verdicts(found)) - {"keep", "discard"}, set(), swarm.verdicts(found))
        events = self.swarmlab("events", "--json", *self.me(), timeout=kubelet.LIMIT).stdout
        kinds = collections.Counter(kind for kind in ("lease_granted", "lease_ended", "experiment_finished") for line in events.splitlines()
                                    if f'"{kind}"' in line)
        again = sum(e["attempts"] - 1 for e in found)
        told(f"{len(found)} experiments, {again} of them begun again, {kinds['lease_granted']} leases; two workers and the coordinator replaced")
        # Each pod that was replaced had one slot.
        self.assertLessEqual(again, 3, "at most what was in flight is done again")

    def a_job_takes_a_backup(self):
        job = self.pod("swarmlab-backup-1", self.workload("swarmlab-backup"), restarts="on-failure")
        self.wait_until(job.completed, "the backup's job ends")
        self.assertEqual(job.main_state()["ExitCode"], 0, self.container_log(job.main))
        self.executed(self.there, "swarmlab", "backup", "/backups", "--verify")


class Demand:
    """What the operator of ScaledJobs does: looks at the demand of each pool, and starts the jobs that are missing. Jobs are
    never stopped by it."""

    def __init__(self, test, jobs):
        self.test, self.jobs = test, jobs
        self.started = collections.Counter()
        self.most = collections.Counter()
        self.codes = collections.Counter()

    def look(self):
        """One turn; gives whether nothing is wanted, and nothing runs."""
        for one in list(self.test.pods):
            if one.name.split("--")[0] in self.jobs and one.completed():
                self.codes[one.main_state()["ExitCode"]] += 1
                one.remove()
        pools = self.test.ask("pools")
        if pools is None:
            return False
        wanted = {pool["name"]: pool["wanted"] for pool in pools}
        for name, job in self.jobs.items():
            pool = k8s.template_of(job)["metadata"]["labels"]["swarmlab/pool"]
            target = float(job["spec"]["triggers"][0]["metadata"]["targetValue"])
            scale = min(math.ceil(wanted.get(pool, 0) / target), job["spec"]["maxReplicaCount"])
            self.most[pool] = max(self.most[pool], wanted.get(pool, 0))
            for _ in range(scale - len(self.running(name))):
                self.started[pool] += 1
                self.test.pod(f"{name}--{self.started[pool]}", job, restarts="on-failure")
        return not any(wanted.values()) and not any(self.running(name) for name in self.jobs)

    def running(self, name):
        return [one for one in self.test.pods if one.name.split("--")[0] == name]


class Jobs(kubelet.OfPods):
    overlay = "night"

    def follow_to_the_end(self, names):
        """Until the lab has ended, nothing is wanted and all jobs have ended by themselves."""
        demand = Demand(self, {name: self.workload(name) for name in names})
        self.wait_until(lambda: demand.look() and self.lab_state() == "stopped", "the lab ends, and all jobs after it", timeout=WHOLE)
        told(f"jobs started: {dict(demand.started)}; most wanted at once: {dict(demand.most)}; exit codes: {dict(demand.codes)}")
        return demand

    @kubelet.telling
    def test_jobs_follow_demand_from_none_and_back_and_end_by_themselves(self):
        self.coordinator()
        self.wait_until(lambda: self.ask("pools"), "pools that were never started are known")
        self.assertEqual({pool["name"]: pool["wanted"] for pool in self.ask("pools")}, {"cpu": 0, "gpu": 0, "gpu8": 0})
        lab = self.shell_lab(stop="max_iterations = 4", agent_timeout="600s", evaluator_timeout="600s", search="merge = false\nmax_parallel = 2")
        self.run_lab(lab)
        demand = self.follow_to_the_end(["swarmlab-worker-cpu"])
        found = self.experiments()
        self.assertEqual(sorted(e["number"] for e in found), [1, 2, 3, 4, 5])
        self.assertEqual(set(swarm.verdicts(found)) - {"keep", "discard"}, set(), swarm.verdicts(found))
        self.assertGreaterEqual(demand.started["cpu"], 5, "a job does one experiment")

    @kubelet.telling
    def test_a_promotion_lands_on_the_pool_of_its_scale_which_begins_with_none(self):
        self.coordinator()
        scales = """
            [[scale]]
            name = "small"

            [[scale]]
            name = "large"
            promote = "top 50%"
            labels = ["pool=gpu8"]
            resources = { gpus = 8 }
            max_experiments = 1
            """
        lab = self.shell_lab(stop="max_iterations = 3", agent_timeout="600s", evaluator_timeout="600s",
                             search="merge = false\nmax_parallel = 1", extra=scales)
        self.run_lab(lab)
        demand = self.follow_to_the_end(["swarmlab-worker-cpu", "swarmlab-worker-gpu8"])
        self.assertGreaterEqual(demand.started["gpu8"], 1)
        large = self.ask("ladder", "lab")["rungs"][1]
        self.assertEqual((large["scale"], large["measured"]), ("large", 1), large)
        promoted = {name.split("--")[0] for name, log in self.logs_of_ended.items() if '"kind":"promote"' in log}
        self.assertEqual(promoted, {"swarmlab-worker-gpu8"})
        explored = {name.split("--")[0] for name, log in self.logs_of_ended.items() if '"kind":"explore"' in log}
        self.assertIn("swarmlab-worker-cpu", explored)


if __name__ == "__main__":
    swarm.main()
