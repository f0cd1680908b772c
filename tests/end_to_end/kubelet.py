"""Pods on a container engine: what the rendered manifests say of their containers is done by the letter, as a kubelet would.

A pod is a network namespace that its containers share; each has its own processes, user, mounts and limits. Sidecars begin
before the main container, in order; they end after it. Empty volumes and claims are
folders of the test, Secrets and ConfigMaps are mounted read-only, owned by root and readable for the pod's group. The images are
those that the manifests name, but for the agent's: its layer on the worker's brings a program that no lab of a test starts.
"""
import base64
import functools
import json
import os
import subprocess
import unittest
import urllib.error
import urllib.request

import images_of_tests
import kubernetes as k8s
import swarm

NETWORK = "pods"
LIMIT = 300  # seconds that anything may take, times the patience of the test


class Pod:
    """One pod of a template. `claims` are folders of claims that are there: {name of the volume: folder}."""

    def __init__(self, cluster, name, template, claims=(), alias=None, restarts="always"):
        self.cluster, self.name, self.template = cluster, name, template
        self.engine = cluster.engine
        self.restarts = restarts
        self.folder = cluster.root / "pods" / name
        self.claims = dict(claims)
        pause = cluster.images["worker"]
        self.engine.must("run", "--detach", "--name", self.box("pause"), "--hostname", name, "--network", NETWORK, "--no-healthcheck",
                         "--user", "65532:65532", *(["--network-alias", alias] if alias else []), "--entrypoint", "sleep", pause, "infinity")
        self.address = cluster.address(self.box("pause"))

    def box(self, container):
        return f"{self.name}.{container}"

    @property
    def main(self):
        return self.box(self.template["spec"]["containers"][0]["name"])

    @property
    def sidecars(self):
        return [one["name"] for one in self.template["spec"].get("initContainers", [])]

    def start(self):
        for sidecar in self.template["spec"].get("initContainers", []):
            assert sidecar["restartPolicy"] == "Always", "no container of ours runs to its end before the others"
            assert not any(name.endswith("Probe") for name in sidecar), "a probe that is not done here"
            self.run(sidecar, "always")
        [main] = self.template["spec"]["containers"]
        self.run(main, self.restarts)
        return self

    def run(self, container, restarts):
        of_pod, own = self.template["spec"]["securityContext"], container["securityContext"]
        assert of_pod["seccompProfile"]["type"] == "RuntimeDefault"  # the engine's own
        words = ["--user", f"{of_pod['runAsUser']}:{of_pod['runAsGroup']}", "--group-add", of_pod["fsGroup"], "--restart", restarts,
                 "--network", f"container:{self.box('pause')}", "--no-healthcheck"]
        words += ["--read-only"] if own["readOnlyRootFilesystem"] else []
        words += ["--security-opt", "no-new-privileges"] if not own["allowPrivilegeEscalation"] else []
        words += [f"--cap-drop={capability}" for capability in own["capabilities"]["drop"]]
        for name, value in k8s.environment_of(self.template, container, self.name).items():
            words += ["--env", f"{name}={value}"]
        for mount in container["volumeMounts"]:
            words += self.mounted(mount)
        limits = container["resources"]["limits"]
        words += ["--memory", str(int(k8s.number_of(limits["memory"])))]
        if "cpu" in limits:
            words += ["--cpus", str(min(k8s.number_of(limits["cpu"]), len(os.sched_getaffinity(0)), os.cpu_count()))]
        if "command" in container:
            words += ["--entrypoint", container["command"][0]]
        image = container["image"].replace("swarmlab/agent-claude:", "swarmlab/worker:")
        assert image in self.cluster.images.values(), image
        self.engine.must("run", "--detach", "--name", self.box(container["name"]), *words, image, *container.get("command", [])[1:],
                         *container["args"])

    # Volumes.

    def mounted(self, mount):
        volume = next((one for one in self.template["spec"]["volumes"] if one["name"] == mount["name"]), {"name": mount["name"]})
        source = self.source(volume)
        if "subPath" in mount:
            source = source / mount["subPath"]
        read_only = ",readonly" if mount.get("readOnly") else ""
        if mount["mountPath"] == "/dev/shm":
            return ["--tmpfs", "/dev/shm:rw,nosuid,nodev,size=64m,mode=1777"]
        return ["--mount", f"type=bind,source={source},target={mount['mountPath']}{read_only}"]

    def source(self, volume):
        group = self.template["spec"]["securityContext"]["fsGroup"]
        if volume["name"] in self.claims:
            return claim(self.claims[volume["name"]], group)
        if "persistentVolumeClaim" in volume:
            return claim(self.cluster.root / "claims" / volume["persistentVolumeClaim"]["claimName"], group)
        folder = self.folder / volume["name"]
        if folder.exists():
            return folder
        folder.mkdir(parents=True)
        if "emptyDir" in volume:
            os.chown(folder, 0, group)
            folder.chmod(0o2777)
        elif "configMap" in volume:
            self.write(folder, self.cluster.config_maps[volume["configMap"]["name"]], 0o644, 0)
        else:
            secret = volume["secret"]
            self.write(folder, self.cluster.secrets[secret["secretName"]], secret["defaultMode"], group)
        return folder

    @staticmethod
    def write(folder, files, mode, group):
        for name, data in files.items():
            (folder / name).write_bytes(data)
            os.chown(folder / name, 0, group)
            (folder / name).chmod(mode)
        folder.chmod(0o755)

    # Its life.

    def probe(self, kind):
        """What a probe of the main container gets: the status, None without an answer."""
        container = self.template["spec"]["containers"][0]
        get = container[kind]["httpGet"]
        port = next(one["containerPort"] for one in container["ports"] if one["name"] == get["port"])
        try:
            with urllib.request.urlopen(f"http://{self.address}:{port}{get['path']}", timeout=20) as reply:
                return reply.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return None

    def await_ready(self):
        self.cluster.wait_until(lambda: self.probe("readinessProbe") == 200, f"{self.name} is ready")
        return self

    def main_state(self):
        return self.cluster.state(self.main)

    def completed(self):
        """Whether the main container has ended and is not to be started again."""
        state = self.main_state()
        return state["Status"] == "exited" and not state["Restarting"] and not state["Running"]

    def terminate(self):
        """As when it is deleted: the main container first, by SIGTERM; after the grace by force."""
        grace = int(self.template["spec"]["terminationGracePeriodSeconds"])
        self.stop(self.main, grace)
        state = self.main_state()
        self.remove()
        return state

    def stop(self, box, grace):
        subprocess.run(["docker", "stop", "-t", str(grace), box], capture_output=True, check=False, timeout=(grace + 120) * swarm.PATIENCE,
                       env={**os.environ, **self.engine.environment})

    def remove(self):
        """What is left of it, when its main container has ended."""
        for sidecar in reversed(self.sidecars):
            self.stop(self.box(sidecar), 5)
        boxes = [self.main, *map(self.box, reversed(self.sidecars)), self.box("pause")]
        self.cluster.logs_of_ended[self.name] = "\n".join(
            f"--- {box}, ended\n{self.cluster.container_log(box)[-6000:]}" for box in boxes[:-1])
        self.engine.tell("rm", "-f", "-v", *boxes)
        self.cluster.pods.remove(self)


