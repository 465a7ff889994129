#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Shows that each rule of the house lint bites: a small good tree passes, each bad change is found."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house_lint  # noqa: E402

SPDX = "// SPDX-License-Identifier: MIT OR Apache-2.0\n"
SPDX_HASH = "# SPDX-License-Identifier: MIT OR Apache-2.0\n"
HEADER = SPDX + "// What it is.\n#pragma once\n"

GOOD = {
    "src/CMakeLists.txt": SPDX_HASH + "add_subdirectory(wire)\n",
    "src/base/log.h": HEADER + "#include <fmt/format.h>\n",
    "src/wire/CMakeLists.txt": SPDX_HASH + "zerok_module(wire SOURCES codec.cc TESTS codec_test.cc)\n",
    "src/wire/codec.h": HEADER + '#include <vector>\n#include "base/log.h"\n',
    "src/wire/codec.cc": SPDX + '#include <msgpack.hpp>\n#include <unistd.h>\n#include "wire/codec.h"\n',
    "src/wire/codec_test.cc": SPDX + '#include <gtest/gtest.h>\n#include "wire/codec.h"\n',
    "README.md": "[the codec](src/wire/codec.h#top) and [the web](https://example.org) and `[x](no)`\n",
    "dev": "#!/usr/bin/env bash\n" + SPDX_HASH,
}


