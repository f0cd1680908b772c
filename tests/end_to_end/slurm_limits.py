"""Time limits of Slurm in the middle of a lab: seats end what they can, hand back the rest, and come back; nothing is lost."""
import slurm_cluster
import swarm

EXPERIMENTS = 70


class TimeLimits(slurm_cluster.SlurmTest):
    def test_a_lab_that_takes_longer_than_its_jobs_loses_nothing(self):
        # Some take longer than what is left at the end.
        agent = 'sleep $((4 + SWARMLAB_EXPERIMENT % 4 * 5))\n' + swarm.SHELL_AGENT
        lab = self.shell_lab(agent=agent, stop=f"max_iterations = {EXPERIMENTS}", agent_timeout="300s")
        self.coordinator(lab, "--max-restarts", "0")
        job = self.up("--drain-timeout", "10s", after=("--time=2",))
        self.finish(timeout=1000)
        found = self.all_done_once(EXPERIMENTS)
        again = sum(e["attempts"] - 1 for e in found)
        ended = sum(self.log_of(seat).count("may take 10s more") for seat in (1, 2, 3))
        print(f"{EXPERIMENTS} experiments over {ended + 3} jobs of 2 minutes: {again} were given again", flush=True)
        self.assertGreater(ended, 0, "a time limit came in the middle of the lab")
        self.assertEqual({task.split("_")[0] for task in self.cluster.jobs()}, {job}, "Slurm replaced them by themselves")
        events = self.swarmlab("events", "--last", 1000, "--connect", self.address).stdout
        self.assertNotIn("expired", events)
        self.assertNotIn("restarted", events)
        self.down()
        self.wait_until(lambda: not self.cluster.jobs(), "all seats are gone")


if __name__ == "__main__":
    swarm.main()
