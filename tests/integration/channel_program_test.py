#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the real 0k-channel program as two processes over loopback UDP and checks what a user would see.

usage: channel_program_test.py PROGRAM
"""

import base64
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
OK, FAILED, USAGE, WRONG_PEER, UNREACHABLE = 0, 1, 2, 3, 4


def checksum(body):
    return hashlib.sha256(b"0k-sync v1 ticket checksum" + body).digest()[:4]


def keys_of(ticket):
    """The two identities in a ticket, read as docs/protocol/ticket.md says and not by our code."""
    text = ticket.removeprefix("0krelay").upper()
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    body = raw[:-4]
    assert raw[-4:] == checksum(body) and body[:4] == b"\x95\x01\xc4\x20" and body[36:38] == b"\xc4\x20"
    return body[4:36], body[38:70]


def make_ticket(endpoint, noise, addresses):
    texts = b"".join((bytes([0xa0 | len(a)]) if len(a) < 32 else bytes([0xd9, len(a)])) + a.encode() for a in addresses)
    body = b"\x95\x01\xc4\x20" + endpoint + b"\xc4\x20" + noise + bytes([0x90 | len(addresses)]) + texts + b"\xc0"
    return "0krelay" + base64.b32encode(body + checksum(body)).decode().lower().rstrip("=")


def run(*arguments, timeout=60):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout)


class Listener:
    """A running listener; its ticket and address are known once it is made."""

    def __init__(self, key, bind="127.0.0.1:0", *more):
        self.process = subprocess.Popen(
            [PROGRAM, "listen", "--json", "--key", key, "--bind", bind, *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("no listener: " + self.process.stderr.read())
        hello = json.loads(line)
        self.ticket, self.address = hello["ticket"], hello["address"]

    def event(self):
        return json.loads(self.process.stdout.readline())

    def stop(self, kill=False):
        self.process.kill() if kill else self.process.terminate()
        code = self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class ChannelProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.relay_key = self.new_key("relay.key")
        self.device_key = self.new_key("device.key")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def new_key(self, name):
        made = run("keygen", self.path(name))
        self.assertEqual(made.returncode, OK, made.stderr)
        return self.path(name)

    def listener(self, *arguments, **keywords):
        listener = Listener(*arguments, **keywords)
        self.addCleanup(lambda: listener.process.poll() is None and listener.stop(kill=True))
        return listener

    def dial(self, ticket, *more):
        return run("dial", "--key", self.device_key, "--ticket", ticket, *more)

    def file_of(self, size, seed=1):
        path = self.path(f"file-{size}")
        with open(path, "wb") as file:
            file.write(random.Random(seed).randbytes(size))
        return path

    def test_a_key_file_is_private_and_never_overwritten(self):
        self.assertEqual(os.stat(self.relay_key).st_mode & 0o777, 0o600)
        with open(self.relay_key, "rb") as file:
            before = file.read()
        again = run("keygen", self.relay_key)
        self.assertEqual(again.returncode, FAILED)
        self.assertIn("exists already", again.stderr)
        with open(self.relay_key, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_key_file_that_others_can_read_or_that_is_none_is_refused(self):
        os.chmod(self.device_key, 0o644)
        dialled = self.dial("@" + self.path("none"))
        self.assertEqual(dialled.returncode, USAGE)
        listener = self.listener(self.relay_key)
        dialled = self.dial(listener.ticket)
        self.assertEqual(dialled.returncode, FAILED)
        self.assertIn("chmod 600", dialled.stderr)
        os.chmod(self.device_key, 0o600)
        with open(self.device_key, "w") as file:
            file.write("hello")
        self.assertIn("not a key file", self.dial(listener.ticket).stderr)
        os.remove(self.device_key)
        self.assertIn("keygen", self.dial(listener.ticket).stderr)

    def test_files_of_every_size_come_back_equal(self):
        listener = self.listener(self.relay_key)
        for size in (0, 1, 32768, 32769, 5_000_000):
            path, out = self.file_of(size), self.path("out")
            dialled = self.dial(listener.ticket, "--file", path, "--out", out, "--json")
            self.assertEqual(dialled.returncode, OK, dialled.stderr)
            report = json.loads(dialled.stdout)
            self.assertTrue(report["tls_key_verified"])
            self.assertTrue(report["noise_identity_verified"])
            self.assertEqual(report["noise_bytes_sent"] + report["noise_bytes_received"], 8280)
            self.assertEqual(report["echo"]["bytes"], size)
            with open(path, "rb") as sent, open(out, "rb") as received:
                self.assertEqual(sent.read(), received.read())

    def test_both_address_families_work(self):
        for bind in ("127.0.0.1:0", "[::1]:0"):
            listener = self.listener(self.relay_key, bind)
            dialled = self.dial(listener.ticket, "--file", self.file_of(1000))
            self.assertEqual(dialled.returncode, OK, dialled.stderr)
            self.assertIn("verified", dialled.stdout)
            listener.stop()

    def test_the_addresses_of_a_ticket_are_tried_in_order_whatever_their_families(self):
        for bind in ("127.0.0.1:0", "[::1]:0"):
            listener = self.listener(self.relay_key, bind)
            endpoint, noise = keys_of(listener.ticket)
            self.assertEqual(make_ticket(endpoint, noise, [listener.address]), listener.ticket)
            for dead in ("127.0.0.1:9", "[::1]:9", "no-such-host.invalid:9"):
                with self.subTest(listener=bind, dead=dead):
                    ticket = make_ticket(endpoint, noise, [dead, listener.address])
                    dialled = self.dial(ticket, "--timeout", "2")
                    self.assertEqual(dialled.returncode, OK, dialled.stderr)
            listener.stop()

    def test_a_wildcard_bind_needs_to_be_told_what_the_ticket_names(self):
        refused = run("listen", "--key", self.relay_key, "--bind", "0.0.0.0:0")
        self.assertEqual(refused.returncode, USAGE)
        self.assertIn("--advertise", refused.stderr)

    def test_another_noise_identity_is_refused(self):
        relay = self.listener(self.relay_key)
        stranger = self.listener(self.new_key("stranger.key"))
        mixed = run("mix-ticket", "--ticket", relay.ticket, "--noise-from", stranger.ticket)
        self.assertEqual(mixed.returncode, OK, mixed.stderr)
        dialled = self.dial(mixed.stdout.strip(), "--file", self.file_of(10))
        self.assertEqual(dialled.returncode, WRONG_PEER, dialled.stderr)

    def test_another_tls_key_is_refused(self):
        relay = self.listener(self.relay_key)
        stranger = self.listener(self.new_key("stranger.key"))
        mixed = run("mix-ticket", "--ticket", stranger.ticket, "--address-from", relay.ticket)
        dialled = self.dial(mixed.stdout.strip(), "--file", self.file_of(10))
        self.assertEqual(dialled.returncode, WRONG_PEER, dialled.stderr)

    def test_nobody_at_the_address_is_told_in_time(self):
        listener = self.listener(self.relay_key)
        listener.stop()
        dialled = self.dial(listener.ticket, "--timeout", "1")
        self.assertEqual(dialled.returncode, UNREACHABLE, dialled.stderr)

    def test_a_mistyped_ticket_is_told_from_a_wrong_peer(self):
        listener = self.listener(self.relay_key)
        typo = listener.ticket[:-1] + ("a" if listener.ticket[-1] != "a" else "b")
        dialled = self.dial(typo)
        self.assertEqual(dialled.returncode, USAGE)
        self.assertIn("mistyped", dialled.stderr)
        self.assertEqual(run("dial").returncode, USAGE)
        self.assertEqual(run().returncode, USAGE)
        self.assertEqual(run("--help").returncode, OK)

    def test_a_restarted_listener_is_the_same_relay(self):
        listener = self.listener(self.relay_key)
        ticket, address = listener.ticket, listener.address
        self.assertEqual(listener.stop(), OK)
        again = self.listener(self.relay_key, address)
        self.assertEqual(again.ticket, ticket)
        self.assertEqual(self.dial(ticket).returncode, OK)

    def test_a_listener_killed_in_the_middle_ends_the_dialer_with_an_error(self):
        listener = self.listener(self.relay_key)
        dialer = subprocess.Popen(
            [PROGRAM, "dial", "--key", self.device_key, "--ticket", listener.ticket, "--timeout", "2",
             "--file", "/dev/zero"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(listener.event()["event"], "opened")
        listener.stop(kill=True)
        out, error = dialer.communicate(timeout=60)
        self.assertNotEqual(dialer.returncode, OK)
        self.assertIn("0k-channel: ", error)

    def test_a_dialer_killed_in_the_middle_leaves_the_others_unharmed(self):
        listener = self.listener(self.relay_key)
        dialer = subprocess.Popen(
            [PROGRAM, "dial", "--key", self.device_key, "--ticket", listener.ticket, "--file", "/dev/zero"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(listener.event()["event"], "opened")
        dialer.kill()
        dialer.wait()
        dialled = self.dial(listener.ticket, "--file", self.file_of(100_000))
        self.assertEqual(dialled.returncode, OK, dialled.stderr)

    def test_garbage_datagrams_do_not_disturb_it(self):
        listener = self.listener(self.relay_key)
        host, port = listener.address.rsplit(":", 1)
        noise = random.Random(3)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(2000):
                packet = bytearray(noise.randbytes(noise.randrange(1, 1500)))
                if noise.random() < 0.5:
                    packet[0] |= 0xc0
                    packet[1:5] = b"\0\0\0\1"
                sender.sendto(packet, (host, int(port)))
        dialled = self.dial(listener.ticket, "--file", self.file_of(1000))
        self.assertEqual(dialled.returncode, OK, dialled.stderr)
        self.assertEqual(listener.stop(), OK)

    def test_several_dialers_at_once_are_served(self):
        listener = self.listener(self.relay_key)
        path = self.file_of(1_000_000)
        dialers = [subprocess.Popen(
            [PROGRAM, "dial", "--key", self.device_key, "--ticket", listener.ticket, "--file", path],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(8)]
        for dialer in dialers:
            _, error = dialer.communicate(timeout=60)
            self.assertEqual(dialer.returncode, OK, error)

    def test_no_secret_and_no_identifier_shows_in_a_verbose_log(self):
        log = self.path("listener.log")
        with open(log, "w") as file:
            process = subprocess.Popen(
                [PROGRAM, "-v", "listen", "--json", "--serve", "1", "--key", self.relay_key, "--bind", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=file, text=True)
            self.addCleanup(lambda: process.poll() is None and process.kill())
            ticket = json.loads(process.stdout.readline())["ticket"]
            dialled = run("-v", "dial", "--key", self.device_key, "--ticket", ticket, "--file", self.file_of(10))
            self.assertEqual(dialled.returncode, OK, dialled.stderr)
            process.communicate(timeout=60)
        with open(log) as file:
            logs = [file.read(), dialled.stderr]
        hidden = [ticket[10:40]]
        for key in (self.relay_key, self.device_key):
            with open(key) as file:
                hidden.append(file.read().split()[1][:16])
        for identity in keys_of(ticket):
            hidden += [identity.hex()[:12], base64.b64encode(identity).decode()[:12]]
        for text in logs:
            self.assertRegex(text, r"endpoint#[0-9a-f]{6}")  # there is a log, and ids in it are blinded
            for word in hidden:
                self.assertNotIn(word, text)


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("usage: channel_program_test.py PROGRAM")
    unittest.main(verbosity=1)
