// One copy, by the receiver: it reads the message out of the sender's memory.
//
// The sender says in a shared page where its message lies and how long it is; the receiver calls
// process_vm_readv, in which the kernel pins the sender's pages, some at a time, and copies from
// them straight into the receiver's buffer: one copy, one system call, and a wake-up for the word
// and another for its return where ends sleep. What surprises: without a second copy nothing is
// kept between the ends, so that send returns only when the receiver has taken the message: a
// stream moves in lockstep, and two ends that both send first wait for ever. The call asks the same
// permission as a debugger: same user, and under kernel.yama.ptrace_scope 1 the consent of the
// process read (PR_SET_PTRACER, given here to the peer alone); small messages cost more than their
// second copy would.
#include <algorithm>

#include "transports/hand_over.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

using remote_memory::Read;

template <Wait W>
class ReadvEnd {
 public:
  ReadvEnd(const SharedObject& memory, Role role) : page_(memory, role) {}

  void reshape(const Shape& shape) { page_.reshape(shape); }

  void send(std::span<const std::byte> message) {
    page_.let_peer_in();
    HandOver& over = page_.out();
    over.address = reinterpret_cast<std::uintptr_t>(message.data());
    over.bytes = message.size();
    page_.pass(over, HandOver::told, over.receiver_bell);
    page_.await(over, HandOver::idle, over.sender_bell);
  }

  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return take(buffer, deadline);
  }

 private:
  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    HandOver& over = page_.in();
    if (!page_.await(over, HandOver::told, over.receiver_bell, deadline)) return 0;
    const std::size_t n = over.bytes;
    remote_memory::move<Read>(page_.peer(), buffer.first(std::min(n, buffer.size())), over.address);
    page_.pass(over, HandOver::idle, over.sender_bell);
    return n;
  }

  HandOverPage<W> page_;
};

class ProcessVmReadv {
 public:
  static constexpr Traits traits{.name = "process_vm_readv",
                                 .summary = "the receiver copies out of the sender's memory",
                                 .family = Family::one_copy,
                                 .copies = 1,
                                 .rendezvous = true};

  explicit ProcessVmReadv(const Shape& shape) : memory_(open_hand_overs(shape)) {
    remote_memory::require_possible<Read>();
  }

  template <Wait W>
  requires WithoutDescriptor<W> ReadvEnd<kCode<W>> client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires WithoutDescriptor<W> ReadvEnd<kCode<W>> server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<ProcessVmReadv> registered;

}  // namespace
}  // namespace ipcmark
