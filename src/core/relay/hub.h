// SPDX-License-Identifier: MIT OR Apache-2.0
// RelayHub: the relay's side of docs/protocol/messages.md for all its connections: who may ask
// what, which cursor a blob gets, who is told, what is removed when. Pure: messages, facts and time
// go in; effects come out (effects.h). After every call take poll_effect() until nothing, answering
// each Read at once. What a batch of calls changed is undone as a whole by handle_store_failed() or
// holds from handle_committed() on; groups and sessions are bounded by RelayLimits.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "core/relay/group.h"
#include "core/relay/limits.h"
#include "core/relay/mailboxes.h"
#include "core/relay/retention_clock.h"
#include "core/relay/session.h"

namespace zerok::core {

struct RelayPolicy {
  RelayLimits limits;
  // What a new group needs; nothing: groups are open to all.
  std::optional<Bytes> admission_token;
};

// What the store holds in all.
struct DiskUse {
  std::uint64_t groups = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t lines = 0;
};

class RelayHub {
 public:
  RelayHub(const RelayPolicy& policy, const EndpointId& relay, const RetentionClock& clock,
           const DiskUse& use, Instant now);

  void handle_opened(SessionId session, const SessionPeer& peer, Instant now);
  // The body has to stay until the effects are taken.
  void handle_message(SessionId session, wire::MessageKey key, ByteView body, Instant now);
  void handle_closed(SessionId session, Instant now);
  // Much waits to be sent to it, or no longer.
  void set_congested(SessionId session, bool congested, Instant now);
  void handle_timeout(Instant now, UnixMs wall);
  Instant next_timeout() const;

  // All changes so far are durable: who waits for them is told.
  void handle_committed(const DiskUse& use, Instant now);
  // The store refused something, or the commit: all changes since the last one are undone. Before
  // this, drop what is held for sessions that depend on the commit; they end with RELAY_OVERLOADED.
  void handle_store_failed(Instant now);
  // It may have been told what is true only once the open transaction is durable.
  bool depends_on_commit(SessionId session) const;

  // Every session is told RELAY_SHUTTING_DOWN; new ones are too.
  void shut_down(Instant now);

  std::optional<RelayEffect> poll_effect();
  void handle_read(RelayAnswer answer, Instant now);

