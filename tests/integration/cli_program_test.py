#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the real 0k program and checks its manners: exit codes, JSON, hostile names, signals, completion.

usage: cli_program_test.py 0K 0K_RELAY
"""

import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
import unittest

import programs
from programs import FAILED, INTERRUPTED, LOCAL, NOT_IN_TIME, OK, USAGE, Device, ProgramsTest, Ticket


class WithoutRelayTest(ProgramsTest):
    """What needs no relay to be up: a ticket of one that is gone serves."""

    @classmethod
    def setUpClass(cls):
        # A well-formed ticket of a relay that nobody runs.
        ticket = Ticket.__new__(Ticket)
        ticket.endpoint = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        ticket.noise, ticket.token = bytes(range(32)), None
        ticket.addresses = [f"127.0.0.1:{programs.free_port()}"]
        cls.ticket = str(ticket)

    def test_init_makes_a_private_folder_once(self):
        device = self.device("Laptop", self.ticket)
        self.assertEqual(stat.S_IMODE(os.stat(device.data).st_mode), 0o700)
        for name in os.listdir(device.data):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(device.data, name)).st_mode) & 0o077, 0, name)
        with open(os.path.join(device.data, "device.key"), "rb") as file:
            key = file.read()
        again = device.run("init", "--name", "Other")
        self.assertEqual(again.returncode, LOCAL)
        self.assertIn("already", again.stderr)
        with open(os.path.join(device.data, "device.key"), "rb") as file:
            self.assertEqual(file.read(), key)

    def test_an_interrupted_init_can_be_repeated(self):
        device = self.device("Laptop", self.ticket)
        os.remove(os.path.join(device.data, "settings.json"))
        self.assertEqual(device.run("status").returncode, LOCAL)
        self.ok(device.run("init", "--name", "Laptop", "--relay", self.ticket))
        self.ok(device.run("status", "--offline"))

    def test_init_takes_the_ticket_from_a_file_or_standard_input(self):
        path = self.file_of("relay.ticket", self.ticket.encode() + b"\n")
        for words, given in ((("--relay", "@" + path), ""), (("--relay", "-"), self.ticket + "\n")):
            device = Device(self.path(f"from{len(given)}"))
            made = self.ok(device.run("init", "--json", *words, input=given))
            self.assertTrue(self.events(made)[0]["relay"])
            self.assertNotIn(self.ticket[10:60], made.stdout + made.stderr)
        mistyped = self.ticket[:-1] + ("a" if self.ticket[-1] != "a" else "b")
        wrong = Device(self.path("wrong"))
        self.assertEqual(wrong.run("init", "--relay", mistyped).returncode, USAGE)
        self.assertFalse(os.path.exists(wrong.data))

    def test_each_kind_of_mistake_has_its_exit_code_and_says_what_to_do(self):
        nobody = Device(self.path("nobody"))
        for words in ((), ("frobnicate",), ("push", "--wait", "later"), ("group",), ("delete",), ("delete", "xyz"),
                      ("completion", "tcsh"), ("pull", "--timeout", "x")):
            done = nobody.run(*words) if words else subprocess.run([programs.PROGRAMS["0k"]], capture_output=True)
            self.assertEqual(done.returncode, USAGE, words)
        for words in (("status",), ("push", "x"), ("pull",), ("watch",), ("devices",), ("invite",), ("group", "create")):
            done = nobody.run(*words)
            self.assertEqual((done.returncode, "0k init" in done.stderr), (LOCAL, True), words)
        lone = self.device("Lone")
        self.assertEqual(lone.run("group", "create").returncode, LOCAL)  # no relay
        for words in (("push", "x"), ("pull",), ("watch",), ("devices",), ("invite",)):
            done = lone.run(*words)
            self.assertEqual((done.returncode, "0k group create" in done.stderr), (LOCAL, True), words)
        self.assertEqual(lone.run("join", input="hello\n").returncode, USAGE)
        self.assertEqual(lone.run("join", input="").returncode, USAGE)
        for words in ((), ("push",), ("group", "create")):
            helped = subprocess.run([programs.PROGRAMS["0k"], *words, "--help"], capture_output=True, text=True)
            self.assertEqual(helped.returncode, OK)
            self.assertIn("0k", helped.stdout)

    def test_what_can_not_be_pushed_is_refused_before_anything_is(self):
        device = self.device("Laptop", self.ticket)
        device.run("group", "create", "--timeout", "0")
        small, large = self.file_of("small", b"x"), self.file_of("large", bytes(1_048_065))
        for words, given in (
                (("--file", small, large), ""), (("--file", small, self.path("none")), ""),
                (("--file", small, self.folder), ""), (("text", "--file", small), ""), ((), ""),
                ((), "x" * 1_048_065), (("--key", "k" * 65, "x"), ""), (("--tag", "t" * 65, "x"), ""),
                (("--key", "k", "--file", small, small), "")):
            done = device.run("push", "--wait", "none", *words, input=given)
            self.assertEqual(done.returncode, USAGE, (words, done.stderr))
        self.assertIn("1,048,064", device.run("push", "--wait", "none", "--file", large).stderr)
        outbox = self.events(self.ok(device.run("status", "--offline", "--json")))[0]["outbox"]
        self.assertEqual(outbox["pending"], 0)
        self.ok(device.run("push", "--wait", "none", "--file", self.file_of("fits", bytes(1_048_064))))

    def test_a_key_makes_a_push_repeatable(self):
        device = self.device("Laptop", self.ticket)
        device.run("group", "create", "--timeout", "0")
        first, again = (self.events(self.ok(device.run("push", "--json", "--wait", "none", "--key", "k1", "x")))[0]
                        for _ in range(2))
        self.assertEqual((first["id"], first["number"]), (again["id"], again["number"]))
        self.assertEqual((first["repeated"], again["repeated"]), (False, True))

    def test_offline_is_said_and_loses_nothing(self):
        device = self.device("Laptop", self.ticket)
        self.assertEqual(device.run("group", "create", "--timeout", "0").returncode, NOT_IN_TIME)
        pushed = device.run("push", "--json", "--timeout", "1", "x")
        self.assertEqual(pushed.returncode, OK)
        self.assertEqual(self.events(pushed)[-1]["pending"], 1)
        self.assertEqual(device.run("push", "--wait", "delivered", "--timeout", "1", "x").returncode, NOT_IN_TIME)
        told = self.events(self.ok(device.run("status", "--json", "--timeout", "1")))[0]
        self.assertEqual((told["synced"], told["outbox"]["pending"]), (False, 2))
        self.assertNotEqual(told["relay"]["connection"], "online")
        self.assertIn("not known without the relay", device.run("status", "--timeout", "0").stdout)

    def test_a_second_process_in_a_folder_is_told_so(self):
        device = self.device("Laptop", self.ticket)
        device.run("group", "create", "--timeout", "0")
        watch = self.keep(device.start("watch"))
        until = time.monotonic() + 10
        while time.monotonic() < until and not watch.errors:  # "can't be reached"
            time.sleep(0.05)
        for words in (("push", "x"), ("status",), ("watch",)):
            done = device.run(*words)
            self.assertEqual((done.returncode, "another 0k" in done.stderr), (LOCAL, True), done.stderr)
        watch.stop(signal.SIGKILL)
        self.ok(device.run("push", "--wait", "none", "x"))

    def test_a_folder_put_together_of_two_devices_is_refused(self):
        one, two = self.device("One", self.ticket), self.device("Two", self.ticket)
        for device in (one, two):
            device.run("group", "create", "--timeout", "0")
        os.replace(os.path.join(one.data, "device.key"), os.path.join(two.data, "device.key"))
        mixed = two.run("status")
        self.assertEqual(mixed.returncode, LOCAL)
        self.assertIn("two devices", mixed.stderr)

    def test_a_damaged_folder_is_refused(self):
        device = self.device("Laptop", self.ticket)
        path = os.path.join(device.data, "device.key")
        os.chmod(path, 0o644)
        self.assertIn("chmod 600", device.run("status").stderr)
        os.chmod(path, 0o600)
        for name, content in (("settings.json", b"{}"), ("store.sqlite", b"x" * 8192), ("device.key", b"x")):
            file = os.path.join(device.data, name)
            with open(file, "rb") as kept:
                before = kept.read()
            with open(file, "wb") as changed:
                changed.write(content)
            self.assertEqual(device.run("status").returncode, LOCAL, name)
            with open(file, "wb") as restored:
                restored.write(before)

    def test_a_signal_ends_it_at_once(self):
        device = self.device("Laptop", self.ticket)
        device.run("group", "create", "--timeout", "0")
        for words, code in ((("watch",), OK), (("pull", "--timeout", "60"), INTERRUPTED),
                            (("push", "--wait", "relay", "--timeout", "60", "x"), INTERRUPTED),
                            (("status", "--timeout", "60"), INTERRUPTED), (("push",), INTERRUPTED)):
            for number in (signal.SIGINT, signal.SIGTERM):
                running = self.keep(device.start(*words))
                time.sleep(0.3)
                started = time.monotonic()
                self.assertEqual(running.stop(number), code, (words, running.errors))
                self.assertLess(time.monotonic() - started, 1.0, words)

    def test_secrets_stay_where_they_are(self):
        device = self.device("Laptop", self.ticket)
        said = ""
        for words in (("group", "create", "--timeout", "1"), ("push", "-v", "--timeout", "1", "hello"), ("status", "-v", "--timeout", "1"),
                      ("devices", "--offline", "-v"), ("status", "--json", "--offline")):
            done = device.run(*words)
            said += done.stdout + done.stderr
        with open(os.path.join(device.data, "device.key")) as file:
            self.assertNotIn(file.read().split()[1][:16], said)
        with open(os.path.join(device.data, "store.sqlite"), "rb") as file:
            self.assertNotIn(b"hello", file.read())

    def test_bash_completes(self):
        program = programs.PROGRAMS["0k"]
        script = f"""
          PATH="{os.path.dirname(program)}:$PATH"
          source <(0k completion bash)
          try() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _0k_complete; echo "${{COMPREPLY[*]}}"; }}
          touch 'a file' b; mkdir c
          try 0k pu; try 0k push --wai; try 0k push --wait d; try 0k group ''
          try 0k push --file ''; try 0k pull --out-dir ''; complete -p 0k"""
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=self.folder, timeout=30)
        self.assertEqual(done.returncode, OK, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(set(lines[0].split()), {"push", "pull"})
        self.assertEqual(lines[1:3], ["--wait", "delivered"])
        self.assertEqual(set(lines[3].split()), {"create"})
        self.assertIn("a file", lines[4])
        self.assertEqual(lines[5], "c")
        self.assertIn("_0k_complete", lines[6])

    def test_a_real_bash_with_a_terminal_completes(self):
        program = programs.PROGRAMS["0k"]
        environment = {"PATH": os.path.dirname(program) + ":/usr/bin:/bin", "TERM": "dumb", "PS1": "> ", "HOME": self.folder}
        child, terminal = pty.fork()
        if child == 0:
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        os.write(terminal, b"source <(0k completion bash)\n0k watc\t--ti\t7\x01echo \n")
        seen, until = b"", time.monotonic() + 10
        while b"\n0k watch --timeout 7" not in seen and time.monotonic() < until:
            if select.select([terminal], [], [], 0.2)[0]:
                seen += os.read(terminal, 4096)
        self.assertIn(b"\n0k watch --timeout 7", seen)


class WithRelayTest(ProgramsTest):
    def test_hostile_names_reach_neither_terminal_nor_file_system(self):
        self.start_relay()
        laptop = Device(self.path("laptop"))
        self.ok(laptop.run("init", "--name", "\x1b]0;evil\x07Lap\ntop", "--relay", self.relay.ticket))
        self.ok(laptop.run("group", "create"))
        phone = self.device("Phone")
        self.pair(laptop, phone)
        for name in ("../../escaped", "/etc/passwd", ".bashrc", "-rf", "a\x1b[2Jb", "x" * 255, "..", "c:\\d.txt"):
            self.ok(laptop.run("push", "--wait", "relay", "--timeout", "20", "--name", name, input=name))
        self.ok(laptop.run("push", "--wait", "relay", "--timeout", "20", input="\x1b[31mred\n\u202eback"))
        listed = self.ok(phone.run("devices"))
        self.assertNotIn("\x1b", listed.stdout)
        inbox = os.path.join(phone.work, "deep", "inbox")
        pulled = self.ok(phone.run("pull", "--out-dir", inbox, "--timeout", "20"))
        # Standard output is no terminal here, so texts are as they were; names never are.
        self.assertEqual(pulled.stdout.count("\x1b"), 1)
        self.assertEqual(sorted(os.listdir(inbox)),
                         sorted(["escaped", "passwd", "_bashrc", "_rf", "a_[2Jb", "x" * 200, "file", "d.txt"]))
        self.assertEqual(os.listdir(os.path.join(phone.work, "deep")), ["inbox"])

    def test_a_terminal_is_never_given_what_it_would_obey(self):
        laptop, phone = self.two_devices()
        self.ok(laptop.run("push", "--wait", "relay", "--timeout", "20", "\x1b[31mred"))
        master, slave = pty.openpty()
        done = subprocess.run(phone.arguments("pull"), stdout=slave, stderr=subprocess.PIPE, timeout=30)
        os.close(slave)
        shown = os.read(master, 4096).decode()
        os.close(master)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("\ufffd[31mred", shown)
        self.assertNotIn("\x1b", shown)

    def test_files_never_replace_each_other(self):
        laptop, phone = self.two_devices()
        for content in ("one", "two", "two", "three"):
            self.ok(laptop.run("push", "--wait", "relay", "--name", "same.txt", input=content))
        with open(os.path.join(phone.work, "same.txt"), "w") as file:
            file.write("mine")
        self.ok(phone.run("pull", "--timeout", "20"))
        found = {}
        for name in os.listdir(phone.work):
            with open(os.path.join(phone.work, name)) as file:
                found[name] = file.read()
        self.assertEqual(found, {"same.txt": "mine", "same (2).txt": "one", "same (3).txt": "two",
                                 "same (4).txt": "three"})

    def test_what_is_deleted_reaches_nobody_who_did_not_have_it(self):
        laptop, phone = self.two_devices()
        pushed = self.ok(laptop.run("push", "--json", "--wait", "relay", "gone"))
        stays = self.ok(laptop.run("push", "--json", "--wait", "relay", "stays"))
        blob = self.events(pushed)[0]["id"]
        deleted = self.events(self.ok(laptop.run("delete", "--json", blob)))
        self.assertTrue(deleted[0]["done"])
        pulled = self.events(self.ok(phone.run("pull", "--json", "--timeout", "20")))
        self.assertEqual([event["text"] for event in pulled if event["event"] == "received"], ["stays"])
        # Only the device that pushed it may.
        self.assertEqual(phone.run("delete", self.events(stays)[0]["id"]).returncode, programs.REFUSED)
        self.relay.stop()
        late = laptop.run("delete", "--json", "--timeout", "1", "0" * 32)
        self.assertEqual((late.returncode, self.events(late)[0]["done"]), (NOT_IN_TIME, False))

    def test_raw_gives_just_the_bytes(self):
        laptop, phone = self.two_devices()
        for given in ("text\n", "\udcff\x00"):
            subprocess.run(laptop.arguments("push", "--wait", "relay"), check=True, stdout=subprocess.DEVNULL,
                           input=given.encode(errors="surrogateescape"), timeout=30)
        pulled = subprocess.run(phone.arguments("pull", "--raw"), capture_output=True, timeout=30, cwd=phone.work)
        self.assertEqual((pulled.returncode, pulled.stdout), (OK, b"text\n\xff\x00"))

    def test_every_answer_is_json_that_parses(self):
        self.start_relay()
        laptop, phone = Device(self.path("laptop")), self.device("Phone")
        answers = [self.ok(laptop.run("init", "--json", "--name", "L", "--relay", self.relay.ticket)),
                   self.ok(laptop.run("group", "create", "--json"))]
        self.pair(laptop, phone)
        answers += [self.ok(laptop.run(*words, "--json", input="stdin")) for words in (
            ("push", "--tag", "greeting", "hi"), ("push",), ("pull",), ("watch", "--timeout", "1"), ("status",), ("devices",),
            ("version",))]
        answers.append(self.ok(laptop.run("delete", self.events(answers[3])[0]["id"], "--json")))
        answers.append(self.ok(phone.run("pull", "--json")))
        for answer in answers:
            self.assertTrue(answer.stdout.strip(), answer.args)
            for event in self.events(answer):
                self.assertIsInstance(event, dict)
        received = [event for event in self.events(answers[-1]) if event["event"] == "received"]
        self.assertEqual(received[0].get("tag", received[0]["text"]), "greeting" if "tag" in received[0] else "stdin")
        listed = self.events(self.ok(phone.run("devices", "--json")))
        self.assertEqual({device["name"]: device["self"] for device in listed}, {"L": False, "Phone": True})
        told = self.events(self.ok(phone.run("status", "--json")))[0]
        self.assertEqual((told["synced"], told["devices"], told["relay"]["connection"]), (True, 2, "online"))

    def test_watch_ends_by_count_and_by_time(self):
        laptop, phone = self.two_devices()
        watch = self.online(self.keep(phone.watch("--count", "2", "--timeout", "30")))
        for text in ("one", "two", "three"):
            self.ok(laptop.run("push", "--wait", "relay", text))
        self.assertEqual(watch.wait(), OK)
        self.assertEqual(phone.run("watch", "--count", "2", "--timeout", "1").returncode, NOT_IN_TIME)
        self.ok(phone.run("watch", "--timeout", "1"))

    def test_an_output_that_goes_away_ends_a_watch_with_an_error(self):
        laptop, phone = self.two_devices()
        watch = subprocess.Popen(phone.arguments("watch", "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: watch.poll() is None and watch.kill())
        while b'"online"' not in watch.stdout.readline():
            pass
        watch.stdout.close()
        self.ok(laptop.run("push", "--wait", "relay", "lost?"))
        self.assertEqual(watch.wait(20), FAILED)
        again = self.events(self.ok(phone.run("pull", "--json")))
        self.assertEqual([event["text"] for event in again if event["event"] == "received"], ["lost?"])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: cli_program_test.py 0K 0K_RELAY")
    programs.use(cli=sys.argv.pop(1), relay=sys.argv.pop(1))
    unittest.main(verbosity=1)
