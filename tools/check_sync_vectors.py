#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Computes docs/protocol/vectors/blob.txt, roster.txt and device_state.txt from the rules of the pages of those names.

usage: check_sync_vectors.py [FOLDER]; exits 1 when a value differs or one is missing. Shares no code with the program.
Standard library only; written for clarity, not constant time, and must never see a real secret. Only the nonces are taken
from the files: they are random.
"""

import hashlib
import os
import struct
import sys

from check_key_vectors import (ed25519_expand, ed25519_multiple, ed25519_public, hkdf, labelled, mlkem768_public,
                               x25519_public)

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 base point


# RFC 8032 section 5.1.6, over byte(length of label) || label || data.
def sign(seed: bytes, label: str, data: bytes) -> bytes:
    message = bytes([len(label)]) + label.encode() + data
    secret, prefix = ed25519_expand(seed)

    def digest(*parts: bytes) -> int:
        return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER

    nonce = digest(prefix, message)
    commitment = ed25519_multiple(nonce)
    challenge = digest(commitment, ed25519_public(seed), message)
    return commitment + ((nonce + challenge * secret) % ORDER).to_bytes(32, "little")


# RFC 8439 section 2.3 without the last addition when raw: what HChaCha20 needs.
def chacha_block(key: bytes, tail: bytes, raw: bool = False) -> list[int]:
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + tail))
    state = list(start)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xffffffff
            mixed = state[z] ^ state[x]
            state[z] = (mixed << turn | mixed >> 32 - turn) & 0xffffffff

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return state if raw else [(x + y) & 0xffffffff for x, y in zip(state, start)]


# draft-irtf-cfrg-xchacha-03 section 2: nonce || ciphertext || tag.
def xchacha_seal(key: bytes, nonce: bytes, associated: bytes, plaintext: bytes) -> bytes:
    mixed = chacha_block(key, nonce[:16], raw=True)
    subkey = struct.pack("<8I", *mixed[:4], *mixed[12:])

    def stream(counter: int) -> bytes:
        return struct.pack("<16I", *chacha_block(subkey, struct.pack("<II", counter, 0) + nonce[16:]))

    cipher = b"".join(bytes(a ^ b for a, b in zip(plaintext[at:at + 64], stream(1 + at // 64)))
                      for at in range(0, len(plaintext), 64))
    one_time = stream(0)
    r = int.from_bytes(one_time[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    data = (associated + bytes(-len(associated) % 16) + cipher + bytes(-len(cipher) % 16)
            + struct.pack("<QQ", len(associated), len(cipher)))
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    tag = (total + int.from_bytes(one_time[16:32], "little")) % 2**128
    return nonce + cipher + tag.to_bytes(16, "little")


# The canonical encoding, framing.md section 4.
def encode(value) -> bytes:
    if value is None:
        return b"\xc0"
    if isinstance(value, list):
        head = bytes([0x90 + len(value)]) if len(value) < 16 else b"\xdc" + struct.pack(">H", len(value))
        return head + b"".join(encode(item) for item in value)
    if isinstance(value, bytes):
        size = len(value)
        return (bytes([0xc4, size]) if size < 256 else b"\xc5" + struct.pack(">H", size)) + value
    if value < 128:
        return bytes([value])
    for head, form, bits in ((0xcc, ">B", 8), (0xcd, ">H", 16), (0xce, ">I", 32), (0xcf, ">Q", 64)):
        if value < 1 << bits:
            return bytes([head]) + struct.pack(form, value)
    raise ValueError(value)


def padded(size: int) -> int:
    if size <= 256:
        return 256
    exponent = size.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-size // step) * step


def expect_blob(section: str, v: dict[str, str]) -> dict[str, str]:
    b = {name: bytes.fromhex(value) for name, value in v.items() if name not in ("sequence", "lamport")}
    content = encode([1, b["device_id"], b["incarnation"], int(v["sequence"]), b["previous"], int(v["lamport"]),
                      b.get("tag"), b["payload"]])
    plaintext = struct.pack(">I", len(content)) + content
    if "not padded" not in section:
        plaintext += bytes(padded(len(plaintext)) - len(plaintext))
    associated = b"\x0e0k-sync/2 blob" + b["group_id_0"] + b["epoch_id"] + b["blob_id"]
    sealed = xchacha_seal(b["blob_key"], b["sealed"][:24], associated, plaintext)
    return {"content": content.hex(), "chain_hash": labelled("0k-sync/2 blob chain", content).hex(),
            "sealed": sealed.hex()}


def check_blobs(sections) -> list[tuple[str, str, str, str]]:
    rows, previous = [], bytes(32).hex()
    for section, values in sections.items():
        right = {**expect_blob(section, values), "previous": previous}
        rows += [(section, name, values.get(name, ""), value) for name, value in right.items()]
        previous = right["chain_hash"]
    return rows


def member_record(device_secret: bytes, name: str, group: bytes, roster_key: bytes, nonce: bytes) -> bytes:
    def derived(info: str, size: int) -> bytes:
        return hkdf("0k-sync/2 device secret", device_secret, info, size)

    def pair(use: str) -> tuple[bytes, bytes]:
        return x25519_public(derived(f"{use} x25519", 32)), mlkem768_public(derived(f"{use} ml-kem-768", 64))

    device = ed25519_public(derived("identity ed25519", 32))
    text = bytes([len(name)]) + name.encode() + bytes(127 - len(name))
    sealed = xchacha_seal(roster_key, nonce, b"\x150k-sync/2 roster name" + group + device, text)
    return encode([device, labelled("0k-sync/2 noise identity", b"".join(pair("noise"))), *pair("sealing"), sealed, 0])


def make_entry(kind: int, head: bytes, seed: bytes, body: list) -> bytes:
    unsigned = encode([1, kind, head, ed25519_public(seed), encode(body), bytes(64)])[:-66]
    return unsigned + encode(sign(seed, "0k-sync/2 roster signature", unsigned))


def check_roster(sections) -> list[tuple[str, str, str, str]]:
    group, rows, seeds, records, ids = sections["group"], [], {}, {}, {}
    key, membership = bytes.fromhex(group["roster_key"]), bytes.fromhex(group["membership_ed25519_seed"])
    public = ed25519_public(membership)
    group_id = labelled("0k-sync/2 group id", public)
    rows.append(("group", "group_id_0", group["group_id_0"], group_id.hex()))
    for n in (1, 2, 3):
        section = f"device {n}"
        values, secret = sections[section], bytes([n]) * 32
        nonce = bytes.fromhex(values["member_record"])[-169:][:24]
        seeds[n], records[n] = hkdf("0k-sync/2 device secret", secret, "identity ed25519", 32), \
            member_record(secret, section, group_id, key, nonce)
        ids[n] = ed25519_public(seeds[n]).hex()
        rows += [(section, "device_secret", values["device_secret"], secret.hex()), (section, "name", values["name"], section),
                 (section, "device_id", values["device_id"], ids[n]),
                 (section, "member_record", values["member_record"], records[n].hex())]
    steps = [(1, 1, [records[1], public, sign(membership, "0k-sync/2 roster create", records[1])], (1,))]
    for adder, added, active in ((1, 2, (1, 2)), (2, 3, (1, 2, 3))):
        steps.append((2, adder, [records[added], sign(seeds[added], "0k-sync/2 roster member", group_id + records[added])],
                      active))
    steps.append((4, 1, [], (2, 3)))
    head = bytes(32)
    for n, (kind, actor, body, active) in enumerate(steps, 1):
        section = f"entry {n}"
        entry = make_entry(kind, head, seeds[actor], body)
        head = labelled("0k-sync/2 roster entry", entry)
        right = {"entry": entry.hex(), "head": head.hex(), "active": " ".join(ids[i] for i in active)}
        rows += [(section, name, sections[section].get(name, ""), value) for name, value in right.items()]
    return rows


def expect_state(v: dict[str, str]) -> dict[str, str]:
    b = {name: bytes.fromhex(value) for name, value in v.items() if name not in ("counter", "roster_length", "heads")}
    seed = hkdf("0k-sync/2 device secret", b["device_secret"], "identity ed25519", 32)
    device, heads = ed25519_public(seed), []
    for head in v["heads"].split() if v["heads"] != "none" else []:
        sender, incarnation, sequence, chain = head.split(":")
        heads.append([bytes.fromhex(sender), bytes.fromhex(incarnation), int(sequence), bytes.fromhex(chain)])
    unsigned = encode([1, device, int(v["counter"]), b["epoch_id"], int(v["roster_length"]), b["roster_head"],
                       sorted(heads), bytes(64)])[:-66]
    content = unsigned + encode(sign(seed, "0k-sync/2 device state signature", b["group_id_0"] + unsigned))
    size = next(size for size in (1024, 2048, 4096, 8192, 16384) if size >= 32 + 24 + 4 + len(content) + 16)
    plaintext = (struct.pack(">I", len(content)) + content).ljust(size - 32 - 24 - 16, b"\0")
    associated = b"\x160k-sync/2 device state" + b["group_id_0"] + b["epoch_group_id"] + device
    sealed = xchacha_seal(b["state_key"], b["sealed"][32:56], associated, plaintext)
    return {"content": content.hex(), "sealed": (b["epoch_group_id"] + sealed).hex()}


def check_states(sections) -> list[tuple[str, str, str, str]]:
    return [(section, name, values.get(name, ""), value)
            for section, values in sections.items() for name, value in expect_state(values).items()]


def read(path: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    with open(path, encoding="ascii") as file:
        for line in (line.strip() for line in file):
            if line.startswith("["):
                current = sections.setdefault(line.strip("[]"), {})
            elif line and not line.startswith("#"):
                name, _, value = line.partition("=")
                current[name.strip()] = value.strip()
    return sections


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../docs/protocol/vectors")
    rows = check_blobs(read(os.path.join(folder, "blob.txt"))) + check_roster(read(os.path.join(folder, "roster.txt"))) \
        + check_states(read(os.path.join(folder, "device_state.txt")))
    wrong = [row for row in rows if row[2] != row[3]]
    for section, name, said, right in wrong:
        print(f"[{section}] {name}: the file says {said or 'nothing'}, the rules give {right}")
    print(f"{len(rows)} values, {len(wrong)} wrong")
    # Less than the published files hold is a lost vector, not a pass.
    return 1 if wrong or len(rows) < 43 else 0


if __name__ == "__main__":
    sys.exit(main())
