#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Sums up a ctest JUnit report: lists what was skipped and why, then `N passed, N failed, N skipped`.

Exits 1 when a test failed, when none ran and when there is no report."""

import re
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(case):
    """What the test said when it skipped itself; ctest keeps it in the test's output."""
    output = case.findtext("system-out") or ""
    # GoogleTest prints `file:line: Skipped`, then the message, then the [  SKIPPED ] line.
    match = re.search(r": Skipped\n(.*?)\n*\[\s+SKIPPED ", output, re.DOTALL)
    if match and match.group(1).strip():
        return " ".join(match.group(1).split())
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it gave no reason"


def main(path):
    try:
        cases = ElementTree.parse(path).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test report: {error}", file=sys.stderr)
        cases = []
    passed, failed, skipped = [], [], []
    for case in cases:
        status = case.get("status")
        if status == "run":
            passed.append(case)
        elif status == "disabled" or (status == "notrun" and case.find("skipped") is not None
                                      and case.find("skipped").get("message") in
                                      ("SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE")):
            skipped.append(case)
        else:
            failed.append(case)
    if skipped:
        print(f"\nSKIPPED, {len(skipped)} in all:")
        for case in skipped:
            print(f"  {case.get('name')}: {reason_of(case)}")
    if failed:
        print(f"\nFAILED, {len(failed)} in all:")
        for case in failed:
            print(f"  {case.get('name')}")
    if not passed and not failed:
        print("\nno test ran")
    print(f"\n{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
