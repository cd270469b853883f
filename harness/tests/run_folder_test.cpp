#include "harness/run_folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <fstream>
#include <memory>

#include "harness/packed.hpp"
#include "harness/plan.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() {
    std::string name = (fs::temp_directory_path() / "ipcmark-test-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
  }
  ~RunFolderTest() override { fs::remove_all(base_); }

  static std::vector<json> launch(const std::string& id, int rungs) {
    std::vector<json> records;
    for (int i = 0; i < rungs; ++i) {
      records.push_back({{"launch_id", id},
                         {"block", 0},
                         {"rungs", rungs},
                         {"status", "ok"},
                         {"reason", ""},
                         {"case", {{"placement", "same_core"}}}});
    }
    return records;
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(base_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path base_;
};

TEST_F(RunFolderTest, is_partial_until_complete) {
  RunFolder folder = RunFolder::create(base_ / "night");
  EXPECT_EQ(folder.path(), base_ / "night.partial");
  EXPECT_EQ(folder.name(), "night");
  folder.append("latency", launch("b000-l0000", 1));
  EXPECT_TRUE(folder.complete().empty());
  EXPECT_TRUE(fs::exists(base_ / "night" / "latency.jsonl"));
  EXPECT_FALSE(fs::exists(base_ / "night.partial"));
}

TEST_F(RunFolderTest, is_never_overwritten) {
  EXPECT_TRUE(RunFolder::create(base_ / "night").complete().empty());
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError);
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night/")), UsageError);
}

TEST_F(RunFolderTest, a_partial_one_is_resumed_not_begun_again) {
  RunFolder::create(base_ / "night").write("manifest.json", "{}");
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError);
  EXPECT_THROW(static_cast<void>(RunFolder::reopen(base_ / "other")), UsageError);
}

TEST_F(RunFolderTest, what_was_killed_before_its_manifest_makes_room) {
  static_cast<void>(RunFolder::create(base_ / "night"));
  const RunFolder begun = RunFolder::create(base_ / "night");
  begun.write("environment.json", "{}");
  begun.write("environment.xml.new", "cut off");
  static_cast<void>(RunFolder::create(base_ / "night"));
  EXPECT_TRUE(fs::is_empty(base_ / "night.partial"));
}

TEST_F(RunFolderTest, nothing_that_a_run_may_have_measured_or_somebody_put_there_makes_room) {
  for (const char* name : {"latency.jsonl", "notes", "environment.json/deep"}) {
    const fs::path file = base_ / "night.partial" / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "{}";
    EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError) << name;
    EXPECT_TRUE(fs::exists(file)) << name;
    fs::remove_all(base_ / "night.partial");
  }
  fs::create_directory(base_ / "elsewhere");
  fs::create_symlink(base_ / "elsewhere", base_ / "night.partial");
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError);
  EXPECT_TRUE(fs::exists(base_ / "elsewhere"));
}

TEST_F(RunFolderTest, what_cannot_be_gone_on_with_is_told_from_what_is_not_there) {
  const auto complaint = [](const fs::path& given) -> std::string {
    try {
      return partial_run(given).string();
    } catch (const UsageError& error) {
      return error.what();
    }
  };
  const std::string night = (base_ / "night").string();
  EXPECT_EQ(complaint(night), night + ": no run there (no manifest.json)");
  RunFolder folder = RunFolder::create(night);
  EXPECT_NE(complaint(night).find("nothing was measured in it"), std::string::npos);
  folder.write("manifest.json", "{}");
  EXPECT_EQ(complaint(night), night + ".partial");
  EXPECT_EQ(complaint(night + ".partial/"), night + ".partial");
  EXPECT_TRUE(folder.complete().empty());
  for (const char* end : {"", "/", ".partial"}) {
    EXPECT_NE(complaint(night + end).find(night + ": the run is complete"), std::string::npos);
  }
}

TEST_F(RunFolderTest, a_cut_line_and_half_a_launch_are_dropped_on_reopening) {
  {
    RunFolder folder = RunFolder::create(base_ / "night");
    folder.write("manifest.json", "{}");
    folder.append("latency", launch("b000-l0000", 2));
    auto half = launch("b000-l0001", 2);
    half.pop_back();
    folder.append("latency", half);
    std::ofstream(base_ / "night.partial" / "latency.jsonl", std::ios::app)
        << R"({"launch_id":"b0)";
  }
  const RunFolder folder = RunFolder::reopen(base_ / "night.partial");
  const auto launches = folder.launches();
  ASSERT_EQ(launches.size(), 1u);
  EXPECT_EQ(launches.at("b000-l0000").size(), 2u);
  EXPECT_EQ(text("night.partial/latency.jsonl").find("b000-l0001"), std::string::npos);
}

