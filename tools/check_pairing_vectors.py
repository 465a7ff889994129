#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Computes docs/protocol/vectors/pairing.txt from the rules of docs/protocol/pairing.md, after CPace's own vectors.

usage: check_pairing_vectors.py [FILE]; exits 1 when a value differs or one is missing. Shares no code with the program. Standard
library only; written for clarity, not constant time, and must never see a real secret. Random draws are taken from the file.
"""

import hashlib
import hmac
import os
import struct
import sys

from check_key_vectors import (K, P, Q, add, byte_encode, hkdf, labelled, mlkem768_public, multiply_ntts, ntt, small, uniform,
                               ed25519_public, x25519_public)
from check_sync_vectors import ORDER, encode, make_entry, read, sign, xchacha_seal

# --- ristretto255, RFC 9496; points are (x, y) on Edwards25519 ---

D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def is_negative(x: int) -> bool:
    return x % P & 1 == 1


def absolute(x: int) -> int:
    return P - x % P if is_negative(x) else x % P


# Section 4.2.
def sqrt_ratio_m1(u: int, v: int) -> tuple[bool, int]:
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = SQRT_M1 * r % P
    return check in (u % P, -u % P), absolute(r)


# Section 4.1: which of the two roots is meant.
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
assert SQRT_AD_MINUS_ONE**2 % P == (-D - 1) % P and INVSQRT_A_MINUS_D**2 * (-1 - D) % P == 1


def add_points(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    product = D * a[0] * b[0] * a[1] * b[1] % P
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + product, P - 2, P) % P,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P) % P)


def multiply(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    out = (0, 1)
    while scalar:
        if scalar & 1:
            out = add_points(out, point)
        point, scalar = add_points(point, point), scalar >> 1
    return out


# Section 4.3.2, with z = 1.
def encode_point(point: tuple[int, int]) -> bytes:
    x, y = point
    t = x * y % P
    u1, u2 = (1 + y) * (1 - y) % P, t
    invsqrt = sqrt_ratio_m1(1, u1 * u2 * u2)[1]
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t % P
    den_inv = den2
    if is_negative(t * z_inv):
        x, y, den_inv = y * SQRT_M1 % P, x * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if is_negative(x * z_inv):
        y = -y % P
    return absolute(den_inv * (1 - y)).to_bytes(32, "little")


# Section 4.3.1, of a valid encoding.
def decode_point(encoding: bytes) -> tuple[int, int]:
    s = int.from_bytes(encoding, "little")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-(D * u1 * u1) - u2 * u2) % P
    was_square, invsqrt = sqrt_ratio_m1(1, v * u2 * u2)
    den_x = invsqrt * u2 % P
    x, y = absolute(2 * s * den_x), u1 * invsqrt * den_x * v % P
    assert s < P and not is_negative(s) and was_square and not is_negative(x * y) and y != 0
    return x, y


# Section 4.3.4.
def map_half(data: bytes) -> tuple[int, int]:
    t = int.from_bytes(data, "little") % 2**255 % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * (1 - D * D) % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio_m1(u, v)
    if not was_square:
        s = -absolute(s * t) % P
    c = -1 if was_square else r
    n = (c * (r - 1) * (D - 1)**2 - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, (1 - s * s) % P, (1 + s * s) % P
    return w0 * pow(w1, P - 2, P) % P, w2 * pow(w3, P - 2, P) % P


def one_way_map(data: bytes) -> tuple[int, int]:
    return add_points(map_half(data[:32]), map_half(data[32:]))


# --- CPace, draft-irtf-cfrg-cpace-21 ---

def lv_cat(*items: bytes) -> bytes:
    out = b""
    for item in items:
        size = len(item)
        while size > 127:
            out, size = out + bytes([size & 127 | 128]), size >> 7
        out += bytes([size]) + item
    return out


def cpace_generator(prs: bytes, ci: bytes, sid: bytes) -> tuple[int, int]:
    dsi = b"CPaceRistretto255"
    zeros = bytes(max(0, 128 - len(lv_cat(prs)) - len(lv_cat(dsi)) - 1))
    return one_way_map(hashlib.sha512(lv_cat(dsi, prs, zeros, ci, sid)).digest())


def cpace_isk(sid: bytes, shared: bytes, ya: bytes, ada: bytes, yb: bytes, adb: bytes) -> bytes:
    return hashlib.sha512(lv_cat(b"CPaceRistretto255_ISK", sid, shared, ya, ada, yb, adb)).digest()


# --- ML-KEM-768, FIPS 203 algorithm 17 ---

def inverse_ntt(f: list[int]) -> list[int]:
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta, i = pow(17, int(f"{i:07b}"[::-1], 2), Q), i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def byte_decode_12(data: bytes) -> list[int]:
    packed = int.from_bytes(data, "little")
    return [packed >> 12 * i & 4095 for i in range(len(data) * 8 // 12)]


def compress(f: list[int], bits: int) -> list[int]:
    return [((x << bits) + Q // 2) // Q % (1 << bits) for x in f]


def mlkem768_encapsulate(public: bytes, m: bytes) -> tuple[bytes, bytes]:
    both = hashlib.sha3_512(m + hashlib.sha3_256(public).digest()).digest()
    key, r = both[:32], both[32:]
    rho, t = public[1152:], [byte_decode_12(public[384 * i:384 * (i + 1)]) for i in range(K)]
    y = [ntt(small(r, i)) for i in range(K)]
    numbers = []
    for i in range(K):
        product = [0] * 256
        for j in range(K):
            product = add(product, multiply_ntts(uniform(rho, i, j), y[j]))
        numbers += compress(add(inverse_ntt(product), small(r, K + i)), 10)
    product = [0] * 256
    for j in range(K):
        product = add(product, multiply_ntts(t[j], y[j]))
    message = [(int.from_bytes(m, "little") >> i & 1) * ((Q + 1) // 2) for i in range(256)]
    v = add(add(inverse_ntt(product), small(r, 2 * K)), message)
    return byte_encode(numbers, 10) + byte_encode(compress(v, 4), 4), key


# --- pairing.md ---

def hkdf_bytes(salt: bytes, secret: bytes, info: str) -> bytes:
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info.encode() + b"\x01", hashlib.sha256).digest()


def base32(data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join("abcdefghijklmnopqrstuvwxyz234567"[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


# Multiplication in the field of 32 elements.
def times(a: int, b: int) -> int:
    out = 0
    for bit in range(5):
        if b >> bit & 1:
            out ^= a << bit
    for bit in range(8, 4, -1):
        if out >> bit & 1:
            out ^= 0x25 << bit - 5
    return out


def expect_short(code: str) -> dict[str, str]:
    symbols = ["0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c) for c in code.replace("-", "")]
    checksum = 0
    for i, symbol in enumerate(symbols[:15], 1):
        power = 1
        for _ in range(16 - i):
            power = times(power, 2)
        checksum ^= times(symbol, power)
    assert checksum == symbols[15], "the checksum symbol"
    return {"mailbox": labelled("0k-sync/2 pairing mailbox", bytes(symbols[:8]))[:16].hex(),
            "password": labelled("0k-sync/2 pairing password", bytes(symbols[8:15])).hex()}


def party(device_secret: bytes, ephemeral_seed: bytes) -> list[bytes]:
    def derived(info: str, size: int) -> bytes:
        return hkdf("0k-sync/2 device secret", device_secret, info, size)

    noise = x25519_public(derived("noise x25519", 32)) + mlkem768_public(derived("noise ml-kem-768", 64))
    return [ed25519_public(derived("identity ed25519", 32)), labelled("0k-sync/2 noise identity", noise),
            x25519_public(derived("sealing x25519", 32)), mlkem768_public(derived("sealing ml-kem-768", 64)),
            mlkem768_public(ephemeral_seed)]


def seal(key: bytes, number: int, content: bytes) -> bytes:
    return xchacha_seal(key, bytes(20) + struct.pack(">I", number), b"", content)[24:]


def expect_exchange(v: dict[str, str], b: dict[str, bytes]) -> tuple[dict[str, bytes], bytes, bytes, bytes]:
    creator = encode(party(b["creator_device_secret"], b["creator_ephemeral_seed"]))
    joiner = encode(party(b["joiner_device_secret"], b["joiner_ephemeral_seed"]))
    relay = labelled("0k-sync/2 pairing relay", b["relay_endpoint"] + b["relay_noise_identity"])
    context = b"\x110k-sync/2 pairing\x01" + relay
    generator = cpace_generator(b["password"], context, b["mailbox"])
    a_scalar, b_scalar = (int.from_bytes(b[name], "little") % ORDER for name in ("joiner_scalar", "creator_scalar"))
    a_share, b_share = multiply(a_scalar, generator), multiply(b_scalar, generator)
    shared = encode_point(multiply(a_scalar, b_share))
    ya, yb = encode_point(a_share), encode_point(b_share)
    isk = cpace_isk(b["mailbox"], shared, ya, joiner, yb, creator)
    to_joiner_text, to_joiner = mlkem768_encapsulate(mlkem768_public(b["joiner_ephemeral_seed"]), b["creator_m"])
    to_creator_text, to_creator = mlkem768_encapsulate(mlkem768_public(b["creator_ephemeral_seed"]), b["joiner_m"])
    opening = encode([1, ya, joiner])
    answer = encode([1, yb, creator, to_joiner_text, labelled("0k-sync/2 pairing commitment", b["creator_nonce"])])
    transcript = labelled("0k-sync/2 pairing transcript", b["mailbox"] + relay + struct.pack(">I", len(opening)) + opening
                          + struct.pack(">I", len(answer)) + answer + to_creator_text)
    secrets = isk + to_joiner + to_creator
    creator_key, joiner_key = (hkdf_bytes(transcript, secrets, info) for info in ("to creator", "to joiner"))
    name = v["name"].encode()
    named = seal(creator_key, 2, encode([1, bytes([len(name)]) + name + bytes(127 - len(name))]))
    words = int.from_bytes(labelled("0k-sync/2 pairing words", transcript + b["creator_nonce"])[:4], "big") >> 2
    right = {"open": opening, "answer": answer, "proof": encode([1, to_creator_text, named]),
             "words": str(words), "reveal": seal(joiner_key, 2, encode([2, b["creator_nonce"]]))}
    return right, creator_key, joiner_key, transcript


def expect_rest(b: dict[str, bytes], creator_key: bytes, joiner_key: bytes, transcript: bytes) -> dict[str, bytes]:
    def device(who: str) -> bytes:
        return hkdf("0k-sync/2 device secret", b[who + "_device_secret"], "identity ed25519", 32)

    identity, group = device("joiner"), b["group_id_0"]
    public = ed25519_public(hkdf("0k-sync/2 group secret", b["group_secret"], "membership ed25519", 32))
    keys = party(b["joiner_device_secret"], b["joiner_ephemeral_seed"])[:4]
    # The name is sealed under a random nonce: that is taken from the file, the seal computed.
    nonce = b["member_record"][-169:][:24]
    roster_key = hkdf("0k-sync/2 group secret", b["group_secret"], "roster key", 32)
    text = bytes([len(b["name"])]) + b["name"] + bytes(127 - len(b["name"]))
    name = xchacha_seal(roster_key, nonce, b"\x150k-sync/2 roster name" + group + keys[0], text)
    record = encode([*keys, name, 0])
    own = sign(identity, "0k-sync/2 roster member", group + record)
    head = labelled("0k-sync/2 roster entry", b["create_entry"])
    entry = make_entry(2, head, device("creator"), [record, own])
    grant = [5, [[b["group_secret"], bytes(32), bytes(32)]], b["admission_token"], 2,
             labelled("0k-sync/2 roster entry", entry)]
    return {"group_id_0": labelled("0k-sync/2 group id", public), "member_record": record,
            "record": seal(joiner_key, 3, encode([3, group, record])),
            "signature": seal(creator_key, 3, encode([4, own, sign(identity, "0k-sync/2 pairing device", transcript)])),
            "add_entry": entry, "grant": seal(joiner_key, 4, encode(grant)),
            "entries": seal(joiner_key, 5, encode([6, [b["create_entry"], entry]])),
            "accepted": seal(creator_key, 4, encode([7])), "end_instead_of_record": seal(joiner_key, 3, encode([8, 1]))}


def check(section: str, v: dict[str, str]) -> list[tuple[str, str, str, str]]:
    words = ("uri", "code", "expires", "name", "words")
    b = {name: bytes.fromhex(value) for name, value in v.items() if name not in words}
    b["name"] = v["name"].encode()
    right, *keys = expect_exchange(v, b)
    if "code" in v:
        right |= expect_short(v["code"])
    if "uri" in v:
        creator = encode(party(b["creator_device_secret"], b["creator_ephemeral_seed"]))
        body = encode([1, b["ticket"], b["mailbox"], b["password"], labelled("0k-sync/2 pairing party", creator),
                       int(v["expires"])])
        checksum = labelled("0k-sync/2 pairing code checksum", body)[:4]
        right |= {"uri": "0k://sync?invite=" + base32(body + checksum), **expect_rest(b, *keys)}
    return [(section, name, v.get(name, ""), value if isinstance(value, str) else value.hex())
            for name, value in right.items()]


# The numbers of the draft, so that the above is no second version of our own mistakes.
def check_cpace(v: dict[str, str]) -> list[tuple[str, str, str, str]]:
    b = {name: bytes.fromhex(value) for name, value in v.items()}
    generator = cpace_generator(b["PRS"], b["CI"], b["sid"])
    ya, yb = (int.from_bytes(b[name], "little") for name in ("ya", "yb"))
    a_share, b_share = encode_point(multiply(ya, generator)), encode_point(multiply(yb, generator))
    shared = encode_point(multiply(ya, decode_point(b_share)))
    right = {"g": encode_point(generator), "Ya": a_share, "Yb": b_share, "K": shared,
             "ISK_IR": cpace_isk(b["sid"], shared, a_share, b["ADa"], b_share, b["ADb"])}
    return [("CPace", name, v.get(name, ""), value.hex()) for name, value in right.items()]


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../docs/protocol/vectors/pairing.txt")
    rows = check_cpace(read(os.path.join(here, "../tests/vectors/cpace_ristretto255_sha512.txt"))["exchange"])
    sections = read(path)
    for section, values in sections.items():
        rows += check(section, values)
    created = read(os.path.join(here, "../docs/protocol/vectors/roster.txt"))["entry 1"]["entry"]
    rows.append(("long code", "create_entry", sections["long code"]["create_entry"], created))
    wrong = [row for row in rows if row[2] != row[3]]
    for section, name, said, right in wrong:
        print(f"[{section}] {name}: the file says {said or 'nothing'}, the rules give {right}")
    print(f"{len(rows)} values, {len(wrong)} wrong")
    # Less than the published files hold is a lost vector, not a pass.
    return 1 if wrong or len(rows) < 28 else 0


if __name__ == "__main__":
    sys.exit(main())
