#include "tests/support/random_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "store/file_descriptor.h"
#include "tests/support/random_metrics.h"

namespace promshm::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMostFiles = 24;
constexpr std::size_t kMostLiving = 10;

constexpr std::array<Generation, 4> kWithoutTimestamps = {
    kWithoutTimestamp, kWithoutHelp, kArrays, kRuby};

// A name that no reader looks at.
constexpr const char* kHidden = ".being-written";

void Require(bool condition, const std::string& what) {
  if (!condition) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

store::FileDescriptor OpenForWriting(const std::string& path) {
  return store::FileDescriptor(
      open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

std::size_t SizeOf(const store::FileDescriptor& fd) {
  struct stat info;
  Require(fstat(fd.get(), &info) == 0, "fstat");
  return static_cast<std::size_t>(info.st_size);
}

void WriteAt(const store::FileDescriptor& fd, std::size_t offset,
             std::string_view bytes) {
  Require(
      pwrite(fd.get(), bytes.data(), bytes.size(),
             static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes.size()),
      "pwrite");
}

void CutTo(const store::FileDescriptor& fd, std::size_t size) {
  Require(ftruncate(fd.get(), static_cast<off_t>(size)) == 0, "ftruncate");
}

std::string BytesOf(std::int32_t number) {
  std::string bytes(sizeof(number), '\0');
  std::copy_n(reinterpret_cast<const char*>(&number), sizeof(number),
              bytes.begin());
  return bytes;
}

}  // namespace

RandomDirectory::RandomDirectory(std::string path, Dice* dice)
    : path_(std::move(path)), dice_(*dice) {
  MakeWhole();
}

const std::vector<RandomDirectory::Choice>& RandomDirectory::Choices() {
  static const std::vector<Choice> choices = {
      {100, &RandomDirectory::Come},
      {300, &RandomDirectory::Count},
      {100, &RandomDirectory::Grow},
      {10, &RandomDirectory::GrowMuch},
      {60, &RandomDirectory::Die},
      {80, &RandomDirectory::ComeBack},
      {50, &RandomDirectory::DoNothing},
      {30, &RandomDirectory::Merge},
      {40, &RandomDirectory::Remove},
      {20, &RandomDirectory::Rename},
      {20, &RandomDirectory::Replace},
      {15, &RandomDirectory::Rewrite},
      {15, &RandomDirectory::Cut},
      {15, &RandomDirectory::CutAndRestore},
      {20, &RandomDirectory::ChangeUsed},
      {10, &RandomDirectory::StoreUsed},
      {15, &RandomDirectory::Damage},
      {15, &RandomDirectory::ChangeMode},
      {20, &RandomDirectory::Touch},
      {10, &RandomDirectory::MakeOddName},
      {10, &RandomDirectory::MakeOddKind},
      {4, &RandomDirectory::ReplaceDirectory},
      {2, &RandomDirectory::RemoveDirectory},
  };
  return choices;
}

std::string RandomDirectory::Step() {
  MakeWhole();
  int all = 0;
  for (const Choice& choice : Choices()) all += choice.weight;
  auto drawn = static_cast<int>(dice_.Below(static_cast<std::size_t>(all)));
  for (const Choice& choice : Choices()) {
    drawn -= choice.weight;
    if (drawn < 0) return (this->*choice.action)();
  }
  return {};
}

std::string RandomDirectory::Come() {
  if (living_.size() >= kMostLiving) return Die();
  const std::string name = RandomFileName(&dice_);
  if (fs::exists(fs::symlink_status(PathOf(name)))) return ComeBack();
  const Generation generation = RandomGeneration(name, &dice_);
  const std::size_t size = kPage << dice_.Below(3);
  // As a client that was killed just then leaves it.
  if (dice_.OneIn(10)) {
    Write(PathOf(name), {});
    return "come, and die at once: " + name;
  }
  const std::string path = PathOf(name);
  if (dice_.OneIn(2)) {
    Write(path, std::string(size, '\0'));
  } else {
    Write(path,
          RandomFile(name, generation, dice_.Below(12), &dice_).Bytes(size));
  }
  auto file = LivingFile::Open(path, generation.value_size,
                               dice_.OneIn(4) ? LivingFile::Descriptor::kClosed
                                              : LivingFile::Descriptor::kKept);
  if (!file) return "come, and fail: " + name;
  living_.push_back(*std::move(file));
  return "come: " + name;
}

std::string RandomDirectory::Count() {
  LivingFile* const file = PickLiving();
  if (file == nullptr) return Come();
  Store(file);
  return "count: " + file->name();
}

std::string RandomDirectory::Grow() {
  LivingFile* const file = PickLiving();
  if (file == nullptr) return Come();
  std::size_t added = 0;
  for (std::size_t i = dice_.Below(4) + 1; i > 0; --i) {
    if (AddTo(file)) ++added;
  }
  return "grow by " + std::to_string(added) + ": " + file->name();
}

std::string RandomDirectory::GrowMuch() {
  LivingFile* const file = PickLiving();
  if (file == nullptr) return Come();
  for (std::size_t i = 60 + dice_.Below(60); i > 0; --i) AddTo(file);
  return "grow much: " + file->name();
}

std::string RandomDirectory::Die() {
  if (living_.empty()) return Come();
  const std::size_t file = dice_.Below(living_.size());
  std::string said = "die: " + living_[file].name();
  living_.erase(living_.begin() + static_cast<std::ptrdiff_t>(file));
  return said;
}

std::string RandomDirectory::ComeBack() {
  const std::optional<std::string> name = PickFile();
  if (!name || FindLiving(*name) != nullptr) return Count();
  auto file = LivingFile::Open(PathOf(*name), 16,
                               dice_.OneIn(4) ? LivingFile::Descriptor::kClosed
                                              : LivingFile::Descriptor::kKept);
  if (!file) return "come back, and fail: " + *name;
  if (!dice_.OneIn(4)) Store(&*file);
  if (living_.size() >= kMostLiving || dice_.OneIn(3)) {
    return "come back and die: " + *name;
  }
  living_.push_back(*std::move(file));
  return "come back: " + *name;
}

std::string RandomDirectory::DoNothing() { return "nothing"; }

std::string RandomDirectory::Merge() {
  const store::FileDescriptor lock(
      open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Require(flock(lock.get(), LOCK_EX) == 0, "flock");
  std::string said = "merge:";
  for (int i = 0; i < 3; ++i) {
    const std::optional<std::string> name = PickFile();
    if (!name || FindLiving(*name) != nullptr) continue;
    unlink(PathOf(*name).c_str());
    said += ' ' + *name;
  }
  const std::string merged = "counter_archive.db";
  Write(PathOf(kHidden), RandomBytes(merged));
  fs::remove(PathOf(merged));
  fs::rename(PathOf(kHidden), PathOf(merged));
  return said;
}

std::string RandomDirectory::Remove() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  unlink(PathOf(*name).c_str());
  return "remove: " + *name;
}

std::string RandomDirectory::Rename() {
  const std::optional<std::string> from = PickFile();
  const std::string to = RandomFileName(&dice_);
  if (!from || fs::is_directory(fs::symlink_status(PathOf(to)))) return Come();
  fs::rename(PathOf(*from), PathOf(to));
  return "rename: " + *from + " to " + to;
}

std::string RandomDirectory::Replace() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  Write(PathOf(kHidden), RandomBytes(*name));
  fs::rename(PathOf(kHidden), PathOf(*name));
  return "replace: " + *name;
}

std::string RandomDirectory::Rewrite() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  if (LivingFile* const living = FindLiving(*name)) living->Freeze();
  const store::FileDescriptor fd = OpenForWriting(PathOf(*name));
  if (!fd.valid()) return "rewrite, and fail: " + *name;
  if (dice_.OneIn(2)) CutTo(fd, 0);
  WriteAt(fd, 0, RandomBytes(*name));
  return "rewrite: " + *name;
}

