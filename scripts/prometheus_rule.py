#!/usr/bin/env python3
"""Makes the PrometheusRule of k8s/components/monitoring of deploy/prometheus/swarmlab.rules.yml.

    scripts/prometheus_rule.py > k8s/components/monitoring/rules.yaml
"""
import pathlib
import textwrap

RULES = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "prometheus" / "swarmlab.rules.yml"
HEAD = """\
# Made by scripts/prometheus_rule.py of deploy/prometheus/swarmlab.rules.yml: change that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: swarmlab
  labels: {app.kubernetes.io/name: swarmlab, app.kubernetes.io/part-of: swarmlab}
spec:
"""

if __name__ == "__main__":
    print(HEAD + textwrap.indent(RULES.read_text(encoding="utf-8"), "  "), end="")
