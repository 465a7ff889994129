// SPDX-License-Identifier: MIT OR Apache-2.0
// What devices say of themselves and of others, held against what is true.
#include "sim/device_machine.h"

namespace zerok::sim {
namespace {

using std::chrono::seconds;

// For how long a device may not know that the relay has something: it has to notice that its
// connection is dead, at the latest by the idle timeout. When nothing has been wrong for a while it
// is told at once.
constexpr Duration kBlindMax = seconds(75);
constexpr Duration kBlindMaxSettled = seconds(5);
constexpr Duration kSettled = seconds(120);
constexpr std::size_t kBlobsLookedAt = 4;

}  // namespace

void DeviceMachine::check_status(bool honest, Duration settled) {
  const client::ClientStatus status = process_->client->status();
  if (status.synced && status.connection != client::Connection::kOnline) {
    context_.findings.fail("status", "device {} is synced without a connection", index_);
  }
  if (status.position > status.highest && status.synced) {
    context_.findings.fail("status", "device {} is synced at {} of {}", index_, status.position,
                           status.highest);
  }
  if (status.synced && ledger_.unacknowledged() != 0) {
    context_.findings.fail("status", "device {} is synced with {} blobs that wait to be pushed",
                           index_, ledger_.unacknowledged());
  }
  if (status.outbox.pending != ledger_.unacknowledged()) {
    context_.findings.fail("status", "device {} says that {} blobs are pending; {} are", index_,
                           status.outbox.pending, ledger_.unacknowledged());
  }
  const auto numbers = ledger_.outbox_numbers();
  for (std::size_t i = 0; i < numbers.size() && i < kBlobsLookedAt; ++i) {
    const std::uint64_t number = numbers[i * numbers.size() / kBlobsLookedAt % numbers.size()];
    ledger_.check_blob_status(number, process_->client->blob_status(number));
  }
  if (!honest || !status.synced) return;
  // Something of others that the relay has and this device does not. Its own lines need no reading.
  const auto missing = context_.ledger.first_missing(index_, status.position);
  if (!missing) return;
  const Instant since = std::max(missing->since, context_.ledger.reset_at());
  if (context_.now - since > (settled > kSettled ? kBlindMaxSettled : kBlindMax)) {
    context_.findings.fail(
        "status", "device {} says that it is synced at line {}; line {} is there for {} s", index_,
        status.position, missing->cursor, (context_.now - since) / seconds(1));
  }
}

}  // namespace zerok::sim
