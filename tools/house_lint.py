#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The house lint: rules about the tree that no compiler checks. Run as a test and by ./dev check.

usage: house_lint.py [ROOT]; prints `file:line: rule: what is wrong` and exits 1 when it found anything.
Python's standard library only. Each rule is shown to bite in house_lint_test.py.
"""

import os
import re
import sys
from typing import NamedTuple

# Folders of src/ and the others they may include. Data flows from left to right:
# base, wire, crypto, noise, core, then the drivers. Store, transport and keychain stand beside that
# line and only drivers see them; the transport's TLS identity comes from the device key, so it sees
# crypto.
LAYERS = {
    "base": {"base"},
    "wire": {"base", "wire"},
    "crypto": {"base", "wire", "crypto"},
    "noise": {"base", "wire", "crypto", "noise"},
    "core": {"base", "wire", "crypto", "noise", "core"},
    "store": {"base", "wire", "crypto", "store"},
    "transport": {"base", "crypto", "transport"},
    "keychain": {"base", "crypto", "keychain"},
    # A channel on a transport's stream: what both drivers stand on.
    "link": {"base", "wire", "crypto", "noise", "core", "transport", "link"},
}
DRIVERS_SEE = set(LAYERS)
LAYERS["client"] = DRIVERS_SEE | {"client"}
LAYERS["relay"] = DRIVERS_SEE | {"relay"}
LAYERS["cabi"] = DRIVERS_SEE | {"client", "cabi"}

# Third-party headers: which folders own them. "tests" stands for tests/, every *_test.cc and
# every *_testing.h, a header for those.
OWNERS = {
    "sodium.h": {"src/base", "src/crypto", "bench"},
    "sodium/": {"src/base", "src/crypto", "bench"},
    "blake2.h": {"src/crypto", "bench"},
    "nettle/": {"src/crypto"},
    "msgpack": {"src/wire"},
    "gnutls/": {"src/transport/quic", "bench"},
    "ngtcp2/": {"src/transport/quic", "bench"},
    "sqlite3.h": {"src/store/sqlite", "bench"},
    "spdlog/": {"src/base"},
    "fmt/": {"src", "apps", "bench", "sim", "tests"},
    "CLI/": {"apps", "bench", "sim"},
    "toml++/": {"apps"},
    "gtest/": {"tests"},
    "gmock/": {"tests"},
    "nlohmann/": {"apps", "tests", "bench"},
}
# A header under src that includes a third-party header is private to the folders that own that: nothing else may
# reach it, not even through another header. These apart, which everybody includes.
HEADERS_MAY_INCLUDE = {("src/base/log.h", "fmt/"), ("src/base/id.h", "fmt/")}

# Headers of the operating system; a C++ standard header has neither dot nor slash.
SYSTEM_HEADERS = re.compile(
    r"^(sys|netinet|arpa|net|linux|asm)/|^(unistd|fcntl|errno|poll|netdb|pthread|sched|signal|ifaddrs|"
    r"dlfcn|time|endian|stdint|stddef|string|stdlib|stdio|spawn|getopt|termios|limits|ucontext|pwd|"
    r"grp|cxxabi|execinfo|malloc|byteswap)\.h$")

CODE_FOLDERS = ("src", "apps", "sim", "fuzz", "bench", "tests", "include")
LINES_MAX = 500
SKIPPED_FOLDERS = {".git", "build", "node_modules", "target", "__pycache__", ".cache"}
SPDX = "SPDX-License-Identifier: MIT OR Apache-2.0"
SPDX_ENDINGS = (".cc", ".h", ".hpp", ".cmake", ".py", ".sh", ".rs", ".js", ".mjs", ".ts")
SPDX_NAMES = {"CMakeLists.txt", "dev", "run"}
BINARY_ENDINGS = (".png", ".ico", ".gz", ".xz", ".zip", ".bin")

# Where somebody works and where their packages come from is no business of the tree. Lock files of
# package managers name their registry by nature.
LOCK_FILES = {"Cargo.lock", "package-lock.json"}
MACHINE_WORDS = re.compile(
    r"(?<![\w.}])/(?:root|work|tmp|home|Users)/|"
    r"deb\.debian\.org|(?:security|snapshot|ftp\.[a-z.]*)\.debian\.org|"
    r"(?:registry|www)\.npmjs\.(?:org|com)|(?:static\.|index\.|//)crates\.io|files\.pythonhosted\.org|"
    r"pypi\.org|repo1\.maven\.org|proxy\.golang\.org", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Tree:
    """All text files below a root, by path relative to it."""

    def __init__(self, root):
        self.root = root
        self.files = {}
        self.graph = None
        self.paths = set()  # every file and folder, for links
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
            for name in folders + names:
                self.paths.add(os.path.relpath(os.path.join(folder, name), root))
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), root)
                if path.startswith("fuzz/corpus/") or name.endswith(BINARY_ENDINGS) or name == ".git":
                    continue
                try:
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        self.files[path] = file.read().splitlines()
                except (UnicodeDecodeError, OSError):
                    continue  # binary test data, a dangling link

    def cxx(self):
        for path, lines in self.files.items():
            if path.endswith((".cc", ".h", ".hpp")) and path.split("/")[0] in CODE_FOLDERS:
                yield path, lines

    def includes(self):
        """Yields (path, line number, is_angled, header) for each #include of C++ code."""
        for path, lines in self.cxx():
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                if match:
                    yield path, number, match.group(1) == "<", match.group(2)

    def include_graph(self):
        """For each source the (line, path) of the headers of ours that it includes itself."""
        if self.graph is None:
            self.graph = {}
            for path, line, angled, header in self.includes():
                for target in (f"src/{header}", header):
                    if not angled and target in self.files:
                        self.graph.setdefault(path, []).append((line, target))
                        break
        return self.graph


