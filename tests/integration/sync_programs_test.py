#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs 0k-relay and 0k as a person would, over loopback UDP with real stores: what is pushed arrives, once,
whatever is killed in between.

usage: sync_programs_test.py 0K 0K_RELAY
"""

import os
import random
import signal
import sys
import time
import unittest

import programs
from programs import (LOCAL, NOT_IN_TIME, NOT_PAIRED, OK, REFUSED, USAGE, ProgramsTest, Ticket)


def texts(events):
    return [event["text"] for event in events if event.get("kind") == "text"]


class StoryTest(ProgramsTest):
    def test_what_is_pushed_on_one_device_arrives_on_the_others_while_they_watch(self):
        laptop, phone = self.two_devices()
        tablet = self.device("Tablet", self.relay.ticket)
        self.pair(phone, tablet, "short_code")  # who joined may invite
        watches = [self.online(self.keep(device.watch("--out-dir", device.work))) for device in (phone, tablet)]

        content = random.Random(1).randbytes(300_000)
        file = self.file_of("src/photo.jpg", content)
        pushed = self.ok(laptop.run("push", "--json", "--wait", "delivered", "--timeout", "20", "--file", file))
        for text in ("one", "two", "three"):
            self.ok(laptop.run("push", text))
        for device, watch in zip((phone, tablet), watches):
            first = watch.event("received")
            self.assertEqual(first["kind"], "file")
            self.assertEqual((first["from"], first["name"]), ("Laptop", "photo.jpg"))
            self.assertEqual(first["id"], self.events(pushed)[0]["id"])
            with open(os.path.join(device.work, "photo.jpg"), "rb") as received:
                self.assertEqual(received.read(), content)
            self.assertEqual([watch.event("received")["text"] for _ in range(3)], ["one", "two", "three"])
        report = self.events(pushed)[-1]
        self.assertEqual((report["delivered"], report["other_devices"]), (1, 2))
        for watch in watches:
            self.assertEqual(watch.stop(), OK)

    def test_a_relay_that_is_killed_loses_nothing_and_what_is_pushed_meanwhile_goes_out_later(self):
        laptop, phone = self.two_devices()
        ticket = self.relay.ticket
        self.ok(laptop.run("push", "--wait", "relay", "before"))
        self.relay.stop(signal.SIGKILL)
        offline = self.ok(laptop.run("push", "--json", "--timeout", "1", "during"))
        self.assertEqual(self.events(offline)[-1]["pending"], 1)
        self.assertEqual(self.events(offline)[-1]["waits_for"], "network")
        self.assertEqual(laptop.run("push", "--wait", "relay", "--timeout", "1", "also").returncode, NOT_IN_TIME)
        self.assertEqual(phone.run("pull", "--timeout", "1").returncode, NOT_IN_TIME)

        self.start_relay()
        self.assertEqual(self.relay.ticket, ticket)
        self.ok(laptop.run("push", "--wait", "relay", "--timeout", "20", "after"))
        pulled = self.events(self.ok(phone.run("pull", "--json", "--timeout", "20")))
        self.assertEqual(texts(pulled), ["before", "during", "also", "after"])
        again = self.events(self.ok(phone.run("pull", "--json")))
        self.assertEqual((texts(again), again[-1]["synced"]), ([], True))

    def test_a_relay_killed_while_devices_are_online_is_found_again_by_itself(self):
        laptop, phone = self.two_devices()
        watch = self.online(self.keep(phone.watch()))
        self.ok(laptop.run("push", "--wait", "relay", "one"))
        self.assertEqual(watch.event("received")["text"], "one")
        self.relay.stop(signal.SIGKILL)
        self.ok(laptop.run("push", "--wait", "none", "two"))
        self.start_relay()
        self.ok(laptop.run("pull", "--timeout", "20"))
        self.assertEqual(watch.event("received", timeout=40)["text"], "two")
        self.assertEqual(watch.stop(), OK)

    def test_both_ways_at_once(self):
        laptop, phone = self.two_devices()
        for i in range(3):
            self.ok(laptop.run("push", "--wait", "none", f"l{i}"))
            self.ok(phone.run("push", "--wait", "none", f"p{i}"))
        for device in (laptop, phone, laptop, phone):
            device.seen = getattr(device, "seen", []) + texts(self.events(self.ok(device.run("pull", "--json"))))
        self.assertEqual(laptop.seen, ["p0", "p1", "p2"])
        self.assertEqual(phone.seen, ["l0", "l1", "l2"])


class CrashTest(ProgramsTest):
    def many_files(self, count, size=2000):
        noise = random.Random(7)
        contents = {f"file{i:03}.bin": noise.randbytes(noise.randrange(size)) for i in range(count)}
        return contents, [self.file_of(f"many/{name}", content) for name, content in contents.items()]

    def received_files(self, device):
        folder = os.path.join(device.work, "inbox")
        out = {}
        for name in os.listdir(folder):
            if name.startswith(".0k-"):
                continue  # half a file of a program that was killed, where the system has no nameless files
            with open(os.path.join(folder, name), "rb") as file:
                out[name] = file.read()
        return out

    def test_two_hundred_files_arrive(self):
        laptop, phone = self.two_devices()
        contents, paths = self.many_files(200)
        pushed = self.events(self.ok(laptop.run(
            "push", "--json", "--wait", "relay", "--timeout", "30", "--file", *paths)))
        self.assertEqual(len({event["id"] for event in pushed if event["event"] == "pushed"}), 200)
        self.assertEqual(pushed[-1]["pending"], 0)
        self.ok(phone.run("pull", "--out-dir", "inbox", "--timeout", "30"))
        self.assertEqual(self.received_files(phone), contents)

    def test_a_push_that_is_killed_keeps_all_that_it_said_it_saved(self):
        laptop, phone = self.two_devices()
        contents, paths = self.many_files(150)
        push = self.keep(laptop.start("push", "--json", "--file", *paths))
        said = [push.event("pushed")["name"] for _ in range(40)]
        push.stop(signal.SIGKILL)
        said += [line["name"] for line in map(programs.json.loads, filter(None, push.rest()))
                 if line["event"] == "pushed"]
        self.ok(laptop.run("pull", "--timeout", "20"))  # sends what waits
        self.ok(phone.run("pull", "--out-dir", "inbox", "--timeout", "20"))
        received = self.received_files(phone)
        self.assertEqual([name for name in said if name not in received], [])
        self.assertEqual({name: contents[name] for name in received}, received)  # and nothing twice

    def test_a_pull_that_is_killed_goes_on_where_it_was(self):
        laptop, phone = self.two_devices()
        contents, paths = self.many_files(150)
        self.ok(laptop.run("push", "--wait", "relay", "--timeout", "30", "--file", *paths))
        for after in (3, 60):
            watch = self.keep(phone.watch("--out-dir", "inbox"))
            for _ in range(after):
                watch.event("received")
            watch.stop(signal.SIGKILL)
        self.ok(phone.run("pull", "--out-dir", "inbox", "--timeout", "30"))
        self.assertEqual(self.received_files(phone), contents)

    def test_a_full_disk_is_said_and_harms_nothing(self):
        laptop, phone = self.two_devices()
        small = self.path("small")
        os.makedirs(small)
        if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=4m tmpfs '{small}' 2>/dev/null") != 0:
            self.skipTest("can't make a small file system here")
        self.addCleanup(os.system, f"umount '{small}'")
        device = programs.Device(small)
        self.ok(device.run("init", "--name", "Small"))
        self.pair(laptop, device)
        saved = []
        for i in range(40):
            done = device.run("push", "--wait", "none", "--json", "--name", f"f{i}", input="x" * 300_000)
            if done.returncode != OK:
                break
            saved.append(self.events(done)[0]["id"])
        self.assertEqual(done.returncode, LOCAL, done.stderr)
        # The folder may be too full to be opened, or have room for that and not for the push.
        self.assertIn("no space left on the disk", done.stderr)
        self.assertGreater(len(saved), 1)
        os.system(f"mount -o remount,size=32m '{small}'")
        self.ok(device.run("push", "--wait", "relay", "--timeout", "20", "room again"))
        pulled = self.events(self.ok(phone.run("pull", "--json", "--timeout", "20")))
        received = [event["id"] for event in pulled if event["event"] == "received"]
        self.assertEqual(received[:len(saved)], saved)
        self.assertEqual(len(received), len(saved) + 1)

    def test_what_can_not_be_written_down_comes_again(self):
        laptop, phone = self.two_devices()
        self.ok(laptop.run("push", "--wait", "relay", "keep me"))
        with open("/dev/full", "w") as full:
            failed = programs.subprocess.run(phone.arguments("pull"), stdout=full, stderr=-1, text=True, timeout=60)
        self.assertEqual(failed.returncode, programs.FAILED, failed.stderr)
        self.assertIn("comes again", failed.stderr)
        self.assertEqual(texts(self.events(self.ok(phone.run("pull", "--json")))), ["keep me"])


class PairingTest(ProgramsTest):
    def test_a_wrong_short_code_burns_the_invite_on_both_sides(self):
        self.start_relay()
        laptop, thief = self.device("Laptop", self.relay.ticket), self.device("Thief", self.relay.ticket)
        self.ok(laptop.run("group", "create"))
        invite = self.keep(laptop.start("invite", "--approve", "--json"))
        code = invite.event("invite")["short_code"]
        wrong = self.other_password(code)
        self.assertEqual(thief.run("join", "--timeout", "20", input=wrong).returncode, NOT_PAIRED)
        self.assertEqual(invite.wait(), NOT_PAIRED)
        late = thief.run("join", "--timeout", "20", input=code)
        self.assertEqual(late.returncode, NOT_PAIRED, late.stderr)
        self.assertEqual(len(self.events(self.ok(laptop.run("devices", "--json")))), 1)

    @staticmethod
    def other_password(code):
        """The same mailbox, another password, and the checksum that fits (docs/protocol/pairing.md)."""
        alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        symbols = [alphabet.index(c) for c in code.replace("-", "")]
        symbols[10] ^= 1
        total = 0
        for symbol in symbols[:15]:
            total = (total ^ symbol) << 1
            total ^= 0x25 if total & 0x20 else 0
        return "".join(alphabet[symbol] for symbol in symbols[:15] + [total & 0x1f])

    def test_a_mistyped_code_is_told_before_anything_is_tried(self):
        self.start_relay()
        laptop, phone = self.device("Laptop", self.relay.ticket), self.device("Phone", self.relay.ticket)
        self.ok(laptop.run("group", "create"))
        invite = self.keep(laptop.start("invite", "--approve", "--json"))
        code = invite.event("invite")["short_code"]
        typo = code[:-1] + ("0" if code[-1] != "0" else "1")
        self.assertEqual(phone.run("join", input=typo).returncode, USAGE)
        self.ok(phone.run("join", input=code.lower().replace("-", " ")))
        self.assertEqual(invite.wait(), OK)

    def test_the_creator_is_asked_and_may_say_no(self):
        self.start_relay()
        laptop, phone = self.device("Laptop", self.relay.ticket), self.device("\x1b[31mPhone")
        self.ok(laptop.run("group", "create"))
        for answer, code_of_invite, code_of_join in (("n", NOT_PAIRED, NOT_PAIRED), ("y", OK, OK)):
            invite = self.keep(laptop.start("invite", "--json"))
            join = self.keep(phone.start("join", "--json"))
            join.process.stdin.write(invite.event("invite")["long_code"] + "\n")
            join.process.stdin.flush()
            asked = invite.event("asks")
            self.assertNotIn("\x1b", asked["name"])
            invite.process.stdin.write(answer + "\n")
            invite.process.stdin.flush()
            self.assertEqual(join.wait(), code_of_join, "".join(join.errors))
            self.assertEqual(invite.wait(), code_of_invite, "".join(invite.errors))
            self.assertNotIn("\x1b", "".join(invite.errors))

    def test_a_cancelled_invite_ends_at_once_and_its_code_is_worth_nothing(self):
        self.start_relay()
        laptop, phone = self.device("Laptop", self.relay.ticket), self.device("Phone")
        self.ok(laptop.run("group", "create"))
        invite = self.keep(laptop.start("invite", "--approve", "--json"))
        code = invite.event("invite")["long_code"]
        started = time.monotonic()
        self.assertEqual(invite.stop(signal.SIGINT), programs.INTERRUPTED)
        self.assertLess(time.monotonic() - started, 1.0)
        self.assertEqual(phone.run("join", "--timeout", "10", input=code).returncode, NOT_PAIRED)


class RefusalTest(ProgramsTest):
    def test_a_relay_that_is_not_the_tickets_is_refused(self):
        laptop, _ = self.two_devices()
        stranger = self.keep(programs.Relay(self.path("stranger"), programs.free_port()))
        ticket, other = Ticket(self.relay.ticket), Ticket(stranger.ticket)
        for endpoint, noise in ((other.endpoint, ticket.noise), (ticket.endpoint, other.noise)):
            mixed = Ticket(self.relay.ticket)
            mixed.endpoint, mixed.noise = endpoint, noise
            self.ok(laptop.run("init", "--relay", str(mixed)))
            pushed = laptop.run("push", "--wait", "relay", "--timeout", "5", "hello")
            self.assertEqual(pushed.returncode, REFUSED, pushed.stderr)
            self.assertIn("not the relay", pushed.stderr)
        self.ok(laptop.run("init", "--relay", self.relay.ticket))
        self.ok(laptop.run("push", "--wait", "relay", "--timeout", "20", "again"))

    def test_a_group_is_not_made_without_the_relays_token(self):
        self.start_relay()
        ticket = Ticket(self.relay.ticket)
        self.assertIsNotNone(ticket.token)
        ticket.token = None
        device = self.device("Stranger", str(ticket))
        self.assertEqual(device.run("group", "create").returncode, REFUSED)

    def test_a_relay_is_found_by_name(self):
        self.start_relay()
        ticket = Ticket(self.relay.ticket)
        ticket.addresses = [f"no-such-host.invalid:{self.port}", f"localhost:{self.port}"]
        device = self.device("Laptop", str(ticket))
        self.ok(device.run("group", "create"))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: sync_programs_test.py 0K 0K_RELAY")
    programs.use(cli=sys.argv.pop(1), relay=sys.argv.pop(1))
    unittest.main(verbosity=1)
