"""Workers of an ordinary user: with podman and no rights of root at all, and with docker by its daemon's socket."""
import os
import pathlib
import subprocess
import sys
import unittest.mock

import containers
import engines
import hostile_containers
import swarm

# Of the tests of the sandbox those where it counts who starts it; hostile_containers.py runs all of them as root.
TESTS = ("SandboxRun.IsTheAgent*:SandboxRun.Measures*:SandboxRefuses.RightsFrom*:*SandboxBounds.AForkBomb/*:*SandboxBounds.Memory*:"
         "*SandboxBounds.Files*:*Held.StandStill*:*Held.CanBeKilled*")
SHARDS = 2


class OfSomebody(engines.OfAnEngine, swarm.SwarmTest):
    of_whom = "somebody's "

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program = unittest.mock.patch.object(swarm, "PROGRAM", cls.engine.somebody.copy(swarm.PROGRAM))
        program.start()
        cls.addClassCleanup(program.stop)

    def setUp(self):
        super().setUp()
        self.inside = self.engine.inside

    def swarmlab(self, *args, **kwargs):
        self.engine.somebody.own(self.root)
        return super().swarmlab(*args, env=self.engine.environment, **kwargs)

    def environment(self, **more):
        return {**os.environ, **self.engine.environment, "SWARMLAB": swarm.PROGRAM, "SWARMLAB_TEST_SANDBOX": self.engine_kind, **more}


class Work:
    """Of every engine."""

    def test_a_lab_goes_to_its_end(self):
        lab = self.shell_lab(agent=containers.LOOK, extra=f'\n[sandbox]\ndriver = "{self.engine_kind}"\n')
        self.swarmlab("run", lab, "--workers", 2)
        experiments = self.json("experiments", lab)
        self.assertEqual(sorted(e["score"] for e in experiments), [1, 2, 3, 4])
        looked = [e["notes"].split() for e in experiments if e["kind"] == "explore"]
        self.assertEqual(looked, [[str(self.inside_user()), "swarmlab", "/workspace"]] * 3)
        left = self.engine.tell("ps", "--all", "--quiet", "--filter", "label=swarmlab.owner")
        self.assertEqual(left.stdout.split(), [])

    def test_the_sandbox_gives_and_refuses_what_it_should(self):
        room = self.engine.somebody.copy(hostile_containers.ROOM)
        self.together([[room, "--gtest_brief=1", f"--gtest_filter={TESTS}"]] * SHARDS)

    def together(self, commands):
        """Runs them at once, as that user."""
        started = [subprocess.Popen([*self.inside, *words], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, errors="replace",
                                    env=self.environment(GTEST_TOTAL_SHARDS=str(len(commands)), GTEST_SHARD_INDEX=str(index)))
                   for index, words in enumerate(commands)]
        for process in started:
            output, _ = process.communicate(timeout=600)
            with self.subTest(command=process.args):
                self.assertEqual(process.returncode, 0, output[-6000:])


class InPodman(Work, OfSomebody):
    engine_kind = "podman"

    @staticmethod
    def inside_user():
        return 1000

    def test_hostile_agents_are_stopped(self):
        folder = self.engine.somebody.folder / "tests"
        folder.mkdir()
        for file in pathlib.Path(hostile_containers.HERE).glob("*.py"):
            (folder / file.name).write_bytes(file.read_bytes())
        self.together([[sys.executable, "-B", str(folder / "hostile_agents.py")]])


class InDocker(Work, OfSomebody):
    engine_kind = "docker"

    def inside_user(self):
        return self.engine.somebody.user


if __name__ == "__main__":
    swarm.main()