std::string RandomDirectory::Cut() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  const store::FileDescriptor fd = OpenForWriting(PathOf(*name));
  if (!fd.valid()) return "cut, and fail: " + *name;
  const std::array<std::size_t, 6> sizes = {
      0, 5, 8, kPage / 2, kPage, dice_.Below(SizeOf(fd) + 1)};
  const std::size_t size = dice_.Pick(sizes);
  CutTo(fd, size);
  return "cut to " + std::to_string(size) + ": " + *name;
}

std::string RandomDirectory::CutAndRestore() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  const store::FileDescriptor fd = OpenForWriting(PathOf(*name));
  if (!fd.valid()) return "cut and restore, and fail: " + *name;
  const std::size_t size = SizeOf(fd);
  const std::size_t cut = dice_.OneIn(2) ? 0 : dice_.Below(size + 1);
  CutTo(fd, cut);
  CutTo(fd, size);
  return "cut to " + std::to_string(cut) + " and restore: " + *name;
}

std::string RandomDirectory::ChangeUsed() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  const store::FileDescriptor fd = OpenForWriting(PathOf(*name));
  if (!fd.valid()) return "change used, and fail: " + *name;
  const auto size = static_cast<std::int32_t>(SizeOf(fd));
  const auto any = static_cast<std::int32_t>(
      dice_.Below(static_cast<std::size_t>(size) + 1));
  const std::array<std::int32_t, 9> choices = {
      0, 4, 8, -1, size, size + 8, 2 * size + 4096, any, any / 8 * 8};
  const std::int32_t used = dice_.Pick(choices);
  WriteAt(fd, 0, BytesOf(used));
  return "used becomes " + std::to_string(used) + ": " + *name;
}

