// ipcmark: what communication between processes costs on this machine. A table of contents; exit
// codes are those of the README.
#include <cstdio>
#include <exception>
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

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(ipcmark::parse_options(argc, argv));
  } catch (const ipcmark::UsageError& error) {
    return complain(error.what(), kUsage);
  } catch (const ipcmark::Refused& error) {
    return complain(error.what(), kRefused);
  } catch (const std::system_error& error) {
    return complain(error.what(), kRefused);  // a full disk, a missing permission
  } catch (const std::exception& error) {
    return complain(error.what(), kInvalid);
  }
}
