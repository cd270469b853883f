// What a transport does with what it is asked for beyond its messages: buffers, addresses, pages.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "transports/pages.hpp"
#include "transports/registry.hpp"
#include "transports/tests/huge_pages.hpp"

namespace ipcmark {
namespace {

using conformance::HugePages;
constexpr std::uint64_t kHuge = 1 << 21;

Shape shape() { return {.prefix = "ipcmark-test-" + std::to_string(::getpid())}; }

std::string refusal(const char* transport, const Shape& asked) {
  try {
    (void)find_transport(transport)->open(asked);
    return {};
  } catch (const Unavailable& reason) {
    return reason.what();
  }
}

std::uint64_t number_in(const char* path) {
  std::uint64_t number = 0;
  std::ifstream(path) >> number;
  return number;
}

TEST(axis, that_a_transport_lacks_is_refused_by_its_name) {
  Shape asked = shape();
  asked.buffer_bytes = 65536;
  EXPECT_EQ(refusal("posix_mq", asked), "posix_mq has no buffer_bytes");
  EXPECT_EQ(refusal("hybrid_sysv_mq", asked), "hybrid_sysv_mq has no buffer_bytes");
  asked = shape();
  asked.nodelay = NoDelay::off;
  EXPECT_EQ(refusal("pipe", asked), "pipe has no nodelay");
  asked = shape();
  asked.address = Address::path;
  EXPECT_EQ(refusal("tcp", asked), "tcp has no address");
  asked = shape();
  asked.page_bytes = kHuge;
  EXPECT_EQ(refusal("unix_stream", asked), "unix_stream has no page_bytes");
}

std::uint64_t buffer_got(const char* transport, std::uint64_t asked) {
  Shape widest = shape();
  widest.buffer_bytes = asked;
  const auto channel = find_transport(transport)->open(widest);
  const auto client = channel->client(0), server = channel->server(0);
  EXPECT_EQ(client->buffer_bytes(), server->buffer_bytes());
  return client->buffer_bytes();
}

TEST(buffer_bytes, are_what_was_asked_for_as_the_kernel_counts_them) {
  for (const char* pipe : {"pipe", "fifo", "hybrid_pipe"}) {
    EXPECT_EQ(buffer_got(pipe, 0), 65536u) << pipe;
    EXPECT_EQ(buffer_got(pipe, 4096), 4096u) << pipe;
    EXPECT_EQ(buffer_got(pipe, 200'000), 262'144u) << pipe << ": a power of two of pages";
  }
  EXPECT_EQ(buffer_got("posix_mq", 0), 0u);
  for (const char* socket : {"unix_stream", "unix_seqpacket", "unix_dgram", "tcp", "udp"}) {
    if (const std::string why = refusal(socket, shape()); !why.empty()) GTEST_SKIP() << why;
    EXPECT_EQ(buffer_got(socket, 100'000), 200'000u) << socket << ": twice, for its bookkeeping";
  }
}

TEST(buffer_bytes, beyond_what_a_socket_may_have_name_the_knob_and_its_value) {
  const std::uint64_t most = number_in("/proc/sys/net/core/wmem_max");
  Shape asked = shape();
  asked.buffer_bytes = most + 1;
  for (const char* socket : {"unix_stream", "unix_seqpacket", "tcp"}) {
    const std::string why = refusal(socket, asked);
    EXPECT_NE(why.find("net.core.wmem_max " + std::to_string(most) + ", needs " +
                       std::to_string(most + 1)),
              std::string::npos)
        << why;
  }
}

TEST(buffer_bytes, beyond_what_a_pipe_may_have_name_the_knob_and_its_value) {
  const uid_t nobody = 65534;
  if (::geteuid() == 0 && ::seteuid(nobody) != 0) GTEST_SKIP() << "seteuid";
  Shape asked = shape();
  asked.buffer_bytes = 2 * number_in("/proc/sys/fs/pipe-max-size");
  const std::string why = refusal("pipe", asked);
  ASSERT_EQ(::seteuid(::getuid()), 0);
  EXPECT_EQ(why.find("fcntl F_SETPIPE_SZ: Operation not permitted (buffer_bytes "), 0u) << why;
  EXPECT_NE(why.find("fs.pipe-max-size"), std::string::npos) << why;
  EXPECT_NE(why.find("needs " + std::to_string(asked.buffer_bytes)), std::string::npos) << why;
}

// Calls `look` for every socket that this process has open now and had not before `made`.
void for_each_socket_of(const std::function<std::unique_ptr<Channel>()>& make,
                        const std::function<void(int fd)>& look) {
  const auto descriptors = [] {
    std::vector<int> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      all.push_back(std::stoi(entry.path().filename().string()));
    }
    std::erase_if(all, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; });  // the listing's own
    return all;
  };
  const auto before = descriptors();
  const auto channel = make();
  int seen = 0;
  for (const int fd : descriptors()) {
    int type = 0;
    socklen_t length = sizeof type;
    if (std::ranges::find(before, fd) != before.end()) continue;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0) ++seen, look(fd);
  }
  EXPECT_EQ(seen, 2);
}

TEST(nodelay, is_on_unless_it_is_off) {
  for (const NoDelay nodelay : {NoDelay::none, NoDelay::off, NoDelay::on}) {
    Shape asked = shape();
    asked.nodelay = nodelay;
    for_each_socket_of([&] { return find_transport("tcp")->open(asked); },
                       [&](int fd) {
                         int on = 0;
                         socklen_t length = sizeof on;
                         ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &length);
                         EXPECT_EQ(on != 0, nodelay != NoDelay::off);
                       });
  }
}

