"""The hostile agents and candidates of the other files, and the tests of the sandbox itself, in containers of real engines."""
import os
import pathlib
import subprocess
import sys

import engines
import swarm

HERE = pathlib.Path(__file__).resolve().parent
FILES = ("hostile_agents.py", "hostile_scope.py", "hostile_candidates.py")
ROOM = pathlib.Path(swarm.PROGRAM).resolve().parent / "worker_sandbox_test"
# Left out: many hundreds of starts, and what is bubblewrap's own.
SHARDS = 4
LEFT_OUT = "-*ManyTimes*:*Zombies*:SandboxOverhead*:OrdinaryUser*:*WithoutCgroups"


class OfAnEngine(engines.OfAnEngine):
    def environment(self, **more):
        return {**os.environ, **self.engine.environment, "SWARMLAB_TEST_SANDBOX": self.engine_kind, **more}

    def together(self, commands):
        """Runs them at once; each is (words, variables, folder)."""
        started = [subprocess.Popen(words, env=self.environment(**more), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, errors="replace") for words, more, cwd in commands]
        for process in started:
            output, _ = process.communicate(timeout=600)
            with self.subTest(command=process.args):
                self.assertEqual(process.returncode, 0, output[-6000:])


class Attacks:
    files = FILES
    suites = "Sandbox*:*Sandbox*:*Held*:Gpus*"

    def test_hostile_agents_and_candidates_are_stopped(self):
        self.together([([sys.executable, str(HERE / file), *names], {}, None) for file, *names in map(str.split, self.files)])

    def test_the_sandbox_gives_and_refuses_what_it_should(self):
        self.assertTrue(ROOM.exists(), f"{ROOM} is not built")
        self.together([([str(ROOM), "--gtest_brief=1", f"--gtest_filter={self.suites}{LEFT_OUT}"],
                        {"GTEST_TOTAL_SHARDS": str(SHARDS), "GTEST_SHARD_INDEX": str(shard)}, ROOM.parent) for shard in range(SHARDS)])


class InDocker(Attacks, OfAnEngine):
    engine_kind = "docker"


class InPodman(Attacks, OfAnEngine):
    engine_kind = "podman"


if __name__ == "__main__":
    swarm.main()
