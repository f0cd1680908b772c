"""Workers of two protocols in one swarm. Two releases of the program: scripts/skew.sh."""
import unittest

import swarm


class Versions(swarm.SwarmTest):
    def test_a_worker_of_an_older_protocol_works_beside_one_of_ours(self):
        lab = self.shell_lab(stop="max_iterations = 12")
        address = self.address_of_our_own()
        coordinator = self.start("coordinator", "--listen", address, cwd=lab)
        self.start("worker", "--connect", address, "--name", "older", "--speak-protocol", "1", cwd=lab)
        self.wait_until(lambda: "worker older says hello" in coordinator.log.read_text(), "the older one is there")
        self.start("worker", "--connect", address, "--name", "ours", cwd=lab)

        def state():
            done = self.swarmlab("labs", "--json", "--connect", address, cwd=lab, expect=None)
            return done.returncode == 0 and '"state":"stopped"' in done.stdout

        self.wait_until(state, "the lab ends")
        experiments = self.json("experiments", "--connect", address, cwd=lab)
        self.assertEqual(sorted(e["number"] for e in experiments), list(range(1, 14)))
        self.assertIn("older", {e["worker"] for e in experiments})
        said = coordinator.log.read_text()
        self.assertRegex(said, "worker older says hello.* protocol=1")
        self.assertRegex(said, "worker ours says hello.* protocol=2")

    def test_a_protocol_that_this_build_does_not_speak_is_refused(self):
        refused = self.swarmlab("worker", "--connect", self.address_of_our_own(), "--speak-protocol", "99", expect=1)
        self.assertIn("protocol 99 is not spoken here, expected 1 to 2", refused.stderr)


if __name__ == "__main__":
    unittest.main()
