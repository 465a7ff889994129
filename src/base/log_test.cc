// SPDX-License-Identifier: MIT OR Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/secret.h"

namespace zerok {
namespace {

static_assert(!log::Loggable<std::string>);
static_assert(!log::Loggable<const char*>);
static_assert(!log::Loggable<Bytes>);
static_assert(!log::Loggable<ByteView>);
static_assert(!log::Loggable<Secret<32>>);
static_assert(log::Loggable<EndpointId>);

class LogTest : public testing::Test {
 protected:
  LogTest() {
    log::set_sink([this](log::Level, std::string_view line) { lines_.emplace_back(line); });
  }
  ~LogTest() override {
    log::set_sink({});
    log::set_level(log::Level::kWarn);
  }
  std::vector<std::string> lines_;
};

TEST_F(LogTest, IsQuietBelowTheLevel) {
  log::info("not shown {}", 1);
  EXPECT_TRUE(lines_.empty());
  log::set_level(log::Level::kInfo);
  log::info("shown {}", 2);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "shown 2");
}

TEST_F(LogTest, NeverShowsAnIdentifierAtAnyLevel) {
  log::set_level(log::Level::kTrace);
  DeviceId id;
  for (auto& b : id.mutable_bytes()) b = 0x5a;
  for (auto level : {log::Level::kTrace, log::Level::kDebug, log::Level::kInfo, log::Level::kWarn,
                     log::Level::kError}) {
    log::write(level, "device {}", id);
  }
  ASSERT_EQ(lines_.size(), 5u);
  for (const auto& line : lines_) {
    EXPECT_EQ(line.find(to_hex(id.bytes()).substr(0, 8)), std::string::npos);
    EXPECT_EQ(line.find(to_base64(id.bytes()).substr(0, 8)), std::string::npos);
    EXPECT_EQ(line.rfind("device device#", 0), 0u) << line;
  }
}

TEST_F(LogTest, PrintsErrorsWithTheirNativeCode) {
  log::error("{}", Error{ErrorCode::kIo, "can't open", 13});
  log::error("{}", Error{ErrorCode::kClosed, "gone"});
  EXPECT_EQ(lines_[0], "io: can't open (native 13)");
  EXPECT_EQ(lines_[1], "closed: gone");
}

TEST_F(LogTest, ALineBreakInPublicTextCannotForgeALine) {
  log::error("name {}", log::Public{"a\n2026 error forged\x1b[31m"});
  EXPECT_EQ(lines_[0], "name a 2026 error forged [31m");
}

TEST_F(LogTest, PublicTextCannotCommandATerminal) {
  log::error("{}", log::Public{"a\x7f"
                               "b\xc2\x9b"
                               "31m\xc2\x80\xc2\x9f\xc2\xa0\xc3\x9b"});
  EXPECT_EQ(lines_[0], "a b  31m    \xc2\xa0\xc3\x9b");
}

TEST_F(LogTest, ALineIsCutAtItsBound) {
  const std::string text(100000, 'x');
  log::error("{}", log::Public{text});
  EXPECT_EQ(lines_[0], std::string(4096, 'x'));
}

TEST_F(LogTest, OffIsOffForErrorsToo) {
  log::set_level(log::Level::kOff);
  log::error("not shown");
  log::write(log::Level::kOff, "not a level to write at");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(log::enabled(log::Level::kError));
}

TEST_F(LogTest, PrintsDurationsInMilliseconds) {
  log::error("{} {}", Duration(1'234'567), Duration(-1'000));
  EXPECT_EQ(lines_[0], "1.235 ms -0.001 ms");
}

}  // namespace
}  // namespace zerok
