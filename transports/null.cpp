// No mechanism: send and recv do nothing, so what is measured is the harness itself, the floor
// under every other number. With delay_steps each send also takes a known time, which the harness
// must find again.
#include "transports/delay.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

class NullEnd {
 public:
  explicit NullEnd(Role role) : role_(role) {}

  void reshape(const Shape& shape) { steps_ = role_ == Role::client ? shape.delay_steps : 0; }
  void send(std::span<const std::byte> message) {
    delay_chain(link_, steps_);
    asm volatile("" : : "r"(message.data()) : "memory");  // the payload was written for somebody
  }
  std::size_t recv(std::span<std::byte> buffer) {
    asm volatile("" : : "r"(buffer.data()) : "memory");
    return buffer.size();
  }

 private:
  Role role_;
  std::uint64_t steps_ = 0;
  std::uint64_t link_ = 3;
};

class Null {
 public:
  static constexpr Traits traits{.name = "null",
                                 .summary = "no mechanism: the floor of the harness",
                                 .family = Family::floor,
                                 .copies = 0,
                                 .carries_payload = false};

  explicit Null(const Shape&) {}

  template <Wait W>
  NullEnd client(int) {
    return NullEnd(Role::client);
  }
  template <Wait W>
  NullEnd server(int) {
    return NullEnd(Role::server);
  }
};

const Register<Null> registered;

}  // namespace
}  // namespace ipcmark
