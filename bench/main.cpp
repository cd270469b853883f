// ipcmark: what communication between processes costs on this machine. A table of contents; exit
// codes are those of the README.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>

#include "harness/commands.hpp"
#include "harness/launch.hpp"
#include "harness/options.hpp"
#include "harness/plugin_load.hpp"
#include "harness/run.hpp"

namespace {

enum Exit { kOk = 0, kUsage = 2, kRefused = 3, kInvalid = 4 };

int dispatch(const ipcmark::Options& options) {
  using ipcmark::Command;
  switch (options.command) {
    case Command::help:
      if (std::fputs(options.text.c_str(), stdout) >= 0) return kOk;
      throw std::system_error(errno, std::generic_category(), "stdout");
    case Command::version:
      std::puts("ipcmark " IPCMARK_VERSION);
      return kOk;
    case Command::list:
      return ipcmark::list_command(options);
    case Command::run:
      return ipcmark::run_command(options);
    case Command::doctor:
      return ipcmark::doctor_command(options);
    case Command::clean:
      return ipcmark::clean_command(options);
    case Command::advise:
      return ipcmark::advise_command(options);
    case Command::launch:
      return ipcmark::launch_main(options.control_fd);
    case Command::probe_plugin:
      return ipcmark::probe_plugin_main(options.control_fd);
  }
  return kInvalid;
}

int complain(const char* what, Exit code) {
  std::fprintf(stderr, "ipcmark: %s\n", what);
  return code;
}

bool reader_is_gone() {
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// An answer that could not be printed is no success. A reader that has seen enough (`| head`) is no
// error either: we end as a tool that never asked for SIGPIPE does. `error` is the errno of a write
// that has failed already; stdio does not keep it.
int printed(int code, int error = 0) {
  const bool flushed = std::fflush(stdout) == 0;
  if (!flushed && error == 0) error = errno;
  if ((flushed && std::ferror(stdout) == 0) || code != kOk) return code;
  if (error == EPIPE || reader_is_gone()) {
    ::signal(SIGPIPE, SIG_DFL);
    ::raise(SIGPIPE);
  }
  const std::string why = error != 0 ? std::strerror(error) : "could not be written";
  return complain(("stdout: " + why).c_str(), kRefused);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const ipcmark::Options options = ipcmark::parse_options(argc, argv);
    const int code = dispatch(options);
    return options.control_fd < 0 ? printed(code) : code;  // a launch answers elsewhere
  } catch (const ipcmark::UsageError& error) {
    return complain(error.what(), kUsage);
  } catch (const ipcmark::Refused& error) {
    return complain(error.what(), kRefused);
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) return printed(kOk, error.code().value());
    return complain(error.what(), kRefused);  // a full disk, a missing permission
  } catch (const std::exception& error) {
    return complain(error.what(), kInvalid);
  }
}
