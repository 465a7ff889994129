#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the real 0k-relay program on loopback and checks what its operator would see.

usage: relay_program_test.py PROGRAM
"""

import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
OK, FAILED, USAGE, IN_USE, DAMAGED = 0, 1, 2, 3, 4


def run(*arguments, environment=None, timeout=60):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout, env=environment)


class Relay:
    """A running relay; what it said when it was ready is in `hello`."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen([PROGRAM, "--json", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=environment)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("no relay: " + self.process.stderr.read())
        self.hello = json.loads(line)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=30)
        return self.process.returncode, out, error


class RelayProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.data = os.path.join(self.folder, "data")

    def relay(self, *arguments, **keywords):
        relay = Relay(*arguments, **keywords)
        self.addCleanup(lambda: relay.process.poll() is None and relay.stop(signal.SIGKILL))
        return relay

    def start(self, *arguments):
        return self.relay("--data-dir", self.data, "--bind", "127.0.0.1:0", *arguments)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_it_makes_its_folder_says_its_ticket_and_stops_when_asked(self):
        relay = self.start()
        self.assertEqual(relay.hello["event"], "listening")
        self.assertTrue(relay.hello["ticket"].startswith("0krelay"))
        self.assertFalse(relay.hello["open"])
        self.assertEqual(stat.S_IMODE(os.stat(self.data).st_mode), 0o700)
        for name in ("relay.key", "admission-token", "relay.sqlite", "ticket"):
            mode = stat.S_IMODE(os.stat(os.path.join(self.data, name)).st_mode)
            self.assertEqual(mode & 0o077, 0, name)
        with open(os.path.join(self.data, "ticket")) as file:
            self.assertEqual(file.read().strip(), relay.hello["ticket"])
        code, out, error = relay.stop()
        self.assertEqual(code, OK, error)
        self.assertEqual(json.loads(out)["event"], "stopped")
        self.assertEqual(error, "")

    def test_it_is_the_same_relay_after_a_restart_and_after_a_kill(self):
        relay = self.start()
        first = relay.hello
        for number in (signal.SIGKILL, signal.SIGINT):
            relay.stop(number)
            relay = self.relay("--data-dir", self.data, "--bind", first["bound"])
            self.assertEqual(relay.hello["ticket"], first["ticket"])

    def test_the_ticket_is_printed_without_running(self):
        ticket = run("ticket", "--data-dir", self.data, "--advertise", "relay.example.org:4433")
        self.assertEqual(ticket.returncode, OK, ticket.stderr)
        relay = self.start("--advertise", "relay.example.org:4433")
        self.assertEqual(ticket.stdout.strip(), relay.hello["ticket"])
        self.assertEqual(relay.hello["addresses"], ["relay.example.org:4433"])
        # Also while it runs.
        again = run("ticket", "--data-dir", self.data, "--advertise", "relay.example.org:4433", "--json")
        self.assertEqual(json.loads(again.stdout)["ticket"], relay.hello["ticket"])
        self.assertEqual(run("ticket", "--data-dir", self.data, "--bind", "127.0.0.1:0").returncode, USAGE)

    def test_it_needs_no_option_at_all(self):
        environment = dict(os.environ, XDG_STATE_HOME=self.folder)
        try:
            relay = self.relay(environment=environment)
        except AssertionError as error:
            # Somebody has the port on this machine: it has to say so and nothing else.
            self.assertIn("0k-relay: ", str(error))
            return
        self.assertEqual(relay.hello["data_dir"], os.path.join(self.folder, "0k-relay"))
        self.assertTrue(relay.hello["bound"].endswith(":4433"))
        self.assertGreaterEqual(len(relay.hello["addresses"]), 1)
        for address in relay.hello["addresses"]:
            self.assertTrue(address.endswith(":4433"))
        self.assertEqual(relay.stop()[0], OK)

    def test_a_config_file_is_taken_and_options_win(self):
        config = self.write("relay.toml", f"""
            bind = "127.0.0.1:0"
            data_dir = "{self.data}"
            advertise = ["one.example.org:1", "two.example.org:2"]
            open = true
            [limits]
            group_mib = 3
        """)
        relay = self.relay("--config", config)
        self.assertTrue(relay.hello["open"])
        self.assertEqual(relay.hello["addresses"], ["one.example.org:1", "two.example.org:2"])
        relay.stop()
        relay = self.relay("--config", config, "--advertise", "three.example.org:3")
        self.assertEqual(relay.hello["addresses"], ["three.example.org:3"])

    def test_what_is_wrong_in_a_config_file_is_named_with_its_line(self):
        for text, wanted in (("open = true\nbimd = 3\n", ":2:1: there is no setting 'bimd'"),
                             ("[limits]\ngroup_mib = 0\n", ":2:13: group_mib must be"),
                             ("open = \n", ":1:")):
            path = self.write("relay.toml", text)
            answer = run("--config", path, "--data-dir", self.data)
            self.assertEqual(answer.returncode, USAGE)
            self.assertIn(path + wanted, answer.stderr)
        missing = run("--config", os.path.join(self.folder, "none.toml"))
        self.assertEqual(missing.returncode, USAGE)
        self.assertIn("none.toml", missing.stderr)

    def test_wrong_options_are_refused(self):
        for arguments in (["--bind", "localhost"], ["--bind"], ["--advertise", "nowhere"], ["--nonsense"], ["run"]):
            self.assertEqual(run("--data-dir", self.data, *arguments).returncode, USAGE, arguments)
        self.assertEqual(run("--help").returncode, OK)
        self.assertIn("0k-relay", run("--version").stdout)

    def test_a_folder_or_a_port_that_is_taken_is_told(self):
        relay = self.start()
        second = run("--data-dir", self.data, "--bind", "127.0.0.1:0")
        self.assertEqual(second.returncode, IN_USE, second.stderr)
        other = os.path.join(self.folder, "other")
        port = run("--data-dir", other, "--bind", relay.hello["bound"])
        self.assertEqual(port.returncode, IN_USE, port.stderr)
        self.assertEqual(relay.stop()[0], OK)

    def test_a_damaged_folder_is_told_and_left_as_it_is(self):
        self.start().stop()
        for name in ("relay.key", "admission-token", "relay.sqlite"):
            path = os.path.join(self.data, name)
            with open(path, "rb") as file:
                before = file.read()
            with open(path, "r+b") as file:
                file.write(b"?" * 40)
            answer = run("--data-dir", self.data, "--bind", "127.0.0.1:0")
            self.assertIn(answer.returncode, (DAMAGED, FAILED), (name, answer.stderr))
            self.assertIn("0k-relay: ", answer.stderr)
            with open(path, "rb") as file:
                self.assertTrue(file.read().startswith(b"?" * 40))
            with open(path, "wb") as file:
                file.write(before)
        self.assertEqual(self.start().stop()[0], OK)

    def test_a_key_that_others_can_read_is_refused(self):
        self.start().stop()
        os.chmod(os.path.join(self.data, "relay.key"), 0o644)
        answer = run("--data-dir", self.data, "--bind", "127.0.0.1:0")
        self.assertEqual(answer.returncode, FAILED)
        self.assertIn("chmod 600", answer.stderr)

    def test_a_new_admission_token_makes_another_ticket_of_the_same_relay(self):
        relay = self.start("--advertise", "relay.example.org:1")
        relay.stop()
        os.remove(os.path.join(self.data, "admission-token"))
        again = self.start("--advertise", "relay.example.org:1")
        self.assertNotEqual(again.hello["ticket"], relay.hello["ticket"])
        self.assertEqual(again.hello["ticket"][:70], relay.hello["ticket"][:70])

    def test_garbage_datagrams_do_not_disturb_it(self):
        relay = self.start()
        host, port = relay.hello["bound"].rsplit(":", 1)
        noise = random.Random(3)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(2000):
                packet = bytearray(noise.randbytes(noise.randrange(1, 1500)))
                if noise.random() < 0.5:
                    packet[0] |= 0xc0
                    packet[1:5] = b"\0\0\0\1"
                sender.sendto(packet, (host, int(port)))
        code, _, error = relay.stop()
        self.assertEqual(code, OK, error)

    def test_no_secret_shows_in_a_verbose_log(self):
        relay = self.start("-v")
        with open(os.path.join(self.data, "relay.key")) as file:
            key = file.read().split()[1]
        with open(os.path.join(self.data, "admission-token")) as file:
            token = file.read().strip()
        _, _, error = relay.stop()
        for word in (key[:16], token[:16], relay.hello["ticket"][10:40]):
            self.assertNotIn(word, error)


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("usage: relay_program_test.py PROGRAM")
    unittest.main(verbosity=1)
