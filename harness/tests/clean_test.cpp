// What clean may remove and, more than that, what it may not.
#include "harness/clean.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <map>
#include <set>

#include "harness/journal.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

TEST(journal, reads_what_it_writes) {
  const JournalEntry entry{"msg", -5, 4711, 1'700'000'000};
  EXPECT_EQ(journal_line(entry), "msg fffffffb 4711 1700000000\n");
  EXPECT_EQ(parse_journal_line("msg fffffffb 4711 1700000000"), entry);
}

TEST(journal, leaves_out_lines_that_were_cut_off) {
  for (const char* line : {"", "msg", "msg 1f", "msg 1f 47 ", "msg zz 1 2", "msg 1 2 3 4"}) {
    EXPECT_EQ(parse_journal_line(line), std::nullopt) << line;
  }
}

// A folder with everything that clean looks at, and queues that exist only here.
class Clean : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "clean-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    for (const char* folder : {"shm", "mqueue", "tmp", "proc"})
      fs::create_directory(root_ / folder);
    world_ = {
        .journal = root_ / "journal",
        .name_dirs = {root_ / "shm", root_ / "mqueue"},
        .temp_dir = root_ / "tmp",
        .proc = root_ / "proc",
        .user = ::geteuid(),
        .now_s = std::time(nullptr) + 3600,
        .sysv_kinds = {invented("msg", "System V queue", queues_, removed_queues_),
                       invented("sem", "System V semaphores", semaphores_, removed_semaphores_),
                       invented("shm", "System V shared memory", segments_, removed_segments_)},
        .lives = [this](pid_t pid, std::int64_t) { return living_.contains(pid); }};
  }
  void TearDown() override { fs::remove_all(root_); }

  using Objects = std::map<std::int32_t, SysvFacts>;
  static SysvKind invented(const char* kind, const char* name, Objects& objects,
                           std::set<int>& removed) {
    return {.kind = kind,
            .name = name,
            .find = [&objects](std::int32_t key) -> std::optional<SysvFacts> {
              const auto found = objects.find(key);
              if (found == objects.end()) return std::nullopt;
              return found->second;
            },
            .remove = [&removed](int id) { return removed.insert(id).second; }};
  }

  fs::path file(const std::string& name) {
    std::ofstream(root_ / name) << "x";
    return root_ / name;
  }
  // As if a process had the path open.
  void hold(const std::string& path) {
    fs::create_directories(root_ / "proc/17/fd");
    fs::create_symlink(path, root_ / "proc/17/fd/3");
  }

  fs::path root_;
  CleanWorld world_;
  Objects queues_, semaphores_, segments_;
  std::set<int> removed_queues_, removed_semaphores_, removed_segments_;
  std::set<pid_t> living_;
};

