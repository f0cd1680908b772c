"""The manifests of k8s/, rendered by kubectl: they fit the types of their APIs, the rules of restricted pods, each other, and
the real program, which reads their settings.
"""
import copy
import ipaddress
import json
import os
import re
import subprocess
import tomllib

import kubernetes as k8s
import swarm

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
POOL = "swarmlab/pool"
# No cluster has it without its operator; it is the only one that KEDA has.
NOT_STABLE = {"keda.sh/v1alpha1"}
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"]
ALL = ["base", *k8s.OVERLAYS]


class OfManifests(swarm.SwarmTest):
    @classmethod
    def setUpClass(cls):
        k8s.tools()

    where = "nowhere yet"  # what is looked at, for when a test fails

    def _formatMessage(self, msg, standardMsg):
        return f"in {self.where}: {super()._formatMessage(msg, standardMsg)}"

    def each(self):
        """(overlay, its objects)."""
        for name in ALL:
            self.where = name
            yield name, k8s.overlay(name)

    def each_pod(self):
        """(workload, template) of all overlays."""
        for name, objects in self.each():
            for workload, template in k8s.templates(objects):
                self.where = f"{name}, {k8s.name_of(workload)}"
                yield workload, template

    def secrets(self):
        """Those of k8s/secrets, made of keys as a user makes them."""
        keys, folder = self.root / "keys", self.root / "k8s" / "secrets"
        folder.mkdir(parents=True)
        self.swarmlab("keys", "new", "pool", "--role", "worker", "--keys", keys)
        self.swarmlab("keys", "new", "me", "--role", "operator", "--keys", keys)
        for name, source in {"worker.key": "pool.key", "operator.key": "me.key"}.items():
            (folder / name).write_bytes((keys / source).read_bytes())
        for name in ("server.key", "server.pub", "allowed"):
            (folder / name).write_bytes((keys / name).read_bytes())
        (folder / "provider-keys").write_text("anthropic sk-test\n")
        (folder / "kustomization.yaml").write_text((k8s.MANIFESTS / "secrets" / "kustomization.yaml").read_text())
        objects = k8s.render(folder)
        for one in objects:  # kustomize breaks long lines, which every API server takes
            one["data"] = {name: text.replace("\n", "") for name, text in one["data"].items()}
        return objects


class Types(OfManifests):
    def test_all_objects_fit_the_types_of_their_apis(self):
        objects = [one for name in ALL for one in k8s.overlay(name)] + self.secrets()
        self.assertEqual(k8s.what_is_wrong(objects), [])

    def test_what_does_not_fit_is_found(self):
        def changed(kind, change):
            one = copy.deepcopy(k8s.of_kind(k8s.overlay("night"), kind)[0])
            change(one)
            return one
        wrong = [
            changed("StatefulSet", lambda o: o["spec"]["template"]["spec"]["containers"][0].update(livenesProbe={})),
            changed("ScaledJob", lambda o: k8s.template_of(o)["spec"]["initContainers"][0]["securityContext"].update(runAsUsr=1)),
            changed("ScaledJob", lambda o: o["spec"]["triggers"][0].update(metdata={})),
            changed("PodMonitor", lambda o: o["spec"]["podMetricsEndpoints"][0].update(intervall="1s")),
            changed("StatefulSet", lambda o: o["spec"].update(replicas="1")),
            changed("CronJob", lambda o: k8s.containers_of(k8s.template_of(o))[0]["resources"]["limits"].update(memory="lots")),
            changed("Service", lambda o: o.update(kind="Serviec")),
        ]
        for i, one in enumerate(wrong):
            one["metadata"]["name"] = f"wrong-{i}"
        said = "\n".join(k8s.what_is_wrong(wrong))
        for one in wrong:
            self.assertRegex(said, rf"(?m){one['metadata']['name']}: .")

    def test_only_stable_apis_are_used(self):
        for name, objects in self.each():
            for one in objects:
                if one["apiVersion"] not in NOT_STABLE:
                    self.assertRegex(one["apiVersion"], r"(^|/)v\d+$", f"{name}: {k8s.name_of(one)}")

    def test_everything_is_in_one_namespace_and_named_once(self):
        cluster_wide = {"Namespace", "RuntimeClass"}
        for name, objects in self.each():
            names = [(one["apiVersion"], k8s.name_of(one)) for one in objects]
            self.assertEqual(len(names), len(set(names)), name)
            for one in objects:
                self.assertEqual(one["metadata"].get("namespace"), None if one["kind"] in cluster_wide else "swarmlab", k8s.name_of(one))
                self.assertLessEqual(len(one["metadata"]["name"]), 52, "jobs and pods have longer names")


