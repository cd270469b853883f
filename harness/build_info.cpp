#include "harness/build_info.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "harness/elf_bytes.hpp"
#include "harness/text_file.hpp"

#if __has_include("commit.hpp")
#include "commit.hpp"
#endif

// A throw-away build without our CMakeLists still compiles, and says that it does not know.
#ifndef IPCMARK_COMPILER
#define IPCMARK_COMPILER "unknown"
#endif
#ifndef IPCMARK_FLAGS
#define IPCMARK_FLAGS "unknown"
#endif
#ifndef IPCMARK_BUILD_TYPE
#define IPCMARK_BUILD_TYPE "unknown"
#endif
#ifndef IPCMARK_COMMIT
#define IPCMARK_COMMIT "unknown"
#endif

namespace ipcmark {
namespace {

using Id = std::optional<std::string>;

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// The GNU build-id among the notes of a segment. Names and contents are padded to four bytes.
Id build_id_in(std::string_view notes) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  std::size_t offset = 0;
  while (const auto note = at<ElfW(Nhdr)>(notes, offset)) {
    const std::size_t name_at = offset + sizeof(*note);
    const std::size_t content_at = name_at + padded(note->n_namesz);
    const bool gnu = slice(notes, name_at, note->n_namesz) == std::string_view("GNU\0", 4);
    if (gnu && note->n_type == NT_GNU_BUILD_ID) {
      return hex_of(slice(notes, content_at, note->n_descsz));
    }
    offset = content_at + padded(note->n_descsz);
  }
  return std::nullopt;
}

// Called for the program first; its answer, or lack of one, ends the walk.
int take_build_id(dl_phdr_info* object, std::size_t, void* result) {
  for (ElfW(Half) i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* start = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
    Id id = build_id_in(std::string_view(start, segment.p_memsz));
    if (!id) continue;
    *static_cast<Id*>(result) = std::move(id);
    break;
  }
  return 1;
}

}  // namespace

Id own_build_id() {
  Id id;
  ::dl_iterate_phdr(&take_build_id, &id);
  return id;
}

Id file_build_id(const std::filesystem::path& path) {
  const auto file = read_text(path);
  if (!file) return std::nullopt;
  const auto header = at<ElfW(Ehdr)>(*file, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header->e_phentsize != sizeof(ElfW(Phdr))) return std::nullopt;
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = at<ElfW(Phdr)>(*file, header->e_phoff + i * sizeof(ElfW(Phdr)));
    if (!segment || segment->p_type != PT_NOTE) continue;
    const Id id = build_id_in(slice(*file, segment->p_offset, segment->p_filesz));
    if (id) return id;
  }
  return std::nullopt;
}

BuildInfo build_info() {
  return {.compiler = IPCMARK_COMPILER,
          .flags = IPCMARK_FLAGS,
          .build_type = IPCMARK_BUILD_TYPE,
          .commit = IPCMARK_COMMIT,
          .program_id = own_build_id().value_or("unknown")};
}

}  // namespace ipcmark
