#include "harness/ipc_space.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "transports/posix.hpp"
#include "transports/proc_number.hpp"

namespace ipcmark {

namespace {

struct IpcLimit {
  const char* name;  // in a record
  const char* file;  // below /proc/
  // Fixed, so that two machines measure the same queues; none is changed where the default is
  // ample.
  const char* raised = nullptr;
};

// The two of fs.mqueue are the highest that the kernel takes (HARD_MSGMAX, HARD_MSGSIZEMAX); a
// System V queue is to hold one message of the widest.
constexpr std::array<IpcLimit, 6> kIpcLimits{{
    {"fs.mqueue.msg_max", "sys/fs/mqueue/msg_max", "65536"},
    {"fs.mqueue.msgsize_max", "sys/fs/mqueue/msgsize_max", "16777216"},
    {"fs.mqueue.queues_max", "sys/fs/mqueue/queues_max", "1024"},
    {"kernel.msgmax", "sys/kernel/msgmax", "16777216"},
    {"kernel.msgmnb", "sys/kernel/msgmnb", "16777216"},
    {"kernel.msgmni", "sys/kernel/msgmni"},
}};

void raise_limit(const IpcLimit& limit) {
  const std::string path = std::string("/proc/") + limit.file;
  const Fd file(available(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open " + path));
  const std::string_view value = limit.raised;
  available(::write(file.get(), value.data(), value.size()), "write " + path);
}

// A limit of processes, not of the namespace: the roles inherit it and nobody else. As far as this
// one may; what was got is recorded, and a queue beyond it is refused with its value.
void raise_queue_bytes() {
  const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MSGQUEUE, &none) == 0) return;
  rlimit limit{};
  check(::getrlimit(RLIMIT_MSGQUEUE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(::setrlimit(RLIMIT_MSGQUEUE, &limit), "setrlimit");
}

}  // namespace

void enter_private_ipc() {
  available(::unshare(CLONE_NEWIPC), "unshare");
  for (const IpcLimit& limit : kIpcLimits) {
    if (limit.raised != nullptr) raise_limit(limit);
  }
  raise_queue_bytes();
  // What is left in the namespace ends with it; outside it the key of a queue in it means nothing.
  ::unsetenv("IPCMARK_JOURNAL");
}

nlohmann::json ipc_limits_now() {
  auto all = nlohmann::json::object();
  for (const IpcLimit& limit : kIpcLimits) {
    const auto value = proc_number(limit.file);
    all[limit.name] = value ? nlohmann::json(*value) : nlohmann::json();
  }
  rlimit bytes{};
  check(::getrlimit(RLIMIT_MSGQUEUE, &bytes), "getrlimit");
  const bool unlimited = bytes.rlim_cur == RLIM_INFINITY;
  all["RLIMIT_MSGQUEUE"] = unlimited ? nlohmann::json() : nlohmann::json(bytes.rlim_cur);
  return all;
}

}  // namespace ipcmark