TEST_F(RunFolderTest, lines_that_are_no_records_are_dropped_on_reopening) {
  RunFolder folder = RunFolder::create(base_ / "night");
  folder.write("manifest.json", "{}");
  folder.append("latency", launch("b000-l0000", 1));
  {
    std::ofstream file(base_ / "night.partial" / "latency.jsonl", std::ios::app);
    for (const char* field :
         {"launch_id", "block", "status", "reason", "case", "rungs", "canary"}) {
      json odd = launch("b000-l0001", 1)[0];
      odd[field] = json::array({field});
      file << odd.dump() << '\n';
    }
    file << std::string(100'000, '[') << std::string(100'000, ']') << '\n';
  }
  EXPECT_EQ(RunFolder::reopen(base_ / "night.partial").launches().size(), 1u);
}

TEST_F(RunFolderTest, a_manifest_that_cannot_be_gone_on_with_is_named) {
  const RunFolder folder = RunFolder::create(base_ / "night");
  for (const char* text : {"", "[]", "{", R"({"probes": 3})"}) {
    folder.write("manifest.json", text);
    EXPECT_THROW(static_cast<void>(folder.manifest()), UsageError) << text;
  }
}

// A link that somebody else puts where the folder will be is not followed.
TEST_F(RunFolderTest, a_name_that_is_taken_is_not_gone_into) {
  fs::create_directory(base_ / "elsewhere");
  fs::create_symlink(base_ / "elsewhere", base_ / "night.partial");
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError);
  fs::remove(base_ / "night.partial");
  fs::create_symlink(base_ / "nowhere", base_ / "night.partial");
  EXPECT_THROW(static_cast<void>(RunFolder::create(base_ / "night")), UsageError);
}

TEST_F(RunFolderTest, large_files_of_records_are_packed_when_complete) {
  RunFolder folder = RunFolder::create(base_ / "night");
  folder.append("latency", launch("b000-l0000", 1));
  auto long_one = launch("b000-l0001", 1);
  long_one[0]["reason"] = std::string(kPackFromBytes, 'x');
  folder.append("load", long_one);
  const std::string plain = text("night.partial/load.jsonl");
  EXPECT_TRUE(folder.complete().empty());
  EXPECT_TRUE(fs::exists(base_ / "night" / "latency.jsonl"));
  EXPECT_FALSE(fs::exists(base_ / "night" / "load.jsonl"));
  const auto close = [](gzFile file) { ::gzclose(file); };
  const std::unique_ptr<gzFile_s, decltype(close)> packed(
      ::gzopen((base_ / "night" / "load.jsonl.gz").c_str(), "rb"));
  std::string again(plain.size() + 1, '\0');
  EXPECT_EQ(::gzread(packed.get(), again.data(), static_cast<unsigned>(again.size())),
            static_cast<int>(plain.size()));
  again.resize(plain.size());
  EXPECT_EQ(again, plain);
}

TEST_F(RunFolderTest, records_that_cannot_be_packed_stay_plain) {
  RunFolder folder = RunFolder::create(base_ / "night");
  auto long_one = launch("b000-l0001", 1);
  long_one[0]["reason"] = std::string(kPackFromBytes, 'x');
  folder.append("load", long_one);
  fs::create_directories(base_ / "night.partial" / "load.jsonl.gz" / "somebody's");
  const auto unpacked = folder.complete();
  ASSERT_EQ(unpacked.size(), 1u);
  EXPECT_NE(unpacked[0].find("load.jsonl: left uncompressed: "), std::string::npos) << unpacked[0];
  EXPECT_TRUE(fs::exists(base_ / "night" / "load.jsonl"));
  EXPECT_FALSE(fs::exists(base_ / "night" / "load.jsonl.gz.new"));
}

TEST_F(RunFolderTest, a_file_that_cannot_be_opened_is_named) {
  RunFolder folder = RunFolder::create(base_ / "night");
  fs::create_directories(base_ / "night.partial" / "manifest.json.new");  // for root, too
  fs::create_directories(base_ / "night.partial" / "latency.jsonl");
  const auto complaint = [](const auto& writing) -> std::string {
    try {
      writing();
      return "none";
    } catch (const std::system_error& error) {
      return error.what();
    }
  };
  const std::string in = "open " + (base_ / "night.partial").string();
  EXPECT_EQ(complaint([&] { folder.write("manifest.json", "{}"); }),
            in + "/manifest.json.new: Is a directory");
  EXPECT_EQ(complaint([&] { folder.append("latency", launch("b000-l0000", 1)); }),
            in + "/latency.jsonl: Is a directory");
}

TEST_F(RunFolderTest, a_full_disk_leaves_finished_records_whole) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  RunFolder folder = RunFolder::create(base_ / "night");
  fs::create_symlink("/dev/full", base_ / "night.partial" / "latency.jsonl");
  try {
    folder.append("latency", launch("b000-l0000", 1));
    FAIL() << "wrote to a full disk";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOSPC);
    EXPECT_NE(std::string(error.what()).find("latency.jsonl"), std::string::npos);
  }
}

}  // namespace
}  // namespace ipcmark
