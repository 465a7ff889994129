#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Computes docs/protocol/vectors/keys.txt from the rules of docs/protocol/keys.md, sharing no code with the program.

usage: check_key_vectors.py [FILE]; exits 1 when a value differs or one is missing. Standard library only. The curve and
lattice arithmetic is written for clarity, is not constant time, and must never see a real secret.
"""

import hashlib
import hmac
import os
import sys

P = 2**255 - 19  # the field of both curves


# HKDF-SHA256, RFC 5869.
def hkdf(salt: str, secret: bytes, info: str, size: int) -> bytes:
    extracted = hmac.new(salt.encode(), secret, hashlib.sha256).digest()
    block, out, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.new(extracted, block + info.encode() + bytes([counter]), hashlib.sha256).digest()
        out += block
        counter += 1
    return out[:size]


# H(label, x) of keys.md section 1.
def labelled(label: str, data: bytes) -> bytes:
    return hashlib.sha256(bytes([len(label)]) + label.encode() + data).digest()


# X25519 of a secret and the base point, RFC 7748 section 5: the Montgomery ladder.
def x25519_public(secret: bytes) -> bytes:
    scalar = int.from_bytes(secret, "little") & ~7 & (2**254 - 1) | 2**254
    x1, x2, z2, x3, z3 = 9, 1, 0, 9, 1
    for i in reversed(range(255)):
        bit = scalar >> i & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        plus, minus = x2 + z2, x2 - z2
        cross_a, cross_b = (x3 - z3) * plus % P, (x3 + z3) * minus % P
        x3, z3 = (cross_a + cross_b) ** 2 % P, x1 * (cross_a - cross_b) ** 2 % P
        square_plus, square_minus = plus * plus % P, minus * minus % P
        difference = square_plus - square_minus
        x2, z2 = square_plus * square_minus % P, difference * (square_plus + 121665 * difference) % P
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


# A multiple of the Ed25519 base point, encoded: RFC 8032 section 5.1, in affine coordinates.
def ed25519_multiple(scalar: int) -> bytes:
    d = -121665 * pow(121666, P - 2, P) % P

    def add(a, b):
        product = d * a[0] * b[0] * a[1] * b[1] % P
        return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + product, P - 2, P) % P,
                (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P) % P)

    base_y = 4 * pow(5, P - 2, P) % P
    square = (base_y * base_y - 1) * pow(d * base_y * base_y + 1, P - 2, P) % P
    base_x = pow(square, (P + 3) // 8, P)
    if (base_x * base_x - square) % P:
        base_x = base_x * pow(2, (P - 1) // 4, P) % P
    if base_x & 1:
        base_x = P - base_x
    point, power = (0, 1), (base_x, base_y)
    while scalar:
        if scalar & 1:
            point = add(point, power)
        power = add(power, power)
        scalar >>= 1
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


# The secret scalar and the prefix of a seed, RFC 8032 section 5.1.5.
def ed25519_expand(seed: bytes) -> tuple[int, bytes]:
    expanded = hashlib.sha512(seed).digest()
    return int.from_bytes(expanded[:32], "little") & ~7 & (2**254 - 1) | 2**254, expanded[32:]


def ed25519_public(seed: bytes) -> bytes:
    return ed25519_multiple(ed25519_expand(seed)[0])


# ML-KEM-768, FIPS 203: k = 3, eta1 = eta2 = 2. Polynomials are lists of 256 numbers.
Q, K = 3329, 3
ZETAS = [pow(17, int(f"{i:07b}"[::-1], 2), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * int(f"{i:07b}"[::-1], 2) + 1, Q) for i in range(128)]


def ntt(f: list[int]) -> list[int]:
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


# Algorithm 11.
def multiply_ntts(f: list[int], g: list[int]) -> list[int]:
    out = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def add(f: list[int], g: list[int]) -> list[int]:
    return [(x + y) % Q for x, y in zip(f, g)]


# Algorithm 7.
def uniform(rho: bytes, first: int, second: int) -> list[int]:
    stream, out = hashlib.shake_128(rho + bytes([first, second])).digest(3000), []
    for i in range(0, len(stream), 3):
        bits = int.from_bytes(stream[i:i + 3], "little")
        out += [value for value in (bits & 4095, bits >> 12) if value < Q]
    assert len(out) >= 256
    return out[:256]


# Algorithm 8.
def small(sigma: bytes, nonce: int) -> list[int]:
    bits = int.from_bytes(hashlib.shake_256(sigma + bytes([nonce])).digest(128), "little")
    return [((bits >> 4 * i & 1) + (bits >> 4 * i + 1 & 1) - (bits >> 4 * i + 2 & 1)
             - (bits >> 4 * i + 3 & 1)) % Q for i in range(256)]


# Algorithm 5: numbers of so many bits.
def byte_encode(numbers: list[int], bits: int) -> bytes:
    packed = 0
    for i, number in enumerate(numbers):
        packed |= number << bits * i
    return packed.to_bytes(len(numbers) * bits // 8, "little")


# The encapsulation key of a seed d || z, algorithms 13 and 16.
def mlkem768_public(seed: bytes) -> bytes:
    expanded = hashlib.sha3_512(seed[:32] + bytes([K])).digest()
    rho, sigma = expanded[:32], expanded[32:]
    s = [ntt(small(sigma, i)) for i in range(K)]
    e = [ntt(small(sigma, K + i)) for i in range(K)]
    numbers = []
    for row in range(K):
        t = e[row]
        for column in range(K):
            t = add(t, multiply_ntts(uniform(rho, column, row), s[column]))
        numbers += t
    return byte_encode(numbers, 12) + rho


def expect_identity(salt: str, secret: bytes) -> dict[str, bytes]:
    seed = hkdf(salt, secret, "identity ed25519", 32)
    return {"identity_ed25519_seed": seed, "identity_ed25519_public": ed25519_public(seed)}


def expect_hybrid(salt: str, secret: bytes, use: str) -> dict[str, bytes]:
    dh = hkdf(salt, secret, f"{use} x25519", 32)
    kem = hkdf(salt, secret, f"{use} ml-kem-768", 64)
    return {f"{use}_x25519_secret": dh, f"{use}_x25519_public": x25519_public(dh), f"{use}_mlkem_seed": kem,
            f"{use}_mlkem_public_sha256": hashlib.sha256(mlkem768_public(kem)).digest()}


def expect_group(secret: bytes, parent: bytes, head: bytes) -> dict[str, bytes]:
    salt = "0k-sync/2 group secret"
    seed = hkdf(salt, secret, "membership ed25519", 32)
    public, commitment = ed25519_public(seed), hkdf(salt, secret, "commit", 32)
    return {"blob_key": hkdf(salt, secret, "blob key", 32), "roster_key": hkdf(salt, secret, "roster key", 32),
            "state_key": hkdf(salt, secret, "state key", 32),
            "membership_ed25519_seed": seed, "membership_ed25519_public": public, "commitment": commitment,
            "group_id": labelled("0k-sync/2 group id", public), "parent_epoch_id": parent, "roster_head": head,
            "epoch_id": labelled("0k-sync/2 epoch id", parent + head + commitment)}


# What a section must hold, from its inputs.
def expected(values: dict[str, bytes]) -> dict[str, bytes]:
    if "device_secret" in values:
        salt, secret = "0k-sync/2 device secret", values["device_secret"]
        return {"device_secret": secret, **expect_identity(salt, secret), **expect_hybrid(salt, secret, "noise"),
                **expect_hybrid(salt, secret, "sealing"), "store_key": hkdf(salt, secret, "store key", 32)}
    if "relay_secret" in values:
        salt, secret = "0k-sync/2 relay secret", values["relay_secret"]
        return {"relay_secret": secret, **expect_identity(salt, secret), **expect_hybrid(salt, secret, "noise"),
                "quic_stateless_reset": hkdf(salt, secret, "quic stateless reset", 32)}
    secret = values["group_secret"]
    return {"group_secret": secret, **expect_group(secret, values["parent_epoch_id"], values["roster_head"])}


def read(path: str) -> dict[str, dict[str, bytes]]:
    sections: dict[str, dict[str, bytes]] = {}
    with open(path, encoding="ascii") as file:
        for line in (line.strip() for line in file):
            if line.startswith("["):
                current = sections.setdefault(line.strip("[]"), {})
            elif line and not line.startswith("#"):
                name, value = line.split(" = ")
                current[name] = bytes.fromhex(value)
    return sections


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../docs/protocol/vectors/keys.txt")
    sections, wrong, checked = read(path), 0, 0
    for section, values in sections.items():
        right = expected(values)
        for name in sorted(right.keys() | values.keys()):
            checked += 1
            if right.get(name) != values.get(name):
                wrong += 1
                print(f"[{section}] {name}: the file says {values.get(name, b'').hex() or 'nothing'}, "
                      f"the rules give {right.get(name, b'').hex() or 'nothing'}")
    print(f"{checked} values in {len(sections)} sections, {wrong} wrong")
    # Less than the published file holds is a lost vector, not a pass.
    return 1 if wrong or len(sections) < 5 or checked < 51 else 0


if __name__ == "__main__":
    sys.exit(main())
