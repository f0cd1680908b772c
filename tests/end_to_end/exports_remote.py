"""`swarmlab export --connect`: what won elsewhere, as a branch of the repository here; and all that can be asked from afar."""
import signal

import swarm

# #2 is kept, #3 is dropped, #4 and #5 are kept: the chain is 1, 2, 4, 5. Each brings a file that does not get smaller.
AGENT = r"""
test "$SWARMLAB_EXPERIMENT" = 3 && value=0 || value=$SWARMLAB_EXPERIMENT
echo "$value" > artifact/value.txt
head -c SIZE /dev/urandom > artifact/weights.bin
printf '{"hypothesis": "Set it to %s"}' "$value" > "$SWARMLAB_OUTCOME"
"""


class ExportsFromAfar(swarm.SwarmTest):
    """A coordinator with keys in a folder of its own; the lab's repository is another's."""

    def setUp(self):
        super().setUp()
        self.there = self.root / "there"
        self.there.mkdir(mode=0o700)
        self.address = self.address_of_our_own()
        self.git(self.there, "init", "-q", "-b", "main")
        (self.there / "README").write_text("keys of a coordinator\n")
        self.commit(self.there, "begin")
        self.keys = self.there / ".swarmlab/keys"
        self.key = {}
        for name, role in (("w", "worker"), ("vera", "viewer"), ("otto", "operator")):
            self.key[name] = self.json("keys", "new", name, "--role", role, cwd=self.there)
        self.coordinator = self.serve()

    def serve(self):
        coordinator = self.start("coordinator", "--folder", self.root / "state", "--listen", self.address, "--keys", self.keys, cwd=self.there)
        self.wait_until(lambda: "listens" in coordinator.log.read_text(), "the coordinator")
        return coordinator

    def as_(self, name):
        return ["--connect", self.address, "--key", self.key[name]["file"], "--server-key", self.key[name]["serverKeyFile"]]

    def run_lab(self, size=1000, iterations=4):
        self.start("worker", *self.as_("w"), "--name", "w", "--folder", self.root / "w")
        lab = self.shell_lab(agent=AGENT.replace("SIZE", str(size)), inside="labs/one", stop=f"max_iterations = {iterations}")
        text = (lab / "labs/one/lab.toml").read_text().replace("[metric]", "max_file_size = \"40MB\"\n\n[metric]")
        (lab / "labs/one/lab.toml").write_text(text)
        self.commit(lab, "larger files")
        self.swarmlab("run", "labs/one", *self.as_("otto"), cwd=lab)
        return lab

    def test_make_the_same_branch_as_where_the_coordinator_is(self):
        lab = self.run_lab()
        before = self.git(lab, "status", "--porcelain", "--untracked-files=all")
        told = self.json("export", *self.as_("vera"), cwd=lab / "labs/one")
        self.assertEqual((told["branch"], told["experiments"]), ("swarmlab/lab", [1, 2, 4, 5]))
        branch = told["branch"]
        subjects = self.git(lab, "log", "--reverse", "--format=%s", f"main..{branch}").splitlines()
        self.assertEqual(subjects, ["Set it to 2", "Set it to 4", "Set it to 5", "Record the results of 5 experiments"])
        self.assertEqual(self.git(lab, "show", f"{branch}:labs/one/artifact/value.txt"), "5")
        self.assertEqual(self.git(lab, "merge-base", "main", branch), self.git(lab, "rev-parse", "main"))
        self.git(lab, "fsck", "--strict")
        self.assertFalse((lab / ".git/shallow").exists(), "nothing is cut off")
        self.assertFalse((lab / ".git/swarmlab-incoming").exists(), "nothing stays")
        self.assertEqual(self.git(lab, "status", "--porcelain", "--untracked-files=all"), before)
        again = self.json("export", *self.as_("otto"), cwd=lab / "labs/one")
        self.assertEqual(again["commit"], told["commit"])

    def test_go_on_where_they_were_cut_off(self):
        lab = self.run_lab(size=24 << 20, iterations=1)
        incoming = lab / ".git/swarmlab-incoming"
        export = self.start("export", *self.as_("vera"), cwd=lab / "labs/one")
        self.wait_until(lambda: export.poll() is not None or any(path.stat().st_size > 1 << 20 for path in incoming.glob("*.part")),
                        "a part of it")
        export.send_signal(signal.SIGKILL)
        export.wait()
        self.coordinator.kill()
        self.coordinator.wait()
        self.coordinator = self.serve()
        told = self.json("export", *self.as_("vera"), cwd=lab / "labs/one")
        self.assertEqual(told["experiments"], [1, 2])
        self.assertEqual(self.git(lab, "cat-file", "-s", f"{told['branch']}:labs/one/artifact/weights.bin"), "25165824")
        self.git(lab, "fsck", "--strict")
        self.assertFalse(incoming.exists(), "nothing stays")

    def test_need_the_commit_that_the_lab_began_with_and_a_key_that_may_look(self):
        lab = self.run_lab(iterations=1)
        other = self.root / "other"
        other.mkdir()
        self.git(other, "init", "-q", "-b", "main")
        (other / "file").write_text("of another repository\n")
        self.commit(other, "begin")
        missing = self.swarmlab("export", "lab", *self.as_("vera"), cwd=other, expect=1)
        self.assertIn("which the lab started from, is not in this repository", missing.stderr)
        refused = self.swarmlab("export", *self.as_("w"), cwd=lab / "labs/one", expect=1)
        self.assertIn("may not ask this", refused.stderr)

    def test_every_query_and_all_steering_work_by_a_context(self):
        lab = self.run_lab()
        home = {"HOME": str(self.root / "home")}
        (self.root / "home").mkdir()
        self.swarmlab("context", "add", "night", *self.as_("otto"), env=home)
        for query in (["status"], ["labs"], ["workers"], ["experiments", "lab"], ["show", "2", "--lab", "lab"], ["best", "lab"],
                      ["frontier", "lab"], ["results", "lab"], ["plot", "lab"], ["events"]):
            here = self.swarmlab(*query, cwd=self.root, env=home)
            self.assertNotEqual(here.stdout, "", query)
            self.swarmlab(*query, *self.as_("vera"), cwd=self.root)
        for steering in (["drain", "w"], ["branch", "2", "wide", "--lab", "lab"], ["pause", "lab/wide"], ["resume", "lab/wide"],
                         ["stop", "lab/wide"]):
            self.swarmlab(*steering, cwd=self.root, env=home)
        exported = self.swarmlab("export", cwd=lab / "labs/one", env=home)
        self.assertEqual(exported.stdout, "swarmlab/lab\n")
        shown = self.swarmlab("show", "5", "--lab", "lab", "--all", cwd=self.root, env=home).stdout
        self.assertIn("+5", shown, "the diff comes along")


if __name__ == "__main__":
    swarm.main()
