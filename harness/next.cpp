#include "harness/next.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include "harness/json_text.hpp"
#include "harness/share.hpp"
#include "transports/posix.hpp"

extern char** environ;

namespace ipcmark {

namespace {

std::string read_fully(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

nlohmann::json ask_analysis(const std::filesystem::path& run, const std::string& question) {
  int fds[2];
  check(::pipe2(fds, O_CLOEXEC), "pipe2");
  const Fd read_end(fds[0]);
  Fd write_end(fds[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  const std::string file = analysis_script("next.py");
  const std::string folder = run;
  // By its full name: another python3, without numpy, may come first on PATH.
  std::string argv[] = {"/usr/bin/python3", file, folder, "--question", question};
  char* raw[] = {argv[0].data(), argv[1].data(), argv[2].data(),
                 argv[3].data(), argv[4].data(), nullptr};
  pid_t pid = 0;
  const int rc = ::posix_spawn(&pid, raw[0], &actions, nullptr, raw, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) throw std::system_error(rc, std::generic_category(), "posix_spawn /usr/bin/python3");
  write_end = Fd();
  const std::string text = read_fully(read_end.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  auto answer = parse_json(text);
  if (status != 0 || !answer.is_object()) {
    throw std::runtime_error(
        fmt::format("{} --question {}: failed with status {}", file, question, status));
  }
  return answer;
}

}  // namespace ipcmark