// The names of both sockets: "" without one, a path, or an abstract one with its zero byte.
std::vector<std::string> names_of(const char* transport, Address address) {
  Shape asked = shape();
  asked.address = address;
  std::vector<std::string> names;
  for_each_socket_of([&] { return find_transport(transport)->open(asked); },
                     [&](int fd) {
                       sockaddr_un name{};
                       socklen_t length = sizeof name;
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
                       const std::size_t n = length - offsetof(sockaddr_un, sun_path);
                       names.emplace_back(name.sun_path, n);
                     });
  return names;
}

TEST(address, of_a_path_is_in_a_private_folder_and_gone) {
  const auto temp = std::filesystem::temp_directory_path().string();
  for (const char* transport : {"unix_stream", "unix_seqpacket", "unix_dgram"}) {
    std::size_t named = 0;
    for (const std::string& name : names_of(transport, Address::path)) {
      if (name.empty()) continue;
      ++named;
      EXPECT_TRUE(name.starts_with(temp + "/" + shape().prefix + "-")) << name;
      EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(name.c_str()).parent_path()));
    }
    EXPECT_EQ(named, std::string(transport) == "unix_dgram" ? 2u : 1u) << transport;
  }
}

TEST(address, that_is_abstract_is_another_one_each_time) {
  for (const char* transport : {"unix_stream", "unix_seqpacket", "unix_dgram"}) {
    std::vector<std::string> all;
    for (int time = 0; time < 2; ++time) {
      for (const std::string& name : names_of(transport, Address::abstract)) {
        if (name.empty()) continue;
        EXPECT_EQ(name.substr(1, shape().prefix.size()), shape().prefix);
        EXPECT_EQ(name[0], '\0');
        EXPECT_GE(name.size(), shape().prefix.size() + 34);  // 128 random bits
        EXPECT_EQ(std::ranges::count(all, name), 0);
        all.push_back(name);
      }
    }
    EXPECT_GE(all.size(), 2u);
  }
}

TEST(address, of_a_pair_is_none) {
  EXPECT_EQ(names_of("unix_stream", Address::pair), (std::vector<std::string>{"", ""}));
}

std::uint64_t pages_got(const Shape& asked) {
  const auto end = find_transport("shm_ring")->open(asked)->client(0);
  end->reshape(asked);
  return end->page_bytes();
}

TEST(page_bytes, are_the_machines_own_by_default_whatever_the_backing) {
  for (const Backing backing :
       {Backing::memfd, Backing::posix_shm, Backing::sysv_shm, Backing::mmap_file}) {
    Shape asked = shape();
    asked.backing = backing;
    EXPECT_EQ(pages_got(asked), base_page_bytes());
  }
}

TEST(page_bytes, that_are_not_reserved_name_the_number_that_would_do_and_it_does) {
  for (const Backing backing : {Backing::memfd, Backing::sysv_shm}) {
    Shape asked = shape();
    asked.backing = backing;
    asked.page_bytes = kHuge;
    const std::string why = refusal("shm_ring", asked);
    if (why.empty()) GTEST_SKIP() << "huge pages are reserved here";
    if (why.find("vm.nr_hugepages") == std::string::npos) GTEST_SKIP() << why;
    const std::uint64_t needs = std::stoull(why.substr(why.find("needs ") + 6));
    const HugePages reserved(needs - number_in("/proc/sys/vm/nr_hugepages"));
    if (number_in("/proc/sys/vm/nr_hugepages") < needs) GTEST_SKIP() << why;
    EXPECT_EQ(pages_got(asked), kHuge);
  }
}

TEST(page_bytes, of_a_file_need_a_hugetlbfs) {
  Shape asked = shape();
  asked.backing = Backing::mmap_file;
  asked.page_bytes = kHuge;
  const HugePages reserved(8);
  const auto mounted = hugetlbfs_of(kHuge);
  if (!mounted) {
    EXPECT_NE(refusal("shm_ring", asked).find("mount -t hugetlbfs"), std::string::npos);
  } else if (const std::string why = refusal("shm_ring", asked); why.empty()) {
    EXPECT_EQ(pages_got(asked), kHuge);
    EXPECT_TRUE(std::filesystem::is_empty(*mounted));
  } else {
    if (why.find(std::strerror(ENOMEM)) == std::string::npos) GTEST_SKIP() << why;
    EXPECT_NE(why.find("vm.nr_hugepages"), std::string::npos) << why;
  }
}

TEST(page_bytes, of_a_posix_name_are_never_huge) {
  Shape asked = shape();
  asked.backing = Backing::posix_shm;
  asked.page_bytes = kHuge;
  EXPECT_EQ(refusal("shm_ring", asked),
            "shm_open: Operation not supported (page_bytes 2097152; its files lie on tmpfs)");
}

}  // namespace
}  // namespace ipcmark