def claim(folder, group):
    if not folder.exists():
        folder.mkdir(parents=True)
        os.chown(folder, 0, group)
        folder.chmod(0o2775)
    return folder


def telling(test):
    """A test that says all that is known of its pods when it fails, while they are still there."""
    @functools.wraps(test)
    def told(self):
        try:
            test(self)
        except unittest.SkipTest:
            raise
        except Exception:
            print(self.all_that_is_known(), flush=True)
            raise
    return told


class OfPods(images_of_tests.OfImages):
    """A namespace with a coordinator's pod, and pods of workers as the test wants them."""
    overlay = "base"
    inside = []  # the program runs here, as that of a person who is elsewhere

    @classmethod
    def setUpClass(cls):
        k8s.tools()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.pods, self.logs_of_ended = [], {}
        self.objects = k8s.overlay(self.overlay)
        self.config_maps = {one["metadata"]["name"]: {name: text.encode() for name, text in one["data"].items()}
                            for one in k8s.of_kind(self.objects, "ConfigMap")}
        self.make_secrets()
        self.engine.must("network", "create", NETWORK)
        # From the repository, where they lie, to the engine's: all must be able to walk there.
        for folder in ("pods", "claims"):
            (self.root / folder).mkdir()
        self.root.chmod(0o755)

    def make_secrets(self):
        """By k8s/secrets, as a user makes them."""
        keys, folder = self.root / "keys", self.root / "secrets"
        folder.mkdir()
        for name, role in (("pool", "worker"), ("me", "operator")):
            self.swarmlab("keys", "new", name, "--role", role, "--keys", keys)
        for name, source in {"worker.key": "pool.key", "operator.key": "me.key", "server.key": "server.key", "server.pub": "server.pub",
                             "allowed": "allowed"}.items():
            (folder / name).write_bytes((keys / source).read_bytes())
        (folder / "provider-keys").write_text("anthropic sk-of-the-test\n")
        (folder / "kustomization.yaml").write_text((k8s.MANIFESTS / "secrets/kustomization.yaml").read_text())
        self.secrets = {one["metadata"]["name"]: {name: base64.b64decode(text) for name, text in one["data"].items()}
                        for one in k8s.render(folder)}

    # Pods.

    def workload(self, name):
        [found] = [one for one in self.objects if one["metadata"]["name"] == name and k8s.template_of(one) is not None]
        return found

    def pod(self, name, workload, **kwargs):
        one = Pod(self, name, k8s.template_of(workload), **kwargs)
        self.pods.append(one)
        return one.start()

    def coordinator(self):
        """That of the StatefulSet, behind the name of its Service; its claim stays when it goes."""
        found = self.workload("swarmlab-coordinator")
        claims = {one["metadata"]["name"]: self.root / "claims" / f"{one['metadata']['name']}-swarmlab-coordinator-0"
                  for one in found["spec"]["volumeClaimTemplates"]}
        started = self.pod("swarmlab-coordinator-0", found, claims=claims, alias="swarmlab-coordinator")
        self.wait_until(lambda: started.probe("startupProbe") == 200, "the coordinator has started")
        self.there = started
        return started.await_ready()

    # What a person does, by a forwarded port.

    def me(self):
        return ["--connect", f"tcp://{self.there.address}:7000", "--key", self.root / "keys/me.key", "--server-key", self.root / "keys/server.pub"]

    def ask(self, *words, **kwargs):
        """A query as JSON; None while nobody answers."""
        done = self.swarmlab(*words, "--json", *self.me(), expect=None, timeout=LIMIT, **kwargs)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def run_lab(self, lab):
        self.swarmlab("run", "--detach", *self.me(), cwd=lab, timeout=LIMIT)

    def lab_state(self):
        labs = self.ask("labs") or []
        return labs[0]["state"] if labs else None

    def experiments(self):
        return self.ask("experiments", "lab", "--last", 100000) or []

    def executed(self, pod, *words):
        """As kubectl exec does it in the main container."""
        return self.engine.must("exec", pod.main, *words)

    # When a test fails.

    def all_that_is_known(self):
        parts = [log[-4000:] for log in list(self.logs_of_ended.values())[-6:]]
        for one in self.pods:
            for box in [one.main, *map(one.box, one.sidecars)]:
                shown = self.engine.tell("inspect", "--format", "{{json .State}}", box).stdout.decode(errors="replace").strip()
                parts.append(f"--- {box}: {shown}\n{self.container_log(box)[-3000:]}")
        if getattr(self, "there", None) is not None:
            for query in ("pools", "labs", "workers"):
                try:
                    done = self.swarmlab(query, *self.me(), expect=None, timeout=30)
                    parts.append(f"--- {query}\n{done.stdout[-3000:]}{done.stderr[-500:]}")
                except subprocess.SubprocessError as late:
                    parts.append(f"--- {query}: {late}")
        return "\n".join(parts)

    def wait_until(self, condition, what, timeout=LIMIT):
        return super().wait_until(condition, what, timeout=timeout)