class Security(OfManifests):
    def test_pods_keep_the_rules_of_restricted_namespaces(self):
        for _, objects in self.each():
            [namespace] = k8s.of_kind(objects, "Namespace")
            self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
        volumes = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
        for _, template in self.each_pod():
            spec = template["spec"]
            of_pod = spec["securityContext"]
            self.assertFalse({"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec))
            self.assertEqual((of_pod["runAsNonRoot"], of_pod["runAsUser"], of_pod["fsGroup"]), (True, 65532, 65532))
            self.assertEqual(of_pod["seccompProfile"], {"type": "RuntimeDefault"})
            for volume in spec["volumes"]:
                self.assertEqual(len(set(volume) & volumes), 1, volume)
            for container in k8s.containers_of(template):
                of_container = container["securityContext"]
                self.assertIs(of_container["allowPrivilegeEscalation"], False)
                self.assertEqual(of_container["capabilities"], {"drop": ["ALL"]})
                self.assertIs(of_container["readOnlyRootFilesystem"], True)
                self.assertFalse({"privileged", "runAsUser", "seccompProfile", "procMount"} & set(of_container))
                self.assertFalse(any("hostPort" in port for port in container.get("ports", [])))

    def test_nobody_has_a_token_or_rights_in_the_cluster(self):
        for _, objects in self.each():
            accounts = {one["metadata"]["name"] for one in k8s.of_kind(objects, "ServiceAccount")}
            self.assertFalse([one for one in objects if one["apiVersion"].startswith("rbac.")])
            for account in k8s.of_kind(objects, "ServiceAccount"):
                self.assertIs(account["automountServiceAccountToken"], False)
            for workload, template in k8s.templates(objects):
                self.assertIs(template["spec"]["automountServiceAccountToken"], False)
                self.assertIs(template["spec"]["enableServiceLinks"], False)
                self.assertIn(template["spec"]["serviceAccountName"], accounts, k8s.name_of(workload))

    def test_no_secret_is_in_the_repository(self):
        for name, objects in self.each():
            self.assertEqual(k8s.of_kind(objects, "Secret"), [], name)
        for name in ("server.key", "provider-keys", "anything"):
            ignored = subprocess.run(["git", "-C", str(k8s.ROOT), "check-ignore", "-q", f"k8s/secrets/{name}"], check=False, capture_output=True)
            self.assertIn(ignored.returncode, (0, 128), f"{name} could be committed")  # 128: no repository here

    def test_what_is_not_trusted_has_no_keys_and_no_volume_of_the_other(self):
        trusted = {"keys", "provider-keys", "state", "config"}
        for _, template in self.each_pod():
            if template["metadata"]["labels"][COMPONENT] != "worker":
                continue
            mounts = {one["name"]: {mount["name"] for mount in one["volumeMounts"]} for one in k8s.containers_of(template)}
            self.assertEqual(set(mounts), {"agent", "evaluator", "worker"})
            self.assertFalse((mounts["agent"] | mounts["evaluator"]) & trusted)
            self.assertFalse(mounts["agent"] & mounts["evaluator"])
            self.assertEqual(mounts["agent"] & mounts["worker"], {"agent"})
            self.assertEqual(mounts["evaluator"] & mounts["worker"], {"evaluator"})
            for container in k8s.containers_of(template):
                if container["name"] != "worker":
                    self.assertNotIn("env", container, "an environment that could tell something")


class Network(OfManifests):
    def test_nothing_is_let_through_by_default(self):
        for _, objects in self.each():
            [nothing] = [one for one in k8s.of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == "swarmlab-nothing"]
            self.assertEqual(nothing["spec"], {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})

    def test_addresses_of_clouds_and_of_the_cluster_cannot_be_reached(self):
        inside = ["10.96.0.1", "172.20.0.1", "192.168.1.1", "127.0.0.1", "::1", "fe80::1", "64:ff9b::a9fe:a9fe"]
        for _, objects in self.each():
            for policy in k8s.of_kind(objects, "NetworkPolicy"):
                for rule in policy["spec"].get("egress", []):
                    for block in [peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer]:
                        for part in map(ipaddress.ip_network, block.get("except", [])):  # or an API server refuses it
                            self.assertTrue(part.subnet_of(ipaddress.ip_network(block["cidr"])), part)
                            self.assertFalse(part.version == 6 and part[0].ipv4_mapped, part)
                        for address in [ipaddress.ip_address(text) for text in METADATA + inside]:
                            self.assertFalse(reaches(block, address), f"{policy['metadata']['name']}: {address}")

    def test_providers_can_be_reached_over_tls_alone(self):
        provider = ipaddress.ip_address("160.79.104.10")
        for _, objects in self.each():
            [policy] = [one for one in k8s.of_kind(objects, "NetworkPolicy") if one["metadata"]["name"] == "swarmlab-worker"]
            ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]
                     for peer in rule["to"] if "ipBlock" in peer and reaches(peer["ipBlock"], provider)]
            self.assertEqual(ports, [443])

    def test_each_way_that_a_pod_needs_is_open_on_both_sides(self):
        """Of worker to coordinator, and of a backup's job to it."""
        for _, objects in self.each():
            policies = k8s.of_kind(objects, "NetworkPolicy")
            pods = {template["metadata"]["labels"][COMPONENT]: template["metadata"]["labels"] for _, template in k8s.templates(objects)}
            for component in set(pods) - {"coordinator"}:
                self.assertTrue(any(lets(policy, "egress", "to", pods[component], pods["coordinator"], "wire") for policy in policies), component)
                self.assertTrue(any(lets(policy, "ingress", "from", pods["coordinator"], pods[component], "wire") for policy in policies), component)
            self.assertFalse(any(lets(policy, "ingress", "from", pods["coordinator"], pods["worker"], "metrics") for policy in policies))
            self.assertFalse(any(policy["spec"].get("egress") for policy in policies
                                 if k8s.fits(pods["coordinator"], policy["spec"]["podSelector"].get("matchLabels", {}))))


