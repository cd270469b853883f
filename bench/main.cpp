// ipcmark: what communication between processes costs on this machine. A table of contents; exit
// codes are those of the README.
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
      std::fputs(options.text.c_str(), stdout);
      return kOk;
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

// An answer that could not be printed is no success. A reader that has seen enough (`| head`) is no
// error either: we end as a tool that never asked for SIGPIPE does.
int printed(int code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (code != kOk) return code;
  const int error = errno;
  if (error == EPIPE) {
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
    if (std::ferror(stdout) != 0) return printed(kOk);
    return complain(error.what(), kRefused);  // a full disk, a missing permission
  } catch (const std::exception& error) {
    return complain(error.what(), kInvalid);
  }
}
