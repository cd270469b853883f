#include "transports/variants.hpp"

#include "transports/pages.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kHugePage = 1 << 21;

// tmpfs, where POSIX names live, has no huge pages that could be asked for.
bool can_be_huge(Backing backing) { return backing != Backing::posix_shm; }

}  // namespace

std::vector<Variant> variants(const Traits& traits) {
  const Variant usual{traits.shares_memory ? Backing::memfd : Backing::none,
                      traits.shares_memory ? base_page_bytes() : 0,
                      traits.has_address ? Address::pair : Address::none};
  std::vector<Variant> all{usual};
  const auto add = [&](Variant one) {
    if (one != usual) all.push_back(one);
  };
  if (traits.shares_memory) {
    for (const Backing backing :
         {Backing::memfd, Backing::posix_shm, Backing::sysv_shm, Backing::mmap_file}) {
      add({backing, usual.page_bytes, usual.address});
      if (can_be_huge(backing)) add({backing, kHugePage, usual.address});
    }
  }
  if (traits.has_address) {
    for (const Address address : {Address::path, Address::abstract}) {
      add({usual.backing, usual.page_bytes, address});
    }
  }
  return all;
}

}  // namespace ipcmark