def reaches(block, address):
    network = ipaddress.ip_network(block["cidr"])
    return address.version == network.version and address in network and not any(
        address in ipaddress.ip_network(one) for one in block.get("except", []))


def lets(policy, way, peers, pod, other, port):
    spec = policy["spec"]
    if not k8s.fits(pod, spec["podSelector"].get("matchLabels", {})):
        return False
    return any(any("namespaceSelector" not in peer and "podSelector" in peer and k8s.fits(other, peer["podSelector"]["matchLabels"]) for peer in rule[peers])
               and any(one["port"] == port for one in rule["ports"]) for rule in spec.get(way, []))


class Consistency(OfManifests):
    def test_selectors_find_what_they_are_for(self):
        for _, objects in self.each():
            pods = [(workload, template["metadata"]["labels"]) for workload, template in k8s.templates(objects)]
            for workload in k8s.of_kind(objects, "Deployment") + k8s.of_kind(objects, "StatefulSet"):
                selector = workload["spec"]["selector"]["matchLabels"]
                found = [k8s.name_of(one) for one, labels in pods if k8s.fits(labels, selector)]
                self.assertEqual(found, [k8s.name_of(workload)])
            for one in objects:
                if one["kind"] == "Service":
                    selector = one["spec"]["selector"]
                elif one["kind"] in ("PodDisruptionBudget", "PodMonitor"):
                    selector = one["spec"]["selector"]["matchLabels"]
                elif one["kind"] == "NetworkPolicy":
                    selector = one["spec"]["podSelector"].get("matchLabels", {})
                else:
                    continue
                self.assertTrue(any(k8s.fits(labels, selector) for _, labels in pods), k8s.name_of(one))
            for monitor in k8s.of_kind(objects, "ServiceMonitor"):
                services = [one for one in k8s.of_kind(objects, "Service")
                            if k8s.fits(one["metadata"]["labels"], monitor["spec"]["selector"]["matchLabels"])]
                with_port = [one for one in services if any(port["name"] == "metrics" for port in one["spec"]["ports"])]
                self.assertEqual(len(with_port), 1, "scraped twice, or never")
            for budget in k8s.of_kind(objects, "PodDisruptionBudget"):
                kinds = {one["kind"] for one, labels in pods if k8s.fits(labels, budget["spec"]["selector"]["matchLabels"])}
                self.assertEqual(kinds, {"Deployment"}, "the share of what cannot be scaled is not known")

    def test_ports_that_are_named_are_there(self):
        for _, objects in self.each():
            pods = [(template["metadata"]["labels"], {port["name"]: port["containerPort"] for one in k8s.containers_of(template)
                                                      for port in one.get("ports", [])}) for _, template in k8s.templates(objects)]
            for labels, ports in pods:
                if labels[COMPONENT] in ("coordinator", "worker"):
                    self.assertEqual(ports["metrics"], 9464)
            for service in k8s.of_kind(objects, "Service"):
                for _, ports in [pod for pod in pods if k8s.fits(pod[0], service["spec"]["selector"])]:
                    for port in service["spec"]["ports"]:
                        self.assertEqual(ports[port["targetPort"]], port["port"])
            for policy in k8s.of_kind(objects, "NetworkPolicy"):
                for rule in policy["spec"].get("ingress", []):
                    for _, ports in [pod for pod in pods if k8s.fits(pod[0], policy["spec"]["podSelector"].get("matchLabels", {}))]:
                        if ports:
                            self.assertTrue(all(port["port"] in ports for port in rule["ports"]), k8s.name_of(policy))
        for _, template in self.each_pod():
            for container in k8s.containers_of(template):
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    if "httpGet" in container.get(probe, {}):
                        self.assertIn(container[probe]["httpGet"]["port"], [port["name"] for port in container["ports"]])

    def test_all_that_is_mounted_is_there_and_all_volumes_are_mounted(self):
        secrets = {one["metadata"]["name"]: set(one["data"]) for one in self.secrets()}
        for _, objects in self.each():
            maps = {one["metadata"]["name"]: set(one["data"]) for one in k8s.of_kind(objects, "ConfigMap")}
            claims = {one["metadata"]["name"] for one in k8s.of_kind(objects, "PersistentVolumeClaim")}
            for workload, template in k8s.templates(objects):
                volumes = {one["name"]: one for one in template["spec"]["volumes"]}
                templates = {one["metadata"]["name"]: one for one in workload["spec"].get("volumeClaimTemplates", [])}
                mounted = [mount for container in k8s.containers_of(template) for mount in container["volumeMounts"]]
                self.assertEqual({mount["name"] for mount in mounted}, set(volumes) | set(templates), k8s.name_of(workload))
                for mount in mounted:
                    volume = volumes.get(mount["name"], {})
                    if "configMap" in volume:
                        self.assertIn(mount["subPath"], maps[volume["configMap"]["name"]])
                    if "secret" in volume:
                        self.assertIn(volume["secret"]["secretName"], secrets)
                        self.assertEqual(volume["secret"]["defaultMode"], 0o440)
                    if "persistentVolumeClaim" in volume:
                        self.assertIn(volume["persistentVolumeClaim"]["claimName"], claims)
                    if "emptyDir" in volume:
                        self.assertIn("sizeLimit", volume["emptyDir"])
                for container in k8s.containers_of(template):
                    paths = [mount["mountPath"] for mount in container["volumeMounts"]]
                    self.assertEqual(len(paths), len(set(paths)))
                    self.assertIn("/tmp", paths, "the root is read-only")
        self.assertEqual(secrets["swarmlab-coordinator-keys"], {"server.key", "server.pub", "allowed"})
        self.assertEqual(secrets["swarmlab-worker-keys"], {"worker.key", "server.pub"})

    def test_images_are_those_that_are_built_and_can_be_taken_from_elsewhere(self):
        version = re.search(r"project\(swarmlab VERSION ([0-9.]+)", (k8s.ROOT / "CMakeLists.txt").read_text()).group(1)
        built = {f"swarmlab/{name}:{version}" for name in ["coordinator", "worker", *(f"agent-{path.name}" for path in (k8s.ROOT / "docker/agents").iterdir())]}
        for _, template in self.each_pod():
            self.assertLessEqual({one["image"] for one in k8s.containers_of(template)}, built)
        mine = self.root / "mine"
        mine.mkdir()
        overlay = os.path.relpath(k8s.MANIFESTS / "overlays/night", mine)
        names = ["coordinator", "worker", "agent-claude"]
        (mine / "kustomization.yaml").write_text(json.dumps({
            "resources": [overlay],
            "images": [{"name": f"swarmlab/{name}", "newName": f"registry.example.com/me/{name}", "newTag": "7"} for name in names]}))
        for workload, template in k8s.templates(k8s.render(mine)):
            for container in k8s.containers_of(template):
                self.assertRegex(container["image"], r"^registry\.example\.com/me/[a-z-]+:7$", k8s.name_of(workload))

    def test_components_can_be_combined_otherwise(self):
        rendered = []
        for chosen in (["gvisor", "keda"], ["keda", "gvisor"], ["gpu", "gvisor", "monitoring"], ["keda", "monitoring", "backup"]):
            folder = self.root / "-".join(chosen)
            folder.mkdir()
            (folder / "kustomization.yaml").write_text(json.dumps({
                "namespace": "swarmlab", "resources": [os.path.relpath(k8s.MANIFESTS / "base", folder)],
                "components": [os.path.relpath(k8s.MANIFESTS / "components" / name, folder) for name in chosen]}))
            objects = k8s.render(folder)
            rendered += objects
            for workload, template in k8s.templates(objects):
                if "gvisor" in chosen and template["metadata"]["labels"][COMPONENT] == "worker":
                    self.assertEqual(template["spec"]["runtimeClassName"], "gvisor", f"{chosen}: {k8s.name_of(workload)}")
                    told = [runner["args"].count("--without-landlock") for runner in template["spec"]["initContainers"]]
                    self.assertEqual(told, [1, 1], f"{chosen}: {k8s.name_of(workload)}")
        self.assertEqual(k8s.what_is_wrong(rendered), [])


