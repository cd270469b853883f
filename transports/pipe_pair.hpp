// What the transports made of two pipes share: the ends, and the size of the kernel's buffers.
#pragma once

#include <fcntl.h>

#include <bit>
#include <cstdint>
#include <string>
#include <utility>

#include "transports/mailbox.hpp"
#include "transports/posix.hpp"
#include "transports/proc_number.hpp"
#include "transports/stream_end.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// One direction.
struct PipeFds {
  Fd read, write;
};

// A pipe holds what it is asked for, rounded up to a power of two of pages; what it got is for the
// record. One without privilege gets no more than fs.pipe-max-size, and less when its user has
// many.
inline void set_capacity(const Fd& pipe, std::uint64_t bytes) {
  if (bytes == 0) return;
  if (::fcntl(pipe.get(), F_SETPIPE_SZ, static_cast<int>(bytes)) >= 0) return;
  const int error = errno;
  const std::uint64_t needed = std::bit_ceil(bytes);
  const auto most = proc_number("sys/fs/pipe-max-size");
  std::string why = "buffer_bytes " + std::to_string(bytes) + "; ";
  if (most && needed > *most) {
    why += "fs.pipe-max-size " + std::to_string(*most) + ", needs " + std::to_string(needed);
  } else {
    why += "fs.pipe-user-pages-soft " + proc_text("sys/fs/pipe-user-pages-soft") +
           ", fs.pipe-user-pages-hard " + proc_text("sys/fs/pipe-user-pages-hard");
  }
  refused("fcntl F_SETPIPE_SZ", error, why);
}

// A transport of two pipes, one each way. Opener: the traits, and open(prefix) that makes one.
template <class Opener>
class TwoPipes {
 public:
  static constexpr Traits traits = Opener::traits;

  explicit TwoPipes(const Shape& shape) : shape_(shape) {
    require_atomic(traits.name, shape);
    there_ = open(shape), back_ = open(shape);
  }

  template <Wait W>
  StreamEnd<PipeCalls> client(int) {
    return {part_of(back_.read, shape_), part_of(there_.write, shape_), shape_};
  }
  template <Wait W>
  StreamEnd<PipeCalls> server(int) {
    return {part_of(there_.read, shape_), part_of(back_.write, shape_), shape_};
  }

 private:
  static PipeFds open(const Shape& shape) {
    PipeFds fds = Opener::open(shape.prefix);
    set_capacity(fds.write, shape.buffer_bytes);
    return fds;
  }

  Shape shape_;
  PipeFds there_, back_;
};

}  // namespace ipcmark
