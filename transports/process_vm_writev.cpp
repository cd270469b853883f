// One copy, by the sender: it writes the message into the receiver's memory.
//
// The receiver says in a shared page where its buffer is; the sender calls process_vm_writev, in
// which the kernel pins the receiver's pages, some at a time, and copies straight into them: one
// copy, one system call, and a wake-up where the receiver sleeps (another where the sender came
// first). What surprises: a message needs a receiver that waits for it, so a stream moves in
// lockstep and two ends that both send first wait for ever; a receiver that stops waiting must take
// its buffer back before somebody writes to it; and the permission is a debugger's: same user, and
// under kernel.yama.ptrace_scope 1 the consent of the process written to (PR_SET_PTRACER, given
// here to the peer alone).
#include <algorithm>

#include "transports/hand_over.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

using remote_memory::Write;

template <Wait W>
class WritevEnd {
 public:
  WritevEnd(const SharedObject& memory, Role role) : page_(memory, role) {}

  void reshape(const Shape& shape) { page_.reshape(shape); }

  void send(std::span<std::byte> message) {
    HandOver& over = page_.out();
    do {
      page_.await(over, HandOver::told, over.sender_bell);
    } while (
        !page_.change(over, HandOver::told, HandOver::claimed));  // it may have been taken back
    const std::size_t fits = std::min<std::size_t>(message.size(), over.bytes);
    remote_memory::move<Write>(page_.peer(), message.first(fits), over.address);
    over.bytes = message.size();
    page_.pass(over, HandOver::moved, over.receiver_bell);
  }

  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return take(buffer, deadline);
  }

 private:
  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    page_.let_peer_in();
    HandOver& over = page_.in();
    over.address = reinterpret_cast<std::uintptr_t>(buffer.data());
    over.bytes = buffer.size();
    page_.pass(over, HandOver::told, over.sender_bell);
    if (!page_.await(over, HandOver::moved, over.receiver_bell, deadline)) {
      if (page_.change(over, HandOver::told, HandOver::idle)) return 0;
      page_.await(over, HandOver::moved, over.receiver_bell);  // the sender is writing to it
    }
    const std::size_t n = over.bytes;
    over.state.store(HandOver::idle, std::memory_order_relaxed);
    return n;
  }

  HandOverPage<W> page_;
};

class ProcessVmWritev {
 public:
  static constexpr Traits traits{.name = "process_vm_writev",
                                 .summary = "the sender copies into the receiver's memory",
                                 .family = Family::one_copy,
                                 .copies = 1,
                                 .rendezvous = true};

  explicit ProcessVmWritev(const Shape& shape) : memory_(open_hand_overs(shape)) {
    remote_memory::require_possible<Write>();
  }

  template <Wait W>
  requires WithoutDescriptor<W> WritevEnd<kCode<W>> client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires WithoutDescriptor<W> WritevEnd<kCode<W>> server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<ProcessVmWritev> registered;

}  // namespace
}  // namespace ipcmark
