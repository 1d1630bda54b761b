#include <gtest/gtest.h>
#include <signal.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "promshm/entries.h"
#include "promshm/registry.h"
#include "tests/stress/stress_child.h"
#include "tests/support/shared_memory.h"
#include "tests/support/temporary_directory.h"

// Processes are killed while they register as fast as they can, and what they
// left is walked entry by entry. Label sets are numbered, so that every key of
// a file is known beforehand.

namespace promshm {
namespace {

constexpr int kKills = 500;
constexpr int kLongestLifeMicroseconds = 4000;

// Within which a child makes its files.
constexpr int kYouthMicroseconds = 1000;
constexpr std::array<const char*, 4> kKinds = {"counter", "gauge_livesum",
                                               "histogram", "summary"};

// Their lengths let entries end everywhere in a page.
Labels LabelsOf(int child, int n) {
  return {{"child", std::to_string(child)},
          {"n", std::to_string(n)},
          {"pad", std::string(static_cast<std::size_t>(n % 61), 'x')}};
}

void RegisterOnAndOn(const RegistryOptions& options, int child,
                     std::atomic<int>* registered) {
  constexpr int kMost = 1'000'000;
  Registry registry(options);
  for (int n = 0; n < kMost; ++n) {
    const Labels labels = LabelsOf(child, n);
    BuildCounter().Name("made").Help("Help").Register(registry).Add(labels);
    BuildGauge()
        .Name("alive")
        .Help("Help")
        .Mode(GaugeMode::kLiveSum)
        .Register(registry)
        .Add(labels);
    BuildHistogram().Name("size").Help("Help").Register(registry).Add(labels,
                                                                      {0.5, 1});
    BuildSummary().Name("wait").Help("Help").Register(registry).Add(labels);
    *registered = n + 1;
  }
}

std::string Key(std::string_view family, std::string_view sample,
                const Labels& labels) {
  std::string text = "[\"";
  text.append(family).append("\", \"").append(sample).append("\", {");
  const char* separator = "";
  for (const auto& [name, value] : labels) {
    text.append(separator).append("\"" + name + "\": \"" + value + '"');
    separator = ", ";
  }
  return text + "}, \"Help\"]";
}

// The keys of a label set in a file of the kind.
std::vector<std::string> KeysOf(std::string_view kind, const Labels& labels) {
  if (kind == "counter") return {Key("made", "made_total", labels)};
  if (kind == "gauge_livesum") return {Key("alive", "alive", labels)};
  if (kind == "summary") {
    return {Key("wait", "wait_count", labels), Key("wait", "wait_sum", labels)};
  }
  std::vector<std::string> keys = {Key("size", "size_sum", labels)};
  for (const char* bound : {"0.5", "1.0", "+Inf"}) {
    Labels all = labels;
    all["le"] = bound;
    keys.push_back(Key("size", "size_bucket", all));
  }
  return keys;
}

// Purpose: walks a file that several children may have continued, each of them
// numbering its label sets from 0.
class FileWalk {
 public:
  explicit FileWalk(std::string_view kind) : kind_(kind) {}

  // False where no entry may be, or not this one.
  bool Step(std::string_view key) {
    if (part_ == 0) ExpectLabelSet(key);
    if (part_ == keys_.size() || key != keys_[part_]) return false;
    if (++part_ == keys_.size()) {
      part_ = 0;
      ++complete_[child_];
    }
    return true;
  }

  std::string_view kind() const { return kind_; }

  bool EndsWithALabelSet() const { return part_ == 0; }

  // How many label sets of the child are there.
  int complete(int child) const {
    const auto at = complete_.find(child);
    return at == complete_.end() ? 0 : at->second;
  }

 private:
  // The next one of this child, or else the first of a later one.
  void ExpectLabelSet(std::string_view key) {
    constexpr int kNextChildren = 100;
    keys_ = KeysOf(kind_, LabelsOf(child_, complete(child_)));
    for (int next = child_ + 1;
         key != keys_[0] && next < child_ + kNextChildren; ++next) {
      keys_ = KeysOf(kind_, LabelsOf(next, 0));
      if (key == keys_[0]) child_ = next;
    }
  }