TEST_F(Clean, removes_a_queue_whose_launch_is_gone) {
  append_journal(world_.journal, {{"msg", 0x1f, 100, 1'000}});
  queues_[0x1f] = {.id = 7, .owner = world_.user, .changed_s = 999};  // the slack of whole seconds
  EXPECT_EQ(clean(world_), Lines{"System V queue 0x0000001f of launch 100"});
  EXPECT_EQ(removed_queues_, std::set<int>{7});
  EXPECT_TRUE(read_journal(world_.journal).empty());
}

TEST_F(Clean, removes_shared_memory_and_never_the_queue_of_the_same_key) {
  append_journal(world_.journal, {{"shm", 0x1f, 100, 1'000}});
  queues_[0x1f] = {.id = 7, .owner = world_.user, .changed_s = 1'000};
  segments_[0x1f] = {.id = 8, .owner = world_.user, .changed_s = 1'000};
  EXPECT_EQ(clean(world_), Lines{"System V shared memory 0x0000001f of launch 100"});
  EXPECT_EQ(removed_segments_, std::set<int>{8});
  EXPECT_TRUE(removed_queues_.empty());
}

TEST_F(Clean, removes_semaphores_as_semaphores) {
  append_journal(world_.journal, {{"sem", 0x1f, 100, 1'000}});
  queues_[0x1f] = {.id = 6, .owner = world_.user, .changed_s = 1'000};
  semaphores_[0x1f] = {.id = 7, .owner = world_.user, .changed_s = 1'000};
  EXPECT_EQ(clean(world_), Lines{"System V semaphores 0x0000001f of launch 100"});
  EXPECT_EQ(removed_semaphores_, std::set<int>{7});
  EXPECT_TRUE(removed_queues_.empty());
  EXPECT_TRUE(read_journal(world_.journal).empty());
}

TEST_F(Clean, removes_named_semaphores_by_the_prefix_behind_that_of_the_library) {
  const auto ours = file("shm/sem.ipcmark-ab12-sem0");
  const auto foreign = file("shm/sem.other-ipcmark-ab12");
  EXPECT_EQ(clean(world_), Lines{ours.string()});
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(Clean, leaves_a_queue_whose_launch_lives) {
  append_journal(world_.journal, {{"msg", 0x1f, 100, 1'000}});
  queues_[0x1f] = {.id = 7, .owner = world_.user, .changed_s = 1'000};
  living_ = {100};
  EXPECT_TRUE(clean(world_).empty());
  EXPECT_TRUE(removed_queues_.empty());
  EXPECT_EQ(read_journal(world_.journal).size(), 1u);
}

TEST_F(Clean, leaves_queues_of_others_and_older_ones_with_the_same_key) {
  append_journal(world_.journal, {{"msg", 1, 100, 1'000}, {"msg", 2, 100, 1'000}});
  queues_[1] = {.id = 7, .owner = world_.user + 1, .changed_s = 1'000};
  queues_[2] = {.id = 8, .owner = world_.user, .changed_s = 997};
  queues_[3] = {.id = 9, .owner = world_.user, .changed_s = 1'000};  // not in the journal
  EXPECT_TRUE(clean(world_).empty());
  EXPECT_TRUE(removed_queues_.empty());
}

TEST_F(Clean, forgets_queues_that_are_gone_but_not_those_about_to_be_made) {
  append_journal(world_.journal, {{"msg", 1, 100, 1'000}, {"msg", 2, 200, 1'000}});
  living_ = {200};
  EXPECT_TRUE(clean(world_).empty());
  ASSERT_EQ(read_journal(world_.journal).size(), 1u);
  EXPECT_EQ(read_journal(world_.journal)[0].key, 2);
}

TEST_F(Clean, keeps_entries_it_does_not_understand) {
  append_journal(world_.journal, {{"new", 1, 100, 1'000}});
  EXPECT_TRUE(clean(world_).empty());
  EXPECT_EQ(read_journal(world_.journal).size(), 1u);
}

TEST_F(Clean, takes_up_where_a_killed_cleaning_stopped) {
  append_journal(root_ / "journal.cleaning", {{"msg", 0x1f, 100, 1'000}});
  queues_[0x1f] = {.id = 7, .owner = world_.user, .changed_s = 1'000};
  EXPECT_EQ(clean(world_).size(), 1u);
  EXPECT_FALSE(fs::exists(root_ / "journal.cleaning"));
}

TEST_F(Clean, removes_our_names_that_nobody_holds) {
  const auto left = file("shm/ipcmark-ab12-shm"), held = file("shm/ipcmark-cd34-shm");
  const auto foreign = file("shm/sem.other"), queue = file("mqueue/ipcmark-ab12-mq-there");
  const auto open_queue = file("mqueue/ipcmark-cd34-mq-there");
  hold(held.string());
  fs::create_symlink("/ipcmark-cd34-mq-there", root_ / "proc/17/fd/4");
  const Lines removed = clean(world_);
  EXPECT_EQ(std::set<std::string>(removed.begin(), removed.end()),
            (std::set<std::string>{left.string(), queue.string()}));
  EXPECT_TRUE(fs::exists(held) && fs::exists(foreign) && fs::exists(open_queue));
}

TEST_F(Clean, sees_what_is_only_mapped) {
  const auto mapped = file("shm/ipcmark-ab12-shm");
  fs::create_directories(root_ / "proc/18");
  std::ofstream(root_ / "proc/18/maps")
      << "7f0-7f1 rw-s 00000000 00:18 5    " << mapped.string() << "\n";
  EXPECT_TRUE(clean(world_).empty());
}

TEST_F(Clean, removes_old_folders_and_leaves_young_held_and_linked_ones) {
  for (const char* name : {"ipcmark-old-1", "ipcmark-held-1", "other"}) {
    fs::create_directory(root_ / "tmp" / name);
    std::ofstream(root_ / "tmp" / name / "there");
  }
  fs::create_directory_symlink(root_ / "tmp/other", root_ / "tmp/ipcmark-link-1");
  hold((root_ / "tmp/ipcmark-held-1/there").string());
  EXPECT_EQ(clean(world_), Lines{(root_ / "tmp/ipcmark-old-1").string()});
  EXPECT_TRUE(fs::exists(root_ / "tmp/other/there"));
  fs::create_directory(root_ / "tmp/ipcmark-young-1");
  world_.now_s = std::time(nullptr);
  EXPECT_TRUE(clean(world_).empty());
}

TEST_F(Clean, removes_a_run_s_young_folder_when_no_run_lives) {
  const auto of_a_run = root_ / "tmp/ipcmark-0123456789abcdef-b000-l0001-x";
  fs::create_directory(of_a_run);
  fs::create_directory(root_ / "tmp/ipcmark-test-1");
  world_.now_s = std::time(nullptr);
  EXPECT_TRUE(clean(world_).empty());
  world_.no_run = true;
  EXPECT_EQ(clean(world_), Lines{of_a_run.string()});
}

TEST_F(Clean, keeps_to_the_prefix_it_is_given) {
  file("shm/ipcmark-0123456789abcdef-b000-l0001-shm");
  const auto other = file("shm/ipcmark-0123456789abcdef-b000-l0002-shm");
  world_.prefix = "ipcmark-0123456789abcdef-b000-l0001";
  EXPECT_EQ(clean(world_).size(), 1u);
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(Clean, on_this_machine_finds_and_removes_real_semaphores) {
  const auto key = static_cast<std::int32_t>(std::time(nullptr) ^ (::getpid() << 11));
  const int id = ::semget(key, 4, IPC_CREAT | IPC_EXCL | 0600);
  if (id < 0) GTEST_SKIP() << "semget: " << std::generic_category().message(errno);
  CleanWorld real = this_world();
  real.journal = world_.journal;
  real.name_dirs.clear();
  real.temp_dir = world_.temp_dir;
  append_journal(real.journal, {{"sem", key, ::getpid(), 1'000'000}});
  EXPECT_EQ(clean(real).size(), 1u);
  EXPECT_EQ(::semctl(id, 0, GETVAL), -1);
}

TEST_F(Clean, on_this_machine_finds_and_removes_a_real_queue) {
  std::int32_t key = static_cast<std::int32_t>(std::time(nullptr) ^ (::getpid() << 12));
  const int id = ::msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  if (id < 0) GTEST_SKIP() << "msgget: " << std::generic_category().message(errno);
  CleanWorld real = this_world();
  real.journal = world_.journal;
  real.name_dirs.clear();
  real.temp_dir = world_.temp_dir;
  append_journal(real.journal, {{"msg", key, ::getpid(), std::time(nullptr)}});
  EXPECT_TRUE(clean(real).empty());  // we live
  fs::remove(real.journal);
  // A pid that is ours now but was somebody else's when the entry was written, long ago.
  append_journal(real.journal, {{"msg", key, ::getpid(), 1'000'000}});
  EXPECT_EQ(clean(real).size(), 1u);
  struct msqid_ds gone {};
  EXPECT_EQ(::msgctl(id, IPC_STAT, &gone), -1);
}

TEST_F(Clean, on_this_machine_finds_and_removes_a_real_segment) {
  const std::int32_t key = static_cast<std::int32_t>(std::time(nullptr) ^ (::getpid() << 12));
  const int id = ::shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
  if (id < 0) GTEST_SKIP() << "shmget: " << std::generic_category().message(errno);
  CleanWorld real = this_world();
  real.journal = world_.journal;
  real.name_dirs.clear();
  real.temp_dir = world_.temp_dir;
  append_journal(real.journal, {{"shm", key, ::getpid(), 1'000'000}});  // not we: long ago
  EXPECT_EQ(clean(real).size(), 1u);
  struct shmid_ds gone {};
  EXPECT_EQ(::shmctl(id, IPC_STAT, &gone), -1);
}

}  // namespace
}  // namespace ipcmark