std::string RandomDirectory::StoreUsed() {
  LivingFile* const file = PickLiving();
  if (file == nullptr) return Come();
  const std::int32_t before = file->LoadUsed();
  const std::array<std::int32_t, 6> choices = {
      0,          8,           -1,
      before - 8, before + 64, static_cast<std::int32_t>(file->size())};
  const std::int32_t used = dice_.Pick(choices);
  file->StoreUsed(used);
  return "used stored as " + std::to_string(used) + ": " + file->name();
}

std::string RandomDirectory::Damage() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  if (LivingFile* const living = FindLiving(*name)) living->Freeze();
  const store::FileDescriptor fd = OpenForWriting(PathOf(*name));
  if (!fd.valid() || SizeOf(fd) == 0) return "damage, and fail: " + *name;
  const std::size_t at = dice_.Below(std::min<std::size_t>(SizeOf(fd), 800));
  const std::string bytes(1 + dice_.Below(4),
                          static_cast<char>(dice_.Below(256)));
  WriteAt(fd, at, bytes);
  return "damage at " + std::to_string(at) + ": " + *name;
}

std::string RandomDirectory::ChangeMode() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  const mode_t mode = dice_.OneIn(2) ? 0 : 0644;
  chmod(PathOf(*name).c_str(), mode);
  return (mode == 0 ? "hide: " : "show: ") + *name;
}

std::string RandomDirectory::Touch() {
  const std::optional<std::string> name = PickFile();
  if (!name) return Come();
  const int flags = dice_.OneIn(2) ? O_RDONLY : O_RDWR;
  const store::FileDescriptor fd(
      open(PathOf(*name).c_str(), flags | O_CLOEXEC));
  if (fd.valid() && dice_.OneIn(2)) futimens(fd.get(), nullptr);
  return "touch: " + *name;
}

std::string RandomDirectory::MakeOddName() {
  constexpr std::array<const char*, 6> kOdd = {
      "notes.db",   "counter_.db",    "gauge_odd_1.db",
      ".hidden.db", "counter_1.db.x", "histogram.db"};
  const std::string name = dice_.Pick(kOdd);
  if (unlink(PathOf(name).c_str()) == 0) return "remove odd: " + name;
  Write(PathOf(name), RandomBytes(name));
  return "odd name: " + name;
}

