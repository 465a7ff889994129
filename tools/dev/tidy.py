#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs clang-tidy over our own sources, several at once.

usage: tidy.py BUILD_DIR; BUILD_DIR holds compile_commands.json of a Clang build. A file that was clean is
not checked again until it, a header of ours that it includes, its command or .clang-tidy changes."""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

TIDY = "clang-tidy-19"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = tuple(os.path.join(ROOT, name) + os.sep for name in ("src", "apps", "sim", "fuzz", "bench", "tests"))
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def closure(path, seen):
    """The file and every header of ours it reaches, in a fixed order."""
    if path in seen or not os.path.isfile(path):
        return
    with open(path, "rb") as file:
        content = file.read()
    seen[path] = content
    for name in INCLUDE.findall(content):
        for folder in (os.path.join(ROOT, "src"), ROOT, os.path.dirname(path)):
            closure(os.path.normpath(os.path.join(folder, name.decode())), seen)


def key_of(entry, settings):
    digest = hashlib.sha256(settings)
    digest.update(entry["command"].encode())
    files = {}
    closure(entry["file"], files)
    for path, content in files.items():
        digest.update(path.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def run(build, entry):
    command = [TIDY, "-p", build, "--quiet", entry["file"]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main(build):
    with open(os.path.join(ROOT, ".clang-tidy"), "rb") as file:
        settings = file.read()
    settings += subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = {entry["file"]: entry for entry in json.load(file)}
    own = [entry for path, entry in sorted(entries.items())
           if path.startswith(FOLDERS) and not path.startswith(os.path.abspath(build))]
    if not own:
        print("tidy: found no source of ours in the compile commands", file=sys.stderr)
        return 1
    cache = os.path.join(build, "tidy-clean")
    os.makedirs(cache, exist_ok=True)
    todo = []
    for entry in own:
        key = key_of(entry, settings)
        if not os.path.exists(os.path.join(cache, key)):
            todo.append((entry, key))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda item: (item, run(build, item[0])), todo)
        for (entry, key), result in results:
            if result.returncode == 0:
                open(os.path.join(cache, key), "w", encoding="utf-8").close()
                continue
            failed += 1
            print(result.stdout.strip() or result.stderr.strip())
    print(f"tidy: {len(own)} files, {len(todo)} checked now, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