class Settings(OfManifests):
    """The real program reads what the pods would give it."""

    known = {}  # what it said to the same words already

    def settings_of(self, objects, template, container):
        """As it prints them, {key: value}."""
        [config] = [one for one in k8s.of_kind(objects, "ConfigMap") if "swarmlab.toml" in one["data"]]
        file = self.root / "swarmlab.toml"
        file.write_text(config["data"]["swarmlab.toml"])
        args = [str(file) if word == "/etc/swarmlab/swarmlab.toml" else word for word in container["args"]]
        environment = k8s.environment_of(template, container)
        words = json.dumps([container["args"], environment, config["data"]["swarmlab.toml"]], sort_keys=True)
        if words not in self.known:
            shown = self.swarmlab(*args, "--print-config", env=environment)
            self.known[words] = next(iter(tomllib.loads(shown.stdout).values()))
        return self.known[words]

    def each_daemon(self, component):
        for name, objects in self.each():
            for workload, template in k8s.templates(objects):
                if template["metadata"]["labels"][COMPONENT] == component:
                    self.where = f"{name}, {k8s.name_of(workload)}"
                    [container] = template["spec"]["containers"]
                    yield objects, workload, template, self.settings_of(objects, template, container)

    def test_a_coordinator_has_its_paths_and_ports_where_the_pod_has_them(self):
        for _, workload, template, settings in self.each_daemon("coordinator"):
            [container] = template["spec"]["containers"]
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            self.assertEqual((mounts["/var/lib/swarmlab"], mounts[settings["keys"]]), ("state", "keys"))
            self.assertTrue(settings["folder"].startswith("/var/lib/swarmlab/"))
            self.assertEqual((settings["listen"], settings["http"], settings["http_anywhere"]), ("tcp://0.0.0.0:7000", "0.0.0.0:9464", True))
            self.assertEqual(workload["spec"]["replicas"], 1)
            [claim] = workload["spec"]["volumeClaimTemplates"]
            self.assertEqual(len(claim["spec"]["accessModes"]), 1)
            self.assertIn(claim["spec"]["accessModes"][0], ("ReadWriteOncePod", "ReadWriteOnce"))
            self.assertGreaterEqual(template["spec"]["terminationGracePeriodSeconds"], 60)

    def test_a_worker_has_its_own_name_its_pool_and_time_to_drain(self):
        for objects, workload, template, settings in self.each_daemon("worker"):
            services = {one["metadata"]["name"]: one for one in k8s.of_kind(objects, "Service")}
            self.assertEqual(settings["name"], "a-pod")
            self.assertEqual(settings["pool"], template["metadata"]["labels"][POOL])
            host, port = settings["connect"].removeprefix("tcp://").split(":")
            self.assertIn(int(port), [one["port"] for one in services[host]["spec"]["ports"]])
            self.assertEqual((settings["slots"], settings["sandbox"], settings["runners"]), (1, "runner", "/run/swarmlab"))
            self.assertGreaterEqual(template["spec"]["terminationGracePeriodSeconds"], seconds(settings["drain_timeout"]) + 60)
            mounts = {mount["mountPath"] for mount in template["spec"]["containers"][0]["volumeMounts"]}
            for key in ("key", "server_key", "provider_keys", "folder"):
                self.assertTrue(any(settings[key].startswith(mount + "/") for mount in mounts), settings[key])
            for runner in template["spec"]["initContainers"]:
                self.assertEqual(runner["restartPolicy"], "Always", "a sidecar, which outlives the worker while that drains")
                weaker = ["--without-landlock"] if template["spec"].get("runtimeClassName") == "gvisor" else []
                self.assertEqual(runner["args"], ["runner", "--listen", f"{settings['runners']}/{runner['name']}/runner.sock", *weaker])
                self.assertIn(f"{settings['runners']}/{runner['name']}", mounts)
                self.assertFalse([name for name in runner if name.endswith("Probe")], "a runner is alone in its container")
                if runner["name"] == "evaluator":
                    limits = runner["resources"]["limits"]
                    self.assertEqual(settings["cpus"], k8s.number_of(limits["cpu"]))
                    self.assertEqual(settings["memory"], f"{int(k8s.number_of(limits['memory'])) >> 20}MiB")
                    gpus = [] if settings["gpus"] == "none" else settings["gpus"].split(",")
                    self.assertEqual(len(gpus), int(limits.get("nvidia.com/gpu", 0)), k8s.name_of(workload))
            self.assertEqual(template["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"], "false")

    def test_jobs_end_by_themselves_and_follow_the_demand_of_their_pool(self):
        jobs = 0
        for _, workload, template, settings in self.each_daemon("worker"):
            if workload["kind"] != "ScaledJob":
                self.assertNotEqual(settings.get("once"), True)
                continue
            jobs += 1
            self.assertIs(settings["once"], True)
            self.assertGreaterEqual(seconds(settings["leave_idle"]), 60)
            self.assertEqual(template["spec"]["restartPolicy"], "OnFailure")
            spec = workload["spec"]
            self.assertEqual((spec["minReplicaCount"], spec["rollout"]["strategy"], spec["scalingStrategy"]["strategy"]), (0, "gradual", "default"))
            [trigger] = spec["triggers"]
            self.assertEqual(trigger["metadata"], {
                "url": "http://swarmlab-coordinator.swarmlab:9464/metrics", "format": "prometheus", "targetValue": "1",
                "valueLocation": f'swarmlab_demand_slots{{pool="{settings["pool"]}"}}'})
        self.assertEqual(jobs, 4, "cpu alone, and three for the night")

    def test_the_coordinator_knows_the_pools_that_there_are_as_they_are(self):
        for objects, _, _, settings in self.each_daemon("coordinator"):
            declared = {text.split()[0]: dict(word.split("=") for word in text.split()[1:]) for text in settings["pool"]}
            workers = {template["metadata"]["labels"][POOL]: (workload, template) for workload, template in k8s.templates(objects)
                       if template["metadata"]["labels"][COMPONENT] == "worker"}
            self.assertEqual(set(declared), set(workers))
            for name, (workload, template) in workers.items():
                [evaluator] = [one for one in k8s.containers_of(template) if one["name"] == "evaluator"]
                self.assertEqual(declared[name].get("gpus", "0"), evaluator["resources"]["limits"].get("nvidia.com/gpu", "0"))
                self.assertEqual(declared[name]["slots"], "1")
                if workload["kind"] == "ScaledJob":
                    self.assertGreaterEqual(workload["spec"]["maxReplicaCount"], int(declared[name]["max"]))

    def test_scales_of_the_documentation_find_pools_that_have_what_they_ask_for(self):
        text = (k8s.ROOT / "docs" / "kubernetes.md").read_text()
        [found] = re.findall(r"<!-- scales -->\n+```toml\n(.*?)```", text, re.DOTALL)
        scales = tomllib.loads(found)["scale"]
        used = set()
        for objects, _, _, settings in self.each_daemon("coordinator"):
            declared = {text.split()[0]: dict(word.split("=") for word in text.split()[1:]) for text in settings["pool"]}
            if "gpu8" not in declared:
                continue
            for scale in scales:
                fitting = [name for name, pool in declared.items()
                           if all(label in [f"pool={name}", *pool.get("labels", "").split("+")] for label in scale.get("labels", []))
                           and int(pool.get("gpus", 0)) >= scale.get("resources", {}).get("gpus", 0)]
                self.assertTrue(fitting, scale["name"])
                used.update(fitting if scale.get("labels") else [])
        self.assertEqual(used, {"gpu", "gpu8"})

    def test_a_backup_is_asked_for_as_the_program_takes_it(self):
        [job] = k8s.of_kind(k8s.overlay("backup"), "CronJob")
        [container] = k8s.containers_of(k8s.template_of(job))
        [coordinator] = k8s.of_kind(k8s.overlay("backup"), "StatefulSet")
        self.assertIn(container["args"][1], [mount["mountPath"] for mount in k8s.containers_of(k8s.template_of(coordinator))[0]["volumeMounts"]])
        # Nobody answers there; what is wrong would be told before.
        done = self.swarmlab(*container["args"], "--connect", "tcp://127.0.0.1:1", expect=None)
        self.assertEqual(done.returncode, 1, done.stderr)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)([smh])", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


