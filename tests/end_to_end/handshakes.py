"""Agents that live on over several experiments: they signal by verdicts/verdict.json, as those of Autoresearch Lab do,
are held while their change is measured, and go on in the same process when the file has been taken away."""
import pathlib
import signal

import drains
import swarm

# What it does is in `plan`, by its experiment's number. What it remembers is in its hypotheses.
AGENT = """
import json, os, pathlib, sys, time
hands = pathlib.Path(os.environ["SWARMLAB_HANDSHAKE"])
assert hands.samefile("verdicts")
value = pathlib.Path("artifact/value.txt")
number = int(os.environ["SWARMLAB_EXPERIMENT"])
longest = 0.0
plan = json.loads(pathlib.Path("plan.json").read_text())
count, told = 0, None
while True:
    count += 1
    do = plan.get(str(number), {})
    gate = do.get("gate")
    while gate and not os.path.exists(gate):
        time.sleep(0.05)
    while do.get("hang"):
        time.sleep(1)
    left = sorted(p.name for p in pathlib.Path("artifact").iterdir() if p.name != "value.txt")
    said = {"count": count, "found": value.read_text().strip(), "left": left, "told": told and told["verdict"],
            "score": told and told["score"], "held": longest > 1.0, "outcome": os.path.exists(os.environ["SWARMLAB_OUTCOME"]),
            "brief": f"pid {os.getpid()}" if os.path.getsize(os.environ["SWARMLAB_BRIEF"]) else "none"}
    longest, before = 0.0, time.monotonic()
    value.write_text(f"{do.get('value', number)}\\n")
    pathlib.Path(f"artifact/more-{number}").write_text("more\\n")
    print(json.dumps({"type": "result", "total_cost_usd": 0.25 * count, "usage": {"input_tokens": 100 * count}}), flush=True)
    with open(os.environ["SWARMLAB_OUTCOME"], "w") as outcome:
        json.dump({"hypothesis": json.dumps(said)}, outcome)
    exec(do.get("code", ""))
    with open(hands / "verdict.json", "w") as file:
        file.write('{"action": "keep", ')
        file.flush()
        time.sleep(0.2)
        file.write('"score": 999, "notes": "the best ever"}')
    while (hands / "verdict.json").exists():
        time.sleep(0.05)
        now = time.monotonic()
        longest, before = max(longest, now - before), now
    longest = max(longest, time.monotonic() - before)
    told = json.loads((hands / "last.json").read_text())
    if told["next"] is None:
        sys.exit(0)
    assert told["next"]["of_session"] == int(os.environ["SWARMLAB_SESSION"]) + count
    number = told["next"]["experiment"]
"""

MEASURE = """
sleep 1.2
echo "METRIC score=$(cat artifact/value.txt)"
"""


