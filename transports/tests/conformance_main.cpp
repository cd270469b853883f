// The suite over every registered transport; with `--plugin FILE` first (again for another) over
// those of plug-ins, too. Loaded into this very process, since to conform is to be linked like a
// built-in: what hangs or crashes here fails here.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  int next = 1;
  for (; next + 1 < argc && std::string_view(argv[next]) == "--plugin"; next += 2) {
    if (::dlopen(argv[next + 1], RTLD_NOW | RTLD_LOCAL) != nullptr) continue;
    std::fprintf(stderr, "%s\n", ::dlerror());
    return 2;
  }
  argv[next - 1] = argv[0];
  int left = argc - next + 1;
  testing::InitGoogleTest(&left, argv + next - 1);  // which registers a test for every transport
  return RUN_ALL_TESTS();
}
