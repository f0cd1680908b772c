"""Labs with two scales: what is kept climbs, is measured anew where it gets to, and leads there or not."""
import json

import ledger
import swarm

SCALES = """
[guard]
command = 'test "$SWARMLAB_SCALE" = small -o "$FACTOR" = 10'

[[scale]]
name = "small"

[[scale]]
name = "large"
promote = "top 50%"
env = { FACTOR = "10" }
overlay = "scales/large"
"""

# At the large scale ten times the value, and what is laid over.
MEASURE = """
echo "METRIC score=$(($(cat artifact/value.txt) * ${FACTOR:-1} + $(cat bonus.txt)))"
"""

FILES = {"bonus.txt": "0\n", "scales/large/bonus.txt": "1000\n"}


class ALabOfTwoScales(swarm.SwarmTest):
    def test_promotes_measures_and_exports_the_champion_of_the_large_one(self):
        lab = self.shell_lab(measure=MEASURE, stop="max_iterations = 6", extra=SCALES, files=FILES)
        self.swarmlab("run", lab, "--workers", 2)
        ladder = self.json("ladder", cwd=lab)
        small, large = ladder["rungs"]
        self.assertEqual((small["scale"], large["scale"]), ("small", "large"))
        self.assertEqual(small["champion"], large["champion"])
        self.assertEqual(ladder["championScale"], "large")
        self.assertEqual(large["baseline"], 1010, "the evaluator saw the variable and the files of the scale")
        self.assertEqual(large["score"], large["champion"] * 10 + 1000)
        self.assertGreaterEqual(large["measured"], 2)
        self.assertEqual(small["promoted"], large["measured"])

        champion = ladder["champion"]
        best = self.json("best", cwd=lab)
        self.assertEqual(best["number"], champion)
        climb = best["climbs"][0]
        self.assertEqual((climb["scale"], climb["standing"], climb["isChampion"]), ("large", "measured", True))
        self.assertGreaterEqual(climb["runs"], 3, "the first, and a fresh pair that confirms it")
        experiments = self.json("experiments", "--last", 100, cwd=lab)
        self.assertEqual(len(experiments), 7, "a promotion is no experiment")
        self.assertTrue(all(e["scale"] == "small" for e in experiments))
        commit = self.git(lab / ".swarmlab/objects.git", "rev-parse", "refs/swarmlab/lab/champion")
        self.assertEqual(commit, best["commit"])
        self.assertIn("large", self.swarmlab("ladder", cwd=lab).stdout)
        self.assertIn(f"champion #{champion} of large", self.swarmlab("status", cwd=lab).stdout)
        self.swarmlab("export", cwd=lab)
        self.assertEqual(self.git(lab, "show", "swarmlab/lab:artifact/value.txt"), str(champion))

    def test_sends_back_what_only_looked_good_at_the_small_one(self):
        # The larger the value, the worse at the large scale.
        lab = self.shell_lab(measure=MEASURE, stop="max_iterations = 4", extra=SCALES.replace('"10"', '"-10"').replace("= 10", "= -10"),
                             files=FILES)
        self.swarmlab("run", lab, "--workers", 1)
        ladder = self.json("ladder", cwd=lab)
        large = ladder["rungs"][1]
        self.assertEqual(large["champion"], 1, "the baseline")
        self.assertEqual(large["demoted"], large["measured"])
        self.assertLess(large["correlation"], 0)

    def test_asks_a_person_where_the_scale_says_so(self):
        scales = SCALES.replace('promote = "top 50%"', 'promote = "top 50%"\napprove = true')
        lab = self.shell_lab(measure=MEASURE, stop="max_iterations = 3", extra=scales, files=FILES)
        self.swarmlab("run", lab, "--workers", 1)
        proposed = self.json("ladder", cwd=lab)["rungs"][1]["proposed"]
        self.assertTrue(proposed)
        address = self.address_of_our_own()
        self.start("coordinator", lab, "--listen", address)
        self.start("worker", "--connect", address, "--folder", self.root / "w")
        asks = ["--connect", address, "--lab", "lab"]
        self.wait_until(lambda: self.swarmlab("labs", "--connect", address, expect=None).returncode == 0, "the coordinator")
        self.swarmlab("promote", proposed[-1], *asks)
        if len(proposed) > 1:
            self.swarmlab("promote", proposed[0], "--refuse", "--reason", "it only fits this data", *asks)
        refused = self.swarmlab("promote", 1, *asks, expect=1)
        self.assertIn("baseline", refused.stderr)
        self.swarmlab("resume", "lab", "--connect", address, expect=None)
        large = self.wait_until(lambda: self.champion_at(address, proposed[-1]), "what a person promoted leads")
        self.assertEqual(large["measured"], 1)
        events = self.events_at(address)
        texts = [e["text"] for e in events if e["kind"] == "promoted"]
        self.assertTrue(any("@" in text and "by hand" in text for text in texts), texts)

    def events_at(self, address):
        return [json.loads(line) for line in self.swarmlab("events", "--json", "--connect", address).stdout.splitlines()]

    def champion_at(self, address, number):
        large = self.json("ladder", "lab", "--connect", address)["rungs"][1]
        return large if large["champion"] == number else None