class HouseLintTest(unittest.TestCase):
    def lint(self, **changed):
        """Lints the good tree with the files of `changed` (path -> text, None removes) put in."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **changed}.items():
                if text is None:
                    continue
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return house_lint.lint(root)

    def assert_found(self, rule, path, text):
        found = self.lint(**{path: text})
        self.assertEqual([(f.rule, f.path) for f in found], [(rule, path)], [str(f) for f in found])

    def assert_clean(self, path, text):
        self.assertEqual([str(f) for f in self.lint(**{path: text})], [])

    def test_a_good_tree_is_clean(self):
        self.assertEqual([str(f) for f in self.lint()], [])

    def test_a_lower_folder_may_not_include_a_higher_one(self):
        for own, other in (("base", "wire"), ("wire", "crypto"), ("crypto", "noise"), ("noise", "core"),
                           ("core", "client"), ("client", "relay"), ("relay", "client"),
                           ("client", "cabi"), ("core", "store"), ("core", "transport"),
                           ("core", "keychain"), ("transport", "noise"), ("transport", "store"),
                           ("store", "core"), ("keychain", "store")):
            with self.subTest(own=own, other=other):
                self.assert_found("layers", f"src/{own}/a.h", HEADER + f'#include "{other}/b.h"\n')

    def test_a_higher_folder_may_include_the_lower_ones(self):
        for own, other in (("noise", "wire"), ("core", "noise"), ("client", "store"),
                           ("relay", "transport"), ("cabi", "client"), ("transport", "crypto")):
            with self.subTest(own=own, other=other):
                self.assert_clean(f"src/{own}/a.h", HEADER + f'#include "{other}/b.h"\n')

    def test_src_may_not_include_what_stands_above_it(self):
        self.assert_found("layers", "src/base/a.h", HEADER + '#include "apps/demo/x.h"\n')
        self.assert_found("layers", "src/base/a.h", HEADER + '#include "tests/vectors.h"\n')
        self.assert_found("layers", "src/base/a.h", HEADER + '#include "log.h"\n')
        self.assert_found("layers", "src/base/a.h", HEADER + '#include "../wire/codec.h"\n')
        self.assert_found("layers", "src/misc/a.h", HEADER + '#include "base/log.h"\n')

    def test_third_party_headers_stay_with_their_owner(self):
        named = SPDX_HASH + "zerok_module(core SOURCES a.cc)\n"
        for header in ("sodium.h", "sodium/utils.h", "blake2.h", "msgpack.hpp", "gnutls/gnutls.h",
                       "ngtcp2/ngtcp2.h", "sqlite3.h", "spdlog/spdlog.h", "CLI/CLI.hpp", "gtest/gtest.h",
                       "nlohmann/json.hpp", "benchmark/benchmark.h", "boost/any.hpp", "zlib.h"):
            with self.subTest(header=header):
                found = self.lint(**{"src/core/CMakeLists.txt": named,
                                     "src/core/a.cc": SPDX + f"// Why.\n#include <{header}>\n"})
                self.assertEqual([f.rule for f in found], ["third-party"])

    def test_a_header_with_a_third_party_header_is_private_to_its_folder(self):
        private = {"src/wire/b.h": HEADER + "#include <msgpack.hpp>\n",
                   "src/wire/c.h": HEADER + '#include "wire/b.h"\n'}
        self.assertEqual([str(f) for f in self.lint(**private)], [])
        for header in ("wire/b.h", "wire/c.h"):
            with self.subTest(header=header):
                found = self.lint(**private, **{"src/noise/a.h": HEADER + f'#include "{header}"\n'})
                self.assertEqual([(f.rule, f.path) for f in found], [("third-party", "src/noise/a.h")])

    def test_a_file_may_not_be_too_long(self):
        body = HEADER + "int x;\n" * 497
        self.assert_clean("src/base/a.h", body)
        self.assert_found("size", "src/base/a.h", body + "int y;\n")

    def test_a_source_that_no_cmake_file_names_is_found(self):
        for path in ("src/wire/other.cc", "src/wire/other_test.cc", "tests/a_test.cc", "fuzz/a_fuzz.cc",
                     "bench/a.cc", "apps/demo/main.cc"):
            with self.subTest(path=path):
                self.assert_found("cmake", path, SPDX + "// Why.\n")
        named_in_a_comment = GOOD["src/wire/CMakeLists.txt"] + "# other_test.cc\n"
        found = self.lint(**{"src/wire/CMakeLists.txt": named_in_a_comment,
                             "src/wire/other_test.cc": SPDX})
        self.assertEqual([f.rule for f in found], ["cmake"])

    def test_a_script_test_that_no_cmake_file_names_is_found(self):
        for path in ("tests/integration/a_test.py", "tests/a_test.sh", "tools/a_test.py"):
            with self.subTest(path=path):
                self.assert_found("cmake", path, SPDX_HASH)
        found = self.lint(**{"tests/CMakeLists.txt": SPDX_HASH + 'add_test("${CMAKE_CURRENT_SOURCE_DIR}/b/a_test.py")\n',
                             "tests/b/a_test.py": SPDX_HASH})
        self.assertEqual([str(f) for f in found], [])

    def test_a_source_named_from_another_folder_counts(self):
        found = self.lint(**{"tests/CMakeLists.txt": SPDX_HASH + "x(../fuzz/a.cc ${CMAKE_SOURCE_DIR}/fuzz/b.cc)\n",
                             "fuzz/a.cc": SPDX + "// Why.\n", "fuzz/b.cc": SPDX + "// Why.\n"})
        self.assertEqual([str(f) for f in found], [])

    def test_the_first_line_names_the_licence(self):
        self.assert_found("spdx", "src/base/log.h", "// Why.\n" + HEADER.removeprefix(SPDX))
        self.assert_found("spdx", "dev", "#!/usr/bin/env bash\n")
        self.assert_found("spdx", "tools/x.py", "import os\n")
        self.assert_found("spdx", "tests/interop/main.rs", "fn main() {}\n")

    def test_a_header_has_pragma_once_and_a_short_file_comment(self):
        self.assert_found("pragma-once", "src/base/a.h", SPDX + "// What it is.\n")
        self.assert_found("file-comment", "src/base/a.h", SPDX + "#pragma once\n")
        self.assert_clean("src/base/a.h", SPDX + "// Line.\n" * 10 + "#pragma once\n")
        self.assert_found("file-comment", "src/base/a.h", SPDX + "// Line.\n" * 11 + "#pragma once\n")

    def test_machine_paths_and_registry_hosts_are_found(self):
        for words in ("/ro" "ot/x", "/ho" "me/me/x", "/wo" "rk/x", "/t" "mp/x", "deb.debian" ".org",
                      "registry.npmjs" ".org", "https://crates" ".io/x"):
            with self.subTest(words=words):
                self.assert_found("machine", "docs/a.md", f"see {words} there\n")
        self.assert_clean("tests/interop/Cargo.lock", 'source = "registry+https://github.com/crates' '.io-index"\n')
        self.assert_clean("docs/a.md", "src/work/x and $HOME/work/x and ${dir}/tmp/x\n")

    def test_unfinished_work_is_found(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX"):
            self.assert_found("unfinished", "docs/a.md", f"{word}: later\n")

    def test_a_dangling_link_is_found(self):
        self.assert_found("link", "docs/a.md", "[gone](protocol/gone.md)\n")
        self.assert_clean("docs/a.md", "[readme](../README.md#why)\n```\n[not a link](gone.md)\n```\n")

    def test_an_empty_tree_is_refused(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(house_lint.main(["house_lint.py", root]), 1)


if __name__ == "__main__":
    unittest.main()
