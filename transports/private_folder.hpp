// Where a name has to lie in the file system for a moment: a folder that nobody else can look into.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "transports/posix.hpp"

namespace ipcmark {

// Where temporary files go, as std::filesystem looks for it, which does not say where it looked:
// "temporary folder: No such file or directory (TMPDIR=/nowhere)".
[[nodiscard]] inline std::filesystem::path temporary_folder() {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (!error) return folder;
  for (const char* name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) {
      throw Unavailable("temporary folder: " + error.message() + " (" + name + "=" + value + ")");
    }
  }
  throw Unavailable("temporary folder: " + error.message() + " (/tmp)");
}

// In the temporary directory, unless another is named, 0700, with an unpredictable name; gone with
// this object, by when whoever made a file in it has unlinked that.
class PrivateFolder {
 public:
  explicit PrivateFolder(const std::string& prefix,
                         const std::filesystem::path& parent = temporary_folder())
      : path_(parent / (prefix + "-XXXXXX")) {
    if (::mkdtemp(path_.data()) == nullptr) refused("mkdtemp", errno, "in " + parent.string());
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() { ::rmdir(path_.c_str()); }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A new file without a name, where `path` is free for a moment.
[[nodiscard]] inline Fd open_unlinked(const std::string& path) {
  Fd fd(available(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
                  "open"));
  check(::unlink(path.c_str()), "unlink");
  return fd;
}

}  // namespace ipcmark