  std::size_t sessions() const { return sessions_.size(); }
  std::size_t groups() const { return groups_.size(); }
  std::size_t mailboxes() const { return mailboxes_.size(); }
  std::uint64_t blobs_committed() const { return blobs_committed_; }
  std::uint64_t payloads_removed() const { return payloads_removed_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t errors() const { return errors_; }

 private:
  // A line that was appended since the last commit; with its bytes if a NOTIFY may bring them.
  struct FreshLine {
    std::uint64_t cursor = 0;
    BlobId blob{};
    DeviceId sender{};
    Bytes sealed;
  };
  struct Before {
    std::uint64_t payload_bytes = 0;
    wire::Position floor{};
  };
  struct Group {
    RelayGroup state;
    std::map<DeviceId, SessionId> online{};
    std::set<SessionId> unenrolled{};
    // Since the last commit; `before`: what clean-up may have changed.
    bool touched = false;
    std::optional<Before> before{};
    std::vector<FreshLine> fresh{};
    std::size_t fresh_bytes = 0;
    std::set<DeviceId> fresh_states{};
    bool fresh_roster = false;
    // Acknowledgements to be saved, or lines to be removed, then.
    Instant chores_at = kNever;
    bool sweep_wanted = false;
    std::uint64_t sweep_to = 0;  // lines up to here were looked at in this round
    bool quota_told = false;
  };
  struct DeviceRates {
    TokenBucket blobs;
    TokenBucket bytes;
  };

  // What goes on when a Read is answered; there is one at a time. Views are into the message.
  struct HelloOp {
    SessionId session{};
    std::uint32_t request = 0;
    wire::Hello hello;
  };
  struct PushOp {
    SessionId session{};
    std::uint32_t request = 0;
    wire::Push push;
  };
  struct DeleteOp {
    SessionId session{};
    std::uint32_t request = 0;
  };
  struct PullOp {
    SessionId session{};
    std::uint32_t request = 0;
    std::uint64_t after = 0;
    std::uint32_t lines_max = 0;
    std::uint32_t bytes_max = 0;
    bool own_content = false;
  };
  struct SweepOp {
    GroupId group{};
    std::size_t asked = 0;
  };
  struct ExpiryOp {
    std::vector<LineKey> lines;
    std::size_t next = 0;
  };
  struct StubsOp {
    std::vector<LineKey> lines;
    std::size_t next = 0;
  };
  using Op =
      std::variant<std::monostate, HelloOp, PushOp, DeleteOp, PullOp, SweepOp, ExpiryOp, StubsOp>;

  using Sessions = std::map<SessionId, RelaySession>;
  using Groups = std::map<GroupId, Group>;

  // hub.cc: sessions, the one switch, answers.
  RelaySession* find(SessionId id);
  Group* group_of(const RelaySession& session);
  void dispatch(SessionId id, RelaySession& session, std::uint32_t request,
                const wire::AnyMessage& message, Instant now);
  void handle_first(SessionId id, RelaySession& session, wire::MessageKey key,
                    const wire::AnyMessage& message, Instant now);
  bool begin_request(SessionId id, RelaySession& session, std::uint32_t request, Instant now);
  // The priority it goes out with: what is large may be overtaken.
  wire::Priority send(SessionId id, std::uint32_t request, const wire::AnyMessage& message);
  wire::Priority answer(SessionId id, std::uint32_t request, const wire::AnyMessage& message);
  void refuse(SessionId id, std::uint32_t request, wire::WireErrorCode code,
              std::uint32_t retry_after_ms = 0);
  // The session's last word.
  void end(SessionId id, std::uint32_t request, wire::WireErrorCode code, Instant now,
           std::uint32_t retry_after_ms = 0);
  void unregister(SessionId id, RelaySession& session, Instant now);
  void drop_if_idle(const GroupId& group);
  void forget(const GroupId& group);
  // Its devices learn of the change, or of the failure to make it durable.
  void touch(Group& group);
  // A change that nobody is told of.
  void touch_quietly(Group& group);
  void schedule(SessionId id, RelaySession& session);
  void wake(SessionId id, Instant now);

  // hub_hello.cc
  void begin_hello(SessionId id, std::uint32_t request, const wire::Hello& hello, Instant now);
  void handle_group_read(HelloOp op, std::optional<GroupRecord> record, Instant now);
  void handle_group_created(HelloOp op, LogKey key, Instant now);
  Result<Group*> adopt(GroupRecord record);
  void admit(HelloOp op, Group& group, Instant now);
  void register_full(SessionId id, RelaySession& session, Group& group, Instant now);
  void welcome(const HelloOp& op, const ReadStart::Answer& start, Instant now);
  wire::SessionLimits told_limits(const Group& group) const;

  // hub_write.cc
  void begin_push(SessionId id, RelaySession& session, std::uint32_t request,
                  const wire::Push& push);
  void handle_push_blobs(const PushOp& op, const ReadBlobs::Answer& known, Instant now);
  std::optional<wire::Refusal> may_append(const Group& group, DeviceRates& rates,
                                          std::size_t sealed_bytes, Instant now);
  void append(Group& group, const DeviceId& sender, const wire::PushBlob& blob,
              const CiphertextHash& hash, Instant now);
  void handle_delete_blob(const DeleteOp& op, const ReadBlobs::Answer& known, Instant now);
  void handle_device_state(SessionId id, RelaySession& session, std::uint32_t request,
                           const wire::DeviceState& message, Instant now);
  DeviceRates& rates_of(const RelaySession& session, Instant now);

  // hub_read.cc
  void begin_pull(SessionId id, RelaySession& session, std::uint32_t request,
                  const wire::Pull& pull, Instant now);
  void read_lines(const PullOp& op, const RelaySession& session, const Group& group);
  void handle_pull_lines(const PullOp& op, const ReadLines::Answer& read, Instant now);
  void acknowledge(RelaySession& session, std::uint64_t stored, Instant now);

  // hub_roster.cc
  void send_roster(SessionId id, RelaySession& session, std::uint32_t request, const Group& group,
                   std::uint32_t first);
  void handle_append(SessionId id, RelaySession& session, std::uint32_t request,
                     const wire::RosterAppend& message, Instant now);
  void end_left_devices(Group& group, Instant now);

  // hub_notices.cc
  void tell_group(Group& group, Instant now);
  void notify_lines(SessionId id, RelaySession& session, const Group& group, Instant now);
  void flush_notices(SessionId id, RelaySession& session, Instant now);
  void send_notify(SessionId id, RelaySession& session, const Group& group, Instant now);
  void send_presence(SessionId id, RelaySession& session, const Group& group, Instant now);
  void presence_changed(Group& group, Instant now);
  bool is_short_of_space(const Group& group) const;

  // hub_mailbox.cc
  MailboxCaller caller_of(SessionId id, const RelaySession& session, std::uint32_t request) const;
  void tell(const MailboxAnswers& answers);

  // hub_cleanup.cc
  void want_chores(Group& group, bool sweep, Instant now);
  void set_chores(Group& group, Instant at);
  void undo_chores(Group& group, Instant now);
  void save_devices(Group& group);
  void do_chores(Group& group);
  void handle_sweep(const SweepOp& op, const ReadPayloads::Answer& lines, Instant now);
  void handle_cleanup_read(Op op, RelayAnswer answer, Instant now);
  void expire_next(Instant now);
  void expire_line(ExpiryOp& op, const ReadPayloads::Answer& found, Instant now);
  void begin_old_stubs(Instant now);
  void drop_next_stubs();
  void handle_floor(const LineKey& asked, const wire::Position& floor, Instant now);
  void drop_idle_rates(Instant now);
  void removed(LogKey group, std::uint64_t sealed_bytes);
  Group* loaded(LogKey key);
  std::set<DeviceId> online_of(const Group& group) const;

  RelayPolicy policy_;
  const RelayLimits& limits() const { return policy_.limits; }
  EndpointId relay_;
  RetentionClock clock_;
  UnixMs wall_ = 0;
  bool shutting_down_ = false;

  Sessions sessions_;
  Groups groups_;
  std::map<LogKey, GroupId> by_key_;
  Mailboxes mailboxes_;
  std::map<std::pair<GroupId, DeviceId>, DeviceRates> rates_;
  std::pair<GroupId, DeviceId> rates_from_{};  // where dropping idle ones goes on
  TokenBucket new_groups_;
  std::size_t guests_ = 0;

  // The disk as of the last commit, and what was added since.
  DiskUse use_;
  std::uint64_t added_bytes_ = 0;
  std::uint64_t added_groups_ = 0;

  std::set<std::pair<Instant, SessionId>> timers_;
  std::set<std::pair<Instant, GroupId>> chores_;
  Instant cleanup_at_;
  Instant save_clock_at_;

  std::set<GroupId> touched_;
  std::set<GroupId> told_;  // of these, those whose devices are to learn of it
  // Requests that got their answer since the last commit.
  std::vector<std::pair<SessionId, std::uint32_t>> answered_;
  // Sessions that got their last word since the last commit.
  std::set<SessionId> ended_;
  // Whose request is being carried out, for when the store fails.
  std::optional<std::pair<SessionId, std::uint32_t>> acting_;
  Op op_;
  std::deque<RelayEffect> effects_;

  std::uint64_t blobs_committed_ = 0;
  std::uint64_t payloads_removed_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace zerok::core
