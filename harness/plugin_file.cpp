#include "harness/plugin_file.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "harness/build_info.hpp"
#include "harness/elf_bytes.hpp"
#include "harness/siphash.hpp"

namespace ipcmark {

namespace {

using Section = ElfW(Shdr);

ElfW(Ehdr) header_of(std::string_view elf) {
  const auto header = at<ElfW(Ehdr)>(elf, 0);
  if (elf.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
    throw PluginRefused("not a shared object: no ELF header");
  }
  if (!header) throw PluginRefused("a truncated ELF file");
  const unsigned mine = own_machine();
  if (header->e_machine != mine) {
    throw PluginRefused(fmt::format("built for {}; this program is {}",
                                    architecture_name(header->e_machine), architecture_name(mine)));
  }
  if (header->e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32)) {
    throw PluginRefused("built with pointers of another size than this program's");
  }
  if (header->e_type != ET_DYN) throw PluginRefused("an ELF file, but not a shared object");
  return *header;
}

// Where the bytes of a virtual address lie in the file.
std::size_t offset_of(std::string_view elf, const ElfW(Ehdr) & header, std::uint64_t address) {
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<ElfW(Phdr)>(elf, header.e_phoff + i * sizeof(ElfW(Phdr)));
    if (!segment) break;
    if (segment->p_type != PT_LOAD || address < segment->p_vaddr) continue;
    const std::uint64_t inside = address - segment->p_vaddr;
    if (inside < segment->p_filesz) return segment->p_offset + inside;
  }
  throw PluginRefused(fmt::format("its symbol {} has no bytes in the file", kPluginSymbol));
}

// The address of the descriptor among the dynamic symbols.
std::uint64_t symbol_address(std::string_view elf, const ElfW(Ehdr) & header) {
  const auto section = [&](std::size_t i) {
    return at<Section>(elf, header.e_shoff + i * sizeof(Section));
  };
  // The table of sections is a file's end: what was cut off lacks a part of it.
  if (header.e_shnum != 0 && !section(header.e_shnum - 1)) {
    throw PluginRefused("a truncated ELF file");
  }
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const auto symbols = section(i);
    if (!symbols) break;
    if (symbols->sh_type != SHT_DYNSYM) continue;
    const auto names = section(symbols->sh_link);
    if (!names) break;
    const auto strings = slice(elf, names->sh_offset, names->sh_size);
    for (std::size_t at_byte = 0; at_byte + sizeof(ElfW(Sym)) <= symbols->sh_size;
         at_byte += sizeof(ElfW(Sym))) {
      const auto symbol = at<ElfW(Sym)>(elf, symbols->sh_offset + at_byte);
      if (!symbol) break;
      const auto name = slice(strings, symbol->st_name, std::strlen(kPluginSymbol) + 1);
      if (symbol->st_shndx == SHN_UNDEF || !name.ends_with('\0')) continue;
      if (name.substr(0, name.size() - 1) == kPluginSymbol) return symbol->st_value;
    }
  }
  throw PluginRefused(fmt::format("no symbol {}: not a plug-in of ipcmark", kPluginSymbol));
}

std::string read_regular(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw PluginRefused(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw PluginRefused("not a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw PluginRefused(std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

PluginDescriptor descriptor_in(std::string_view elf) {
  const ElfW(Ehdr) header = header_of(elf);
  const std::size_t offset = offset_of(elf, header, symbol_address(elf, header));
  const auto found = at<PluginDescriptor>(elf, offset);
  if (!found || found->magic != kPluginMagic) {
    throw PluginRefused(fmt::format("its symbol {} is no descriptor", kPluginSymbol));
  }
  if (found->version != kPluginVersion || found->bytes != sizeof(PluginDescriptor)) {
    throw PluginRefused(fmt::format("descriptor version {}; this program reads version {}",
                                    found->version, kPluginVersion));
  }
  if (found->contract != kContract) {
    throw PluginRefused(
        fmt::format("compiled against other headers (contract {:016x}); this program's are "
                    "{:016x}: compile it again",
                    found->contract, kContract));
  }
  if (found->layout != contract_layout()) {
    throw PluginRefused(
        "its types have other sizes than this program's: compiled with other "
        "flags or another standard library");
  }
  return *found;
}

PluginFile read_plugin(const std::filesystem::path& path) {
  const std::string elf = read_regular(path);
  return {.descriptor = descriptor_in(elf),
          .architecture = architecture_name(header_of(elf).e_machine),
          .build_id = file_build_id(path).value_or(""),
          .content = hex(siphash(elf, {0, 0}))};
}

}  // namespace ipcmark
