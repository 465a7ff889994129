#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs every measurement as short as it goes and checks that each key that --list names comes back
with a positive number. usage: every_benchmark_runs.py PROGRAM"""

import json
import math
import subprocess
import sys

program = sys.argv[1]
listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True, timeout=10)
keys = [line.split()[0] for line in listed.stdout.splitlines()]
run = subprocess.run([program, "--json", "--seconds", "0.01", "--samples", "1"],
                     capture_output=True, text=True, timeout=100)
if run.returncode != 0:
    sys.exit(f"exit code {run.returncode}: {run.stderr}")
results = json.loads(run.stdout)["results"]
if len(keys) < 40 or sorted(keys) != sorted(results):
    sys.exit(f"other keys than listed: {sorted(set(keys) ^ set(results))}")
bad = [key for key, result in results.items()
       if not (math.isfinite(result["value"]) and result["value"] > 0)]
if bad:
    sys.exit(f"not a positive number: {bad}")
print(f"{len(keys)} figures")