class Monitoring(OfManifests):
    def test_rules_and_board_are_those_of_deploy(self):
        rules = k8s.documents((k8s.ROOT / "deploy/prometheus/swarmlab.rules.yml").read_text())
        board = json.loads((k8s.ROOT / "deploy/grafana/swarmlab.json").read_text())
        for name in ("monitoring", "night"):
            objects = k8s.overlay(name)
            [rule] = k8s.of_kind(objects, "PrometheusRule")
            self.assertEqual([rule["spec"]], rules, "scripts/prometheus_rule.py > k8s/components/monitoring/rules.yaml")
            [shown] = [one for one in k8s.of_kind(objects, "ConfigMap") if "swarmlab.json" in one["data"]]
            self.assertEqual(json.loads(shown["data"]["swarmlab.json"]), board)
            self.assertEqual(shown["metadata"]["labels"]["grafana_dashboard"], "1")
        made = subprocess.run(["python3", str(k8s.ROOT / "scripts/prometheus_rule.py")], capture_output=True, text=True, check=True)
        self.assertEqual(made.stdout, (k8s.MANIFESTS / "components/monitoring/rules.yaml").read_text())

    def test_jobs_have_the_names_that_the_rules_know(self):
        jobs = [relabel["replacement"] for one in k8s.overlay("monitoring") if one["kind"] in ("ServiceMonitor", "PodMonitor")
                for endpoint in one["spec"].get("endpoints", []) + one["spec"].get("podMetricsEndpoints", [])
                for relabel in endpoint["relabelings"] if relabel["targetLabel"] == "job"]
        config = k8s.documents((k8s.ROOT / "deploy/prometheus/prometheus.yml").read_text())[0]
        self.assertEqual(sorted(jobs), sorted(one["job_name"] for one in config["scrape_configs"]))


if __name__ == "__main__":
    swarm.main()
