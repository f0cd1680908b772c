"""The manifests of k8s/ as kubectl renders them, and what they say of pods. No cluster is needed for it.

Skipped, with the reason, where there is no kubectl or nothing of npm can be had.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import npm

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "k8s"
TESTS = ROOT / "tests" / "kubernetes"
OVERLAYS = sorted(path.parent.name for path in MANIFESTS.glob("overlays/*/kustomization.yaml"))
OLDEST = 27  # kubectl 1.27 has kustomize 5
UNITS = {"": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


@functools.cache
def tools():
    """Where the tools of npm are; the tests are skipped where they or kubectl are missing."""
    if shutil.which("kubectl") is None:
        raise unittest.SkipTest("no kubectl here")
    shown = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, text=True, check=False, timeout=60)
    minor = re.search(r'"minor":\s*"(\d+)', shown.stdout)
    if minor is None or int(minor.group(1)) < OLDEST:
        raise unittest.SkipTest(f"kubectl 1.{OLDEST} or newer is needed, here is: {shown.stdout[:200]}{shown.stderr[:200]}")
    try:
        return npm.install(TESTS / "package.json", ROOT / "build" / "kubernetes", files=[TESTS / "to_json.mjs", TESTS / "validate.mjs"])
    except npm.Missing as missing:
        raise unittest.SkipTest(f"no types of Kubernetes: {missing}") from missing


def node(script, given):
    done = subprocess.run(["node", tools() / script], input=given, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        raise AssertionError(f"{script}: {done.stderr[-3000:]}")
    return done.stdout


def documents(text):
    """Of a YAML file."""
    return json.loads(node("to_json.mjs", text))


def render(folder):
    """All objects that `kubectl apply -k` would send."""
    tools()
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "KUBECONFIG": os.devnull}, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"kubectl kustomize {folder}: {done.stderr[-3000:]}")
    return documents(done.stdout)


@functools.cache
def overlay(name):
    return render(MANIFESTS / ("base" if name == "base" else f"overlays/{name}"))


def what_is_wrong(objects):
    """Lines of what does not fit the types of the APIs."""
    return node("validate.mjs", json.dumps(objects)).splitlines()


def of_kind(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def name_of(one):
    return f"{one['kind']}/{one['metadata']['name']}"


PATHS = {"Deployment": ("template",), "StatefulSet": ("template",), "CronJob": ("jobTemplate", "spec", "template"),
         "ScaledJob": ("jobTargetRef", "template")}


def template_of(one):
    """That of the pods of a workload; None of what has none."""
    if one["kind"] not in PATHS:
        return None
    found = one["spec"]
    for key in PATHS[one["kind"]]:
        found = found[key]
    return found


def templates(objects):
    """(workload, template) of all that has pods."""
    return [(one, template_of(one)) for one in objects if template_of(one) is not None]


def containers_of(template):
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


def number_of(quantity):
    """Of "500m", "2Gi", "8"."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(quantity))
    return float(found.group(1)) * UNITS[found.group(2)]


def environment_of(template, container, name="a-pod"):
    """What a kubelet would set, as {name: value}."""
    values = {}
    for variable in container.get("env", []):
        if "value" in variable:
            value = re.sub(r"\$\(([A-Za-z_]+)\)", lambda found: values.get(found.group(1), found.group(0)), variable["value"])
        else:
            value = value_from(template, container, variable["valueFrom"], name)
        values[variable["name"]] = value
    return values


def value_from(template, container, source, name):
    if "fieldRef" in source:
        path = source["fieldRef"]["fieldPath"]
        if path == "metadata.name":
            return name
        return template["metadata"]["labels"][re.fullmatch(r"metadata\.labels\['(.+)'\]", path).group(1)]
    field = source["resourceFieldRef"]
    of = next(one for one in containers_of(template) if one["name"] == field.get("containerName", container["name"]))
    kind, resource = field["resource"].split(".", 1)
    parts = number_of(of["resources"][kind][resource]) / number_of(field.get("divisor", "1"))
    return str(-(-int(parts * 1000) // 1000))  # rounded up, as a kubelet does


def fits(labels, selector):
    return all(labels.get(key) == value for key, value in selector.items())
