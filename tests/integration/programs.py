# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the integration tests share: a running 0k-relay, devices made with 0k, and their pairing."""

import base64
import hashlib
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

OK, FAILED, USAGE, REFUSED, NOT_IN_TIME, LOCAL, NOT_PAIRED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
PROGRAMS = {}


def use(cli, relay):
    """What is tested; for each test's main."""
    PROGRAMS.update({"0k": os.path.abspath(cli), "0k-relay": os.path.abspath(relay)})


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ticket:
    """A relay ticket, read and written as docs/protocol/ticket.md says and not by our code."""

    def __init__(self, text):
        raw = base64.b32decode(text.removeprefix("0krelay").upper() + "=" * (-(len(text) - 7) % 8))
        body = raw[:-4]
        assert raw[-4:] == self.checksum(body) and body[:4] == b"\x95\x01\xc4\x20" and body[36:38] == b"\xc4\x20"
        self.endpoint, self.noise = body[4:36], body[38:70]
        rest = body[70:]
        count, rest = rest[0] & 0x0f, rest[1:]
        self.addresses = []
        for _ in range(count):
            size, rest = (rest[1], rest[2:]) if rest[0] == 0xd9 else (rest[0] & 0x1f, rest[1:])
            self.addresses.append(rest[:size].decode())
            rest = rest[size:]
        self.token = None if rest == b"\xc0" else rest[2:]

    @staticmethod
    def checksum(body):
        return hashlib.sha256(b"0k-sync v1 ticket checksum" + body).digest()[:4]

    def __str__(self):
        texts = b"".join((bytes([0xa0 | len(a)]) if len(a) < 32 else bytes([0xd9, len(a)])) + a.encode()
                         for a in self.addresses)
        token = b"\xc0" if self.token is None else bytes([0xc4, len(self.token)]) + self.token
        body = (b"\x95\x01\xc4\x20" + self.endpoint + b"\xc4\x20" + self.noise
                + bytes([0x90 | len(self.addresses)]) + texts + token)
        return "0krelay" + base64.b32encode(body + self.checksum(body)).decode().lower().rstrip("=")


class Running:
    """A program that runs on, with its standard output read line by line as it comes."""

    def __init__(self, arguments, **keywords):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **keywords)
        self.lines = queue.Queue()
        self.errors = []
        self.threads = [threading.Thread(target=self._read_out, daemon=True),
                        threading.Thread(target=self._read_err, daemon=True)]
        for thread in self.threads:
            thread.start()

    def _read_out(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def _read_err(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def line(self, timeout=20):
        """The next line, or None at the end of the output."""
        try:
            return self.lines.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError("no output in time; standard error: " + "".join(self.errors)) from None

    def event(self, *kinds, timeout=20):
        """The next JSON event of one of these kinds; others are passed over."""
        until = time.monotonic() + timeout
        while True:
            line = self.line(max(0.01, until - time.monotonic()))
            if line is None:
                raise AssertionError(f"ended without {kinds}: " + "".join(self.errors))
            event = json.loads(line)
            if event["event"] in kinds:
                return event

    def rest(self):
        """All lines up to the end."""
        return list(iter(self.line, None))

    def stop(self, number=signal.SIGTERM, timeout=10):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=20):
        code = self.process.wait(timeout)
        for thread in self.threads:
            thread.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        return code


class Relay(Running):
    def __init__(self, folder, port, *more):
        super().__init__([PROGRAMS["0k-relay"], "--data-dir", folder, "--bind", f"127.0.0.1:{port}", *more])
        self.ticket = None
        while self.ticket is None:
            line = self.line()
            if line is None:
                raise AssertionError("no relay: " + "".join(self.errors))
            found = re.search(r"0krelay[a-z2-7]+", line)
            self.ticket = found and found.group()


class Device:
    """A folder made a device. Commands run in a folder of their own, where files go by default."""

    def __init__(self, folder):
        self.data = os.path.join(folder, "data")
        self.work = os.path.join(folder, "work")
        os.makedirs(self.work)

    def arguments(self, *words):
        return [PROGRAMS["0k"], *words, "--data-dir", self.data]

    def run(self, *words, input="", timeout=60):
        return subprocess.run(self.arguments(*words), capture_output=True, text=True, timeout=timeout, input=input,
                              cwd=self.work)

    def start(self, *words):
        return Running(self.arguments(*words), cwd=self.work)

    def watch(self, *words):
        running = self.start("watch", "--json", *words)
        return running


class ProgramsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="0k-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.running = []
        self.addCleanup(self.end_all)
        self.port = free_port()
        self.relay = None

    def end_all(self):
        for running in self.running:
            if running.process.poll() is None:
                running.stop(signal.SIGKILL)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def keep(self, running):
        self.running.append(running)
        return running

    def start_relay(self, *more, folder="relay"):
        self.relay = self.keep(Relay(self.path(folder), self.port, *more))
        return self.relay

    def ok(self, done):
        self.assertEqual(done.returncode, OK, done.stderr)
        return done

    def events(self, done):
        return [json.loads(line) for line in done.stdout.splitlines()]

    def device(self, name, ticket=None):
        device = Device(self.path(name))
        self.ok(device.run("init", "--name", name, *(("--relay", ticket) if ticket else ())))
        return device

    def pair(self, creator, joiner, kind="long_code"):
        invite = self.keep(creator.start("invite", "--approve", "--json"))
        code = invite.event("invite")[kind]
        joined = joiner.run("join", "--json", input=code + "\n")
        self.assertEqual(joined.returncode, OK, joined.stderr + "".join(invite.errors))
        self.assertEqual(invite.wait(), OK, "".join(invite.errors))

    def two_devices(self):
        if self.relay is None:
            self.start_relay()
        laptop, phone = self.device("Laptop", self.relay.ticket), self.device("Phone")
        self.ok(laptop.run("group", "create"))
        self.pair(laptop, phone)
        return laptop, phone

    def file_of(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def online(self, watch):
        while watch.event("connection")["connection"] != "online":
            pass
        return watch