def is_header(path):
    return path.endswith((".h", ".hpp"))


def in_folder(path, folder):
    return path.startswith(folder + "/") or (folder == "tests" and path.endswith(("_test.cc", "_testing.h")))


def check_layers(tree):
    for path, line, angled, header in tree.includes():
        parts = path.split("/")
        if angled or parts[0] != "src":
            continue
        own, other = parts[1], header.split("/")[0]
        if own not in LAYERS:
            yield Finding(path, line, "layers", f"src/{own} is not in the lint's table of layers")
        elif other in ("apps", "bench", "sim", "fuzz"):
            yield Finding(path, line, "layers", f"src may not include {other}/")
        elif other == "tests" and not path.endswith("_test.cc"):
            yield Finding(path, line, "layers", "only a test may include tests/")
        elif other in LAYERS and other not in LAYERS[own]:
            yield Finding(path, line, "layers", f"{own} may not include {other} ({header})")
        elif "/" not in header or header.startswith("."):
            yield Finding(path, line, "layers", f'write the whole path below src/, not "{header}"')


def check_third_party(tree):
    private = {}  # header of ours -> the third-party header in it
    for path, line, angled, header in tree.includes():
        owner = next((key for key in OWNERS if header.startswith(key)), None)
        if owner is None:
            standard = "." not in header and "/" not in header
            if angled and not standard and not SYSTEM_HEADERS.match(header):
                if not header.startswith("zerok/"):
                    yield Finding(path, line, "third-party", f"<{header}> has no owner in the lint's table")
            continue
        if not any(in_folder(path, folder) for folder in OWNERS[owner]):
            owners = ", ".join(sorted(OWNERS[owner]))
            yield Finding(path, line, "third-party", f"<{header}> belongs to {owners}")
        elif path.startswith("src/") and is_header(path) and (path, owner) not in HEADERS_MAY_INCLUDE:
            private[path] = (header, owner)
    for path, _ in tree.cxx():
        for line, reached in reached_headers(tree, path):
            if reached not in private or os.path.dirname(reached) == os.path.dirname(path):
                continue
            header, owner = private[reached]
            if not any(in_folder(path, folder) for folder in OWNERS[owner]):
                yield Finding(path, line, "third-party",
                              f"gets <{header}> through {reached}, which is private to its owners")


