// A plug-in that goes wrong on request: while it is loaded as IPCMARK_TEST_AT_LOAD says, and in
// each of its transports, which are pipes, as the transport's name says.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "transports/plugin.hpp"
#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace {

using namespace ipcmark;

enum class Fault { none, hang, crash, exit, exception, number, corrupt, size, time, open, missing };

constexpr std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "behaves";
    case Fault::hang:
      return "hangs";
    case Fault::crash:
      return "crashes";
    case Fault::exit:
      return "exits";
    case Fault::exception:
      return "throws";
    case Fault::number:
      return "throws_a_number";
    case Fault::corrupt:
      return "corrupts";
    case Fault::size:
      return "lies_about_sizes";
    case Fault::time:
      return "lies_about_time";
    case Fault::open:
      return "crashes_when_opened";
    case Fault::missing:
      return "is_missing";
  }
  return "";
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

[[noreturn]] void crash() {
  ::signal(SIGSEGV, SIG_DFL);
  ::raise(SIGSEGV);
  std::abort();
}

template <Fault F>
class BadEnd {
 public:
  BadEnd(StreamEnd<> inner, Role role) : inner_(std::move(inner)), role_(role) {}

  void send(std::span<std::byte> message) {
    if (role_ == Role::server && ++sent_ == kFaultAfter) misbehave(message);
    inner_.send(message);
  }
  std::size_t recv(std::span<std::byte> buffer) {
    const std::size_t got = inner_.recv(buffer);
    return F == Fault::size && role_ == Role::server && sent_ == kFaultAfter ? got - 1 : got;
  }

 private:
  // Past the verified 32 messages and the probe's 12, before the least that is measured after them.
  static constexpr int kFaultAfter = 46;

  static void misbehave(std::span<std::byte> message) {
    if constexpr (F == Fault::hang) hang();
    if constexpr (F == Fault::crash) crash();
    if constexpr (F == Fault::exit) ::_exit(0);
    if constexpr (F == Fault::exception) throw std::runtime_error("the mechanism broke");
    if constexpr (F == Fault::number) throw 42;
    if constexpr (F == Fault::corrupt) message[message.size() / 2] ^= std::byte{0x20};
  }

  StreamEnd<> inner_;
  Role role_;
  int sent_ = 0;
};

template <Fault F>
class Bad {
 public:
  static constexpr Traits traits{
      .name = name_of(F), .summary = "goes wrong on request", .copies = 2, .boundaries = false};

  explicit Bad(const Shape& shape) : shape_(shape) {
    if constexpr (F == Fault::open) crash();
    if constexpr (F == Fault::missing) throw Unavailable("mechanism: Function not implemented");
    for (auto* pair : {there_, back_}) {
      int fds[2];
      available(::pipe2(fds, O_CLOEXEC), "pipe2");
      pair[0] = Fd(fds[0]), pair[1] = Fd(fds[1]);
    }
  }
  template <Wait W>
  BadEnd<F> client(int) {
    return {{std::move(back_[0]), std::move(there_[1]), shape_}, Role::client};
  }
  template <Wait W>
  BadEnd<F> server(int) {
    return {{std::move(there_[0]), std::move(back_[1]), shape_}, Role::server};
  }

 private:
  Shape shape_;
  Fd there_[2], back_[2];
};

// Ten times as fast as it was: every message is carried, and the stamps are drawn together.
void ask_and_lie(BadEnd<Fault::time>& end, const Job& job, std::span<std::byte> message,
                 std::span<std::byte> reply, Tally& tally) {
  const auto care = keystream::care(job.touch, job.verify);
  const std::uint64_t began = ticks::now();
  for (std::uint64_t i = job.first_sequence; i < job.first_sequence + job.messages; ++i) {
    patterns::put<Access::copy>(end, message, care, keystream::key(i));
    static_cast<void>(end.recv(reply));
  }
  const std::uint64_t stamps = 1 + job.messages / job.messages_each;
  const std::uint64_t each = (ticks::now() - began) / 10 / stamps;
  for (std::uint64_t i = 0; i < stamps; ++i) tally.stamps[tally.stamped++] = began + i * each;
  tally.messages += job.messages;
}

}  // namespace

// The pattern loops are templates, so whoever compiles them may write others.
namespace ipcmark::patterns {
template <>
void ask<Access::copy, false>(BadEnd<Fault::time>& end, const Job& job,
                              std::span<std::byte> message, std::span<std::byte> reply,
                              Tally& tally) {
  ask_and_lie(end, job, message, reply, tally);
}
}  // namespace ipcmark::patterns

namespace {

[[maybe_unused]] const bool loaded = [] {
  const char* how = std::getenv("IPCMARK_TEST_AT_LOAD");
  const std::string_view fault = how != nullptr ? how : "";
  if (fault == "hang") hang();
  if (fault == "crash") crash();
  if (fault == "exit") ::_exit(0);
  if (fault == "deaf") ::close_range(3, ~0u, 0), hang();  // says good-bye, and stays
  if (fault == "litter" && ::fork() == 0) hang();         // which keeps the control socket open
  if (fault == "throw") throw std::runtime_error("a static constructor threw");
  return true;
}();

const Register<Bad<Fault::none>> none;
const Register<Bad<Fault::hang>> hangs;
const Register<Bad<Fault::crash>> crashes;
const Register<Bad<Fault::exit>> exits;
const Register<Bad<Fault::exception>> throws;
const Register<Bad<Fault::number>> throws_a_number;
const Register<Bad<Fault::corrupt>> corrupts;
const Register<Bad<Fault::size>> lies_about_sizes;
const Register<Bad<Fault::time>> lies_about_time;
const Register<Bad<Fault::open>> crashes_when_opened;
const Register<Bad<Fault::missing>> is_missing;

}  // namespace

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("misbehaving");
