// A plain memcpy on the receiver's core: no channel and no peer. The roofline of every mechanism
// that copies: one that copies twice cannot be faster than half of it. Meant for streams that touch
// nothing else.
#include <algorithm>
#include <cstring>
#include <vector>

#include "transports/registry.hpp"

namespace ipcmark {
namespace {

class MemcpyEnd {
 public:
  void reshape(const Shape& shape) {
    source_.assign(std::max(shape.message_bytes, shape.reply_bytes), std::byte{1});
  }
  void send(std::span<const std::byte> message) {
    asm volatile("" : : "r"(message.data()) : "memory");
  }
  std::size_t recv(std::span<std::byte> buffer) {
    std::memcpy(buffer.data(), source_.data(), buffer.size());
    asm volatile("" : : "r"(buffer.data()) : "memory");
    return buffer.size();
  }

 private:
  std::vector<std::byte> source_;  // touched by its own end, after pinning
};

class Memcpy {
 public:
  static constexpr Traits traits{
      .name = "memcpy",
      .summary = "one copy on the receiver's core: the roofline of copying",
      .family = Family::floor,
      .copies = 1,
      .carries_payload = false};

  explicit Memcpy(const Shape&) {}

  template <Wait W>
  MemcpyEnd client(int) {
    return {};
  }
  template <Wait W>
  MemcpyEnd server(int) {
    return {};
  }
};

const Register<Memcpy> registered;

}  // namespace
}  // namespace ipcmark