def reached_headers(tree, path):
    """Yields (line in path, header of ours) for all that path includes, directly or not."""
    graph = tree.include_graph()
    for line, first in graph.get(path, ()):
        seen, waiting = set(), [first]
        while waiting:
            header = waiting.pop()
            if header not in seen:
                seen.add(header)
                waiting.extend(other for _, other in graph.get(header, ()))
        for header in sorted(seen):
            yield line, header


def check_sizes(tree):
    for path, lines in tree.cxx():
        if len(lines) > LINES_MAX:
            yield Finding(path, len(lines), "size", f"{len(lines)} lines, {LINES_MAX} at most: split it along the data flow")


def check_named_in_cmake(tree):
    """A source that no CMake file names is not built, and its tests never run."""
    named = set()
    for path, lines in tree.files.items():
        if os.path.basename(path) != "CMakeLists.txt" and not path.endswith(".cmake"):
            continue
        folder = os.path.dirname(path)
        text = "\n".join(line.split("#")[0] for line in lines)
        for word in re.findall(r"[^\s()\";]+\.(?:cc|py|sh)\b", text):
            word = word.replace("${CMAKE_SOURCE_DIR}/", "/").replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
            named.add(word[1:] if word.startswith("/") else os.path.normpath(os.path.join(folder, word)))
    for path, _ in tree.cxx():
        if path.endswith(".cc") and path not in named:
            yield Finding(path, 1, "cmake", "no CMakeLists.txt names this file: it is never built")
    for path in tree.files:
        if path.endswith(("_test.py", "_test.sh")) and path not in named:
            yield Finding(path, 1, "cmake", "no CMakeLists.txt names this test: it never runs")


def check_first_lines(tree):
    for path, lines in tree.files.items():
        name = os.path.basename(path)
        if name in SPDX_NAMES or name.endswith(SPDX_ENDINGS):
            first = 1 if lines and lines[0].startswith("#!") else 0
            if len(lines) <= first or SPDX not in lines[first]:
                yield Finding(path, first + 1, "spdx", f"the first line must be: {SPDX}")
    for path, lines in tree.cxx():
        if is_header(path) and "#pragma once" not in lines:
            yield Finding(path, 1, "pragma-once", "a header needs #pragma once")
        block = 0
        for line in lines[1:]:
            if not line.startswith("//"):
                break
            block += 1
        # A .cc file beside its header is described there; a test is described by its tests' names.
        described = path.endswith("_test.cc") or path[:-3] + ".h" in tree.files
        if block == 0 and (is_header(path) or not described):
            yield Finding(path, 2, "file-comment", "say below the SPDX line what this file is")
        elif block > 10:
            yield Finding(path, 2, "file-comment", f"the file comment has {block} lines, 10 at most")


def check_words(tree):
    for path, lines in tree.files.items():
        name = os.path.basename(path)
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                yield Finding(path, number, "unfinished", f"finish it or leave it out: {line.strip()[:80]}")
            match = MACHINE_WORDS.search(line) if name not in LOCK_FILES else None
            if match:
                yield Finding(path, number, "machine", f"'{match.group(0)}' is about one machine or registry")


def check_links(tree):
    for path, lines in tree.files.items():
        if not path.endswith(".md"):
            continue
        fenced = False
        for number, line in enumerate(lines, 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if fenced:
                continue
            for target in MARKDOWN_LINK.findall(re.sub(r"`[^`]*`", "", line)):
                target = target.split("#")[0]
                if not target or re.match(r"[a-z]+:", target):
                    continue
                full = os.path.normpath(os.path.join(os.path.dirname(path), target))
                if full != "." and full not in tree.paths:
                    yield Finding(path, number, "link", f"'{target}' is not there")


RULES = (check_layers, check_third_party, check_sizes, check_named_in_cmake, check_first_lines,
         check_words, check_links)


def lint(root):
    tree = Tree(root)
    return sorted(finding for rule in RULES for finding in rule(tree))


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings = lint(root)
    for finding in findings:
        print(finding)
    sources = sum(1 for _ in Tree(root).cxx())
    if sources == 0:
        print(f"{root}: found no source file to check")
        return 1
    print(f"house lint: {sources} source files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
