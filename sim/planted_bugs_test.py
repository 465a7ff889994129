#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every bug of src/base/planted_bug.h is found by the simulator, and without one it finds nothing.

usage: planted_bugs_test.py ZEROK_SIM_PLANTED PLANTED_BUG_H [--seeds N] [--clean-seeds N]
A simulator that finds nothing proves nothing unless it is known to bite.
"""

import argparse
import json
import re
import subprocess
import sys
import time


def bugs_of(header):
    with open(header, encoding="utf-8") as file:
        text = file.read()
    found = {int(number): name for name, number in re.findall(r"\b(k\w+) = (\d+),", text)}
    last = int(re.search(r"kPlantedBugLast = (\d+);", text).group(1))
    assert sorted(found) == list(range(last + 1)), f"the numbers in {header} have gaps"
    del found[0]
    return found


def run(program, bug, seeds):
    begun = time.monotonic()
    done = subprocess.run(
        [program, "--bug", str(bug), "--seeds", str(seeds), "--jobs", "2", "--json"],
        capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"bug {bug}: the simulator ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1])
    assert bool(result["failed"]) == (done.returncode == 1), done.stdout
    return result, time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("header")
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--clean-seeds", type=int, default=60)
    options = parser.parse_args()

    missed = []
    for bug, name in sorted(bugs_of(options.header).items()):
        result, seconds = run(options.program, bug, options.seeds)
        if not result["failed"]:
            missed.append(name)
            print(f"bug {bug} {name}: NOT FOUND in {result['seeds']} seeds, {seconds:.1f} s")
            continue
        first = result["failed"][0]
        print(f"bug {bug} {name}: found after {result['seeds']} seeds, {seconds:.1f} s: "
              f"seed {first['seed']}: {first['check']}: {first['text']}", flush=True)

    result, seconds = run(options.program, 0, options.clean_seeds)
    print(f"no bug: {result['seeds']} seeds, {len(result['failed'])} failed, {seconds:.1f} s")
    if result["failed"]:
        sys.exit(f"without a bug the same program fails: {result['failed']}")
    if missed:
        sys.exit(f"not found: {', '.join(missed)}")


if __name__ == "__main__":
    main()
