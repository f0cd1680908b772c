#!/bin/bash
# Keeps a journal beside the lab.
set -euo pipefail
python3 -c '
import json, sys
told = json.load(sys.stdin)
run, session = told["run_entry"], told["session"]
print("Run %d was a %s: %s." % (run["run"], run["status"], run["description"]))
with open("../journal.txt", "a") as journal:
    journal.write("%s %d %s %g best %g of %d\n" % (told["event"], run["run"], run["status"], run["metric"], session["best_metric"], session["run_count"]))
'