class HandshakeTest(swarm.SwarmTest):
    def living_lab(self, plan, per_session, iterations, agent=AGENT, timeout="300s"):
        lab = self.shell_lab(
            agent="", measure=MEASURE, stop=f"max_iterations = {iterations}", agent_timeout=timeout,
            files={"agent.py": agent, "plan.json": swarm.json.dumps(plan)})
        toml = (lab / "lab.toml").read_text().replace(
            'command = "sh agent.sh"',
            f'command = "exec python3 agent.py {self.root.name}"\nsession = "handshake"\n'
            f'experiments_per_session = {per_session}')
        (lab / "lab.toml").write_text(toml)
        self.commit(lab, "an agent that lives on")
        return lab

    def what_it_said(self, lab, **where):
        said = {}
        for experiment in self.json("experiments", cwd=lab, **where)[1:]:
            detail = self.json("show", experiment["number"], cwd=lab, **where)
            words = swarm.json.loads(detail["hypothesis"]) if detail.get("hypothesis", "").startswith("{") else {}
            said[experiment["number"]] = (experiment, detail, words)
        return said

    def agents_of(self, lab):
        """Processes of the lab's agent, by the word that is in their command."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"agent.py" in words and self.root.name.encode() in words:
                found.append(int(process.name))
        return found


class OneProcess(HandshakeTest):
    def test_does_four_experiments_and_is_told_what_became_of_each(self):
        lab = self.living_lab({"3": {"value": 0}}, per_session=4, iterations=4)
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual(sorted(said), [2, 3, 4, 5])
        self.assertEqual([e["verdict"] for e, _, _ in said.values()], ["keep", "discard", "keep", "keep"])
        words = {number: w for number, (_, _, w) in said.items()}
        self.assertEqual({n: (w["count"], w["found"], w["told"], w["score"]) for n, w in words.items()}, {
            2: (1, "1", None, None), 3: (2, "2", "keep", 2), 4: (3, "2", "discard", 0), 5: (4, "4", "keep", 4)})
        # What was discarded is gone, what was kept is there, what is of an experiment does not outlast it.
        self.assertEqual({n: w["left"] for n, w in words.items()},
                         {2: [], 3: ["more-2"], 4: ["more-2"], 5: ["more-2", "more-4"]})
        self.assertFalse(any(w["outcome"] for w in words.values()))
        self.assertEqual(len({w["brief"] for w in words.values()}), 1, "it is one process")
        self.assertTrue(all(words[n]["held"] for n in (3, 4, 5)), "nothing of it runs while others measure")
        for number, (_, detail, _) in said.items():
            self.assertEqual((detail["costUsd"], detail["agent"]["sessionExperiment"]), (0.25, number - 1))
            self.assertIn("its agent says keep", detail["notes"])
        self.assertEqual(self.agents_of(lab), [])

    def test_ends_after_as_many_experiments_as_the_lab_says(self):
        lab = self.living_lab({}, per_session=2, iterations=5)
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([w["count"] for _, _, w in said.values()], [1, 2, 1, 2, 1])
        self.assertEqual([d["costUsd"] for _, d, _ in said.values()], [0.25] * 5)

    def test_is_ended_after_its_signal_where_a_session_has_one_experiment(self):
        lab = self.living_lab({}, per_session=1, iterations=2)
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([(e["verdict"], w["count"]) for e, _, w in said.values()], [("keep", 1), ("keep", 1)])

    def test_that_ends_without_a_signal_has_done_its_experiment(self):
        lab = self.living_lab({"3": {"code": "sys.exit(0)"}, "4": {"code": "sys.exit(7)"}}, per_session=9, iterations=4)
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([(e["verdict"], w.get("count")) for e, _, w in said.values()],
                         [("keep", 1), ("keep", 2), ("crash", 1), ("keep", 1)])
        self.assertEqual([d["costUsd"] for _, d, _ in said.values()], [0.25] * 4)

    def test_has_its_time_for_each_experiment_anew(self):
        lab = self.living_lab({"4": {"hang": True}}, per_session=9, iterations=4, timeout=f"{int(20 * swarm.PATIENCE)}s")
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([(e["verdict"], w.get("count")) for e, _, w in said.values()],
                         [("keep", 1), ("keep", 2), ("timeout", None), ("keep", 1)])

    def test_gains_nothing_by_a_forged_verdict(self):
        forge = """
            (hands / "last.json").unlink(missing_ok=True)
            (hands / "last.json").symlink_to("/swarmlab/brief.md")
            """
        in_the_way = """
            (hands / "last.json").unlink(missing_ok=True)
            (hands / "last.json").mkdir()
            (hands / "last.json" / "x").write_text("x")
            """
        escape = """
            import shutil
            shutil.rmtree("artifact")
            pathlib.Path("artifact").symlink_to("/etc")
            """
        clean = lambda code: swarm.textwrap.dedent(code)
        lab = self.living_lab({"3": {"value": 0, "code": clean(forge)}, "4": {"value": 0.5, "code": clean(in_the_way)},
                               "6": {"code": clean(escape)}}, per_session=9, iterations=6)
        self.swarmlab("run", "--workers", "1", cwd=lab, timeout=300)
        said = self.what_it_said(lab)
        self.assertEqual([e["verdict"] for e, _, _ in said.values()],
                         ["keep", "discard", "discard", "keep", "out_of_scope", "keep"])
        self.assertEqual([(w["count"], w["told"]) for _, _, w in said.values()],
                         [(1, None), (2, "keep"), (3, "discard"), (1, None), (2, "keep"), (1, None)],
                         "an agent that is in its own way is started anew")
        self.assertEqual(said[7][2]["found"], "5")


class AutoresearchLab(HandshakeTest):
    def test_arl_verdict_is_the_signal(self):
        agent = """
        while :; do
          n=$((n + 1)); seen="$seen $(cat artifact/value.txt)"
          expr $(cat artifact/value.txt) + 1 > artifact/value.txt
          arl verdict --action keep --verdict-path /workspace/verdicts/verdict.json --notes "number $n saw$seen"
          while [ -f verdicts/verdict.json ]; do sleep 0.1; done
        done
        """
        backend = """
        from autoresearch_lab.harness.backend import EvalBackend, EvalResult


        class EvalBackend(EvalBackend):
            def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
                return EvalResult(score=-float((pipeline_dir / "value.txt").read_text()))
        """
        lab = self.shell_lab(inside="labs/one", agent=agent, files={"backend.py": backend, "AGENT.md": "", "lab.toml": """
            [lab]
            name = "lab"
            pipeline_dir = "artifact"
            [backend]
            [search]
            merge = false
            [agent]
            command = "sh agent.sh"
            session = "handshake"
            experiments_per_session = 3
            """})
        self.swarmlab("run", "--workers", "1", "--max-iterations", "3", cwd=lab / "labs" / "one", timeout=300)
        found = self.json("experiments", cwd=lab)
        self.assertEqual([(e["verdict"], e["hypothesis"]) for e in found[1:]],
                         [("keep", "number 1 saw 1"), ("keep", "number 2 saw 1 2"), ("keep", "number 3 saw 1 2 3")])


class Workers(drains.DrainTest, HandshakeTest):
    def gated(self, numbers, per_session=9, iterations=4):
        plan = {str(n): {"gate": str(self.gate / f"open-{n}")} for n in numbers}
        return self.living_lab(plan, per_session=per_session, iterations=iterations)

    def at_experiment(self, number):
        self.wait_until(lambda: number in self.leased(), f"experiment {number} at work", timeout=120)

    def test_that_are_told_to_leave_let_it_finish_its_experiment(self):
        lab = self.gated([3])
        self.coordinator(lab)
        worker = self.worker("leaves")
        self.at_experiment(3)
        worker.send_signal(signal.SIGTERM)
        self.wait_until(lambda: "may take 10m more" in worker.log.read_text(), "it has heard")
        (self.gate / "open-3").touch()
        self.assertEqual(worker.wait(timeout=120 * swarm.PATIENCE), 0, worker.log.read_text())
        self.assertEqual([e["verdict"] for e in self.experiments() if e["number"] in (2, 3)], ["keep", "keep"])
        self.assertEqual(self.agents_of(lab), [])

    def test_that_are_killed_take_it_with_them_and_nothing_counts_twice(self):
        lab = self.gated([3])
        self.coordinator(lab, "--lease", "10s")
        worker = self.worker("killed")
        self.at_experiment(3)
        self.wait_until(lambda: self.agents_of(lab), "its agent runs", timeout=120)
        worker.kill()
        worker.wait()
        self.wait_until(lambda: not self.agents_of(lab), "its agent is gone", timeout=120)
        (self.gate / "open-3").touch()
        following = self.worker("next")
        self.finish()
        found = self.experiments()
        done = [e for e in found if e["verdict"] == "keep"]
        self.assertEqual(len({e["number"] for e in found}), len(found))
        self.assertEqual(len({e["score"] for e in done}), len(done), "no change was counted twice")
        self.assertEqual(self.end(following, timeout=60), 0, following.log.read_text())
        self.assertEqual(self.agents_of(lab), [])


if __name__ == "__main__":
    swarm.main()
