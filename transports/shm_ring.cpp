// Two rings in shared memory, one each way.
//
// The kernel maps the pages once and then has no part in a message: no system call unless an end
// sleeps (futex), no copy but the sender's into the slot and the receiver's out of it, and neither
// of these in place. What surprises: the price of a message is that of moving its cache lines
// between two cores, and a spinning end burns its whole core.
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

template <Wait W>
struct Futexes {
  Bells<W> meet(const Direction&) { return {}; }
};

class ShmRing {
 public:
  static constexpr Traits traits{.name = "shm_ring",
                                 .summary = "slots in shared memory, one ring each way",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmRing(const Shape& widest) : rooms_(widest) {}

  template <Wait W>
  ShmEnd<Futexes<kCode<W>>> client(int) {
    return {rooms_, Role::client};
  }
  template <Wait W>
  ShmEnd<Futexes<kCode<W>>> server(int) {
    return {rooms_, Role::server};
  }

 private:
  ShmRooms rooms_;
};

const Register<ShmRing> registered;

}  // namespace
}  // namespace ipcmark
