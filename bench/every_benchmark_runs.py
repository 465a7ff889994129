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


def figures(part, prefix=""):
    """Every key with its value; a key with a dot in it lies in objects of objects."""
    for key, inner in part.items():
        if "value" in inner:
            yield prefix + key, inner["value"]
        else:
            yield from figures(inner, prefix + key + ".")


results = dict(figures(json.loads(run.stdout)["results"]))
if len(keys) < 40 or sorted(keys) != sorted(results):
    sys.exit(f"other keys than listed: {sorted(set(keys) ^ set(results))}")
bad = [key for key, value in results.items() if not (math.isfinite(value) and value > 0)]
if bad:
    sys.exit(f"not a positive number: {bad}")
print(f"{len(keys)} figures")
