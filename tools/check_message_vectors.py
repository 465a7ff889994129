#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Encodes the items of docs/protocol/vectors/messages.txt, and computes the hashes of log_hash.txt, by the rules of
docs/protocol/framing.md and messages.md. Shares no code with the program.

usage: check_message_vectors.py [FOLDER]; exits 1 when one differs. Standard library only.
"""

import hashlib
import json
import os
import sys


# A head in its shortest form: the first of (bytes of the number, first byte) whose range holds it.
def head(value: int, forms: list) -> bytes:
    for size, first in forms:
        if value < 1 << 8 * size:
            return bytes([first]) + value.to_bytes(size, "big")
    raise ValueError(value)


# Framing, section 4. Messages hold no text and no negative number, so a JSON text stands for bytes.
def encode(item) -> bytes:
    if item is None:
        return b"\xc0"
    if item is True or item is False:
        return b"\xc3" if item else b"\xc2"
    if isinstance(item, int):
        if item < 0x80:
            return bytes([item])
        return head(item, [(1, 0xCC), (2, 0xCD), (4, 0xCE), (8, 0xCF)])
    if isinstance(item, str):
        data = bytes.fromhex(item)
        return head(len(data), [(1, 0xC4), (2, 0xC5), (4, 0xC6)]) + data
    count = bytes([0x90 | len(item)]) if len(item) < 16 else head(len(item), [(2, 0xDC), (4, 0xDD)])
    return count + b"".join(map(encode, item))


# H(label, x) of keys.md section 1.
def labelled(label: str, data: bytes) -> bytes:
    return hashlib.sha256(bytes([len(label)]) + label.encode() + data).digest()


def read(path: str) -> dict:
    sections, section = {}, None
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("["):
                section = sections.setdefault(line[1:-1], {})
            elif line and not line.startswith("#"):
                name, value = line.split(" = ", 1)
                section[name] = value
    return sections


# Section 3 of messages.md; yields the names of lines that differ.
def wrong_lines(lines: dict):
    log = bytes(32)
    for cursor, (name, line) in enumerate(lines.items(), 1):
        ciphertext = labelled("0k-sync/2 ciphertext", bytes.fromhex(line["sealed"]))
        blob = bytes.fromhex(line["blob_id"])
        log = labelled("0k-sync/2 log line", log + cursor.to_bytes(8, "big") + blob + ciphertext)
        if (ciphertext.hex(), log.hex()) != (line["ciphertext_hash"], line["log_hash"]):
            yield name


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../docs/protocol/vectors")
    messages = read(os.path.join(folder, "messages.txt"))
    lines = read(os.path.join(folder, "log_hash.txt"))
    wrong = [name for name, m in messages.items() if encode(json.loads(m["items"])).hex() != m["body"]]
    wrong += wrong_lines(lines)
    for name in wrong:
        print(f"{name}: differs from what the rules give")
    if wrong or not messages or not lines:
        return 1
    print(f"{len(messages)} messages and {len(lines)} lines agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