  std::string_view kind_;
  int child_ = 0;
  std::map<int, int> complete_;
  std::vector<std::string> keys_;
  std::size_t part_ = 0;
};

struct Killed {
  pid_t pid = 0;
  int registered = 0;  // label sets, in all four families
};

// Purpose: starts children that register, and kills them, every fourth when it
// is young and the others not before they have a label set. The same each time
// but for what the scheduler adds.
class Killer {
 public:
  Killed StartAndKill(const RegistryOptions& options, int child) {
    const testing::SharedMemory<std::atomic<int>> registered;
    Killed killed;
    killed.pid = testing::ForkChild(
        [&] { RegisterOnAndOn(options, child, registered.get()); });
    const bool young = ++started_ % 4 == 0;
    if (!young) WaitForFirst(*registered);
    const int rest = std::uniform_int_distribution<int>(
        0, young ? kYouthMicroseconds : kLongestLifeMicroseconds)(random_);
    std::this_thread::sleep_for(std::chrono::microseconds(rest));
    kill(killed.pid, SIGKILL);
    EXPECT_EQ(testing::FateOfChild(killed.pid), "ended by signal 9");
    killed.registered = *registered;
    return killed;
  }

 private:
  static void WaitForFirst(const std::atomic<int>& registered) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::minutes(1);
    while (registered == 0 && Clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    EXPECT_GT(registered, 0);
  }

  int started_ = 0;
  std::mt19937 random_{1};
};

// The walks through the files of `id`, by path.
std::map<std::string, FileWalk, std::less<>> MakeWalks(
    const testing::TemporaryDirectory& directory, const std::string& id) {
  std::map<std::string, FileWalk, std::less<>> walks;
  for (const std::string_view kind : kKinds) {
    walks.emplace(directory.PathOf(std::string(kind) + '_' + id + ".db"), kind);
  }
  return walks;
}

// Whether the directory can be read to the end and its files, all of `id`, hold
// the children's label sets: those that were added, and at most the one on its
// way.
void CheckFiles(const testing::TemporaryDirectory& directory,
                const std::string& id, const std::vector<Killed>& children) {
  auto walks = MakeWalks(directory, id);
  const auto visit = [&walks](const FileEntry& entry) {
    const auto at = walks.find(entry.path);
    ASSERT_NE(at, walks.end()) << entry.path;
    ASSERT_TRUE(at->second.Step(entry.key))
        << entry.path << ": byte " << entry.offset << ": " << entry.key;
    ASSERT_EQ(entry.value, 0);
    ASSERT_EQ(entry.timestamp, 0.0);
  };
  const Result<std::vector<Issue>> issues =
      ReadEntries(directory.path(), visit);
  ASSERT_TRUE(issues.ok()) << issues.status().message();
  for (const Issue& issue : *issues) ADD_FAILURE() << issue.ToString();
  for (const auto& [path, walk] : walks) {
    SCOPED_TRACE(path);
    EXPECT_TRUE(walk.EndsWithALabelSet());
    const int last = static_cast<int>(children.size()) - 1;
    // Each child starts a live gauge's file anew.
    for (int child = walk.kind() == "gauge_livesum" ? last : 0; child <= last;
         ++child) {
      const int registered =
          children[static_cast<std::size_t>(child)].registered;
      EXPECT_GE(walk.complete(child), registered);
      EXPECT_LE(walk.complete(child), registered + 1);
    }
  }
}

TEST(KillTest, EveryFileLeftBehindIsReadableToItsLastLabelSet) {
  Killer killer;
  for (int i = 0; i < kKills && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("kill " + std::to_string(i));
    const testing::TemporaryDirectory directory;
    RegistryOptions options;
    options.directory = directory.path();
    const Killed killed = killer.StartAndKill(options, 0);
    CheckFiles(directory, std::to_string(killed.pid), {killed});
  }
}

TEST(KillTest, ProcessesContinueTheFilesOfKilledOnes) {
  constexpr int kChildrenInADirectory = 10;
  Killer killer;
  for (int i = 0; i < kKills / kChildrenInADirectory; ++i) {
    const testing::TemporaryDirectory directory;
    RegistryOptions options;
    options.directory = directory.path();
    options.identifier = ProcessIdentifier::Slot();
    std::vector<Killed> children;
    for (int child = 0; child < kChildrenInADirectory; ++child) {
      SCOPED_TRACE("directory " + std::to_string(i) + ", child " +
                   std::to_string(child));
      children.push_back(killer.StartAndKill(options, child));
      CheckFiles(directory, "slot0", children);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace promshm