std::string RandomDirectory::MakeOddKind() {
  const std::string name = RandomFileName(&dice_);
  const std::string path = PathOf(name);
  fs::remove(path);
  switch (dice_.Below(4)) {
    case 0:
      mkdir(path.c_str(), 0755);
      return "a directory: " + name;
    case 1:
      mkfifo(path.c_str(), 0644);
      return "a fifo: " + name;
    case 2:
      fs::create_symlink("counter_1.db", path);
      return "a link: " + name;
    default:
      fs::create_symlink("/nowhere", path);
      return "a dangling link: " + name;
  }
}

std::string RandomDirectory::ReplaceDirectory() {
  const std::string other = path_ + ".other";
  if (!fs::exists(other)) {
    fs::create_directory(other);
    if (dice_.OneIn(2)) {
      Write(other + "/counter_1.db", RandomBytes("counter_1.db"));
    }
  }
  Require(renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, other.c_str(),
                    RENAME_EXCHANGE) == 0,
          "renameat2");
  return "another directory";
}

// The next step makes it again.
std::string RandomDirectory::RemoveDirectory() {
  fs::remove_all(path_);
  return "no directory";
}

std::string RandomDirectory::PathOf(std::string_view name) const {
  return path_ + '/' + std::string(name);
}

std::vector<std::string> RandomDirectory::Names() const {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
    if (entry.path().extension() == ".db") {
      names.push_back(entry.path().filename());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> RandomDirectory::PickFile() {
  std::vector<std::string> files;
  for (std::string& name : Names()) {
    if (fs::is_regular_file(fs::symlink_status(PathOf(name)))) {
      files.push_back(std::move(name));
    }
  }
  if (files.empty()) return std::nullopt;
  return dice_.Pick(files);
}

LivingFile* RandomDirectory::PickLiving() {
  return living_.empty() ? nullptr : &living_[dice_.Below(living_.size())];
}

LivingFile* RandomDirectory::FindLiving(const std::string& name) {
  struct stat info;
  if (lstat(PathOf(name).c_str(), &info) != 0) return nullptr;
  const auto found = std::find_if(
      living_.begin(), living_.end(),
      [&](const LivingFile& file) { return file.inode() == info.st_ino; });
  return found == living_.end() ? nullptr : &*found;
}

void RandomDirectory::Write(const std::string& path,
                            std::string_view bytes) const {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  Require(out.good(), path);
}

// There is a directory, with not too much in it.
void RandomDirectory::MakeWhole() {
  fs::create_directory(path_);
  std::vector<std::string> names = Names();
  while (names.size() > kMostFiles) {
    const std::size_t name = dice_.Below(names.size());
    fs::remove(PathOf(names[name]));
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(name));
  }
}

std::string RandomDirectory::RandomBytes(const std::string& name) {
  const Generation generation = RandomGeneration(name, &dice_);
  return RandomFile(name, generation, dice_.Below(20), &dice_)
      .Bytes(dice_.OneIn(3) ? 0 : kPage);
}

bool RandomDirectory::AddTo(LivingFile* file) {
  const Generation generation =
      file->value_size() == 16 ? kCurrent : dice_.Pick(kWithoutTimestamps);
  const std::string key = RandomKey(file->name(), generation, &dice_);
  const double value = RandomValue(&dice_);
  return file->Add(key, value, RandomTimestamp(&dice_));
}

void RandomDirectory::Store(LivingFile* file) {
  if (file->entries() == 0) return;
  for (std::size_t i = dice_.Below(5) + 1; i > 0; --i) {
    const std::size_t entry = dice_.Below(file->entries());
    const double value = RandomValue(&dice_);
    file->Store(entry, value, RandomTimestamp(&dice_));
  }
}

}  // namespace promshm::testing