class ACoordinatorThatIsKilledWhileAPromotionRuns(ledger.KillTest):
    agent = swarm.SHELL_AGENT
    measure = """
[ "$SWARMLAB_SCALE" = small ] || sleep 1
""" + MEASURE

    def setUp(self):
        super().setUp()
        toml = self.lab / "lab.toml"
        toml.write_text(toml.read_text().replace("max_iterations = 100000", "max_iterations = 5") + SCALES)
        for path, text in FILES.items():
            (self.lab / path).parent.mkdir(parents=True, exist_ok=True)
            (self.lab / path).write_text(text)
        self.commit(self.lab, "two scales")

    def ladder(self):
        done = self.swarmlab("ladder", self.name, "--json", "--connect", self.address, expect=None)
        return json.loads(done.stdout)["rungs"][1] if done.returncode == 0 else None

    def test_measures_it_once(self):
        self.start_coordinator()
        self.start_worker("w1", slots=1)
        for _ in range(2):
            self.wait_until(lambda: (self.ladder() or {}).get("running"), "a promotion runs")
            self.kill(self.coordinator)
            self.start_coordinator()
        self.wait_until(lambda: (self.status() or {}).get("state") == "stopped", "the lab stops by itself")
        large = self.ladder()
        self.assertEqual(large["begun"], large["measured"])
        self.assertEqual(large["champion"], 6)
        self.assertEqual(large["score"], 1060)
        told = self.swarmlab("events", "--json", "--connect", self.address).stdout.splitlines()
        events = [e for e in map(json.loads, told) if e["kind"] == "check_ended"]
        ended = [e["experiment"] for e in events]
        self.assertEqual(len(ended), len(set(ended)), "each is counted once")
        self.assertEqual(len(ended), large["measured"] + 1, "and the baseline")


class AHoldout(swarm.SwarmTest):
    SECRET = "987654321"

    def test_is_seen_by_people_and_never_by_agents(self):
        holdout = self.root / "holdout"
        holdout.mkdir()
        (holdout / "penalty").write_text(self.SECRET)
        # On the holdout each further value is worth less.
        measure = """
        value=$(cat artifact/value.txt)
        [ -z "$SWARMLAB_DATA" ] || value=$((value / 2 - $(cat "$SWARMLAB_DATA/penalty")))
        echo "METRIC score=$value"
        """
        agent = swarm.SHELL_AGENT + f"""
        cat {holdout}/penalty /data/* 2>&1
        env
        cat "$SWARMLAB_BRIEF" "$SWARMLAB_RESULTS" lab.toml
        """
        lab = self.shell_lab(agent=agent, measure=measure, stop="max_iterations = 8",
                             extra=f'[holdout]\ndata = "path:{holdout}"\n')
        self.swarmlab("run", lab, "--workers", 1)
        experiments = self.json("experiments", "--last", 100, cwd=lab)
        kept = [e for e in experiments if e["verdict"] == "keep"]
        self.assertEqual(len(kept), 9)
        for one in kept:
            self.assertEqual(one["holdout"], one["number"] // 2 - int(self.SECRET) if one["number"] > 1 else -int(self.SECRET))
            shown = self.json("show", one["number"], cwd=lab)
            self.assertNotIn(self.SECRET, shown["agentLog"])
            self.assertNotIn("holdout:", shown["agentLog"].replace(str(holdout), ""))
        self.assertNotIn(self.SECRET, self.swarmlab("results", "--format", "tsv", cwd=lab).stdout)
        self.assertIn("holdout", self.swarmlab("show", 9, cwd=lab).stdout)
        ladder = self.json("ladder", cwd=lab)
        self.assertEqual(ladder["holdout"]["measured"], 9)
        self.assertIn("over-fitting", ladder["holdout"]["warning"])
        self.assertIn("over-fitting", self.swarmlab("status", cwd=lab).stdout)


if __name__ == "__main__":
    swarm.main()
