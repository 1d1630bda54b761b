#include "tests/bench/scrape_floors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "format/entry_cursor.h"
#include "format/layout.h"

namespace promshm::bench {
namespace {

constexpr std::uint32_t kValueSize = 16;  // with the timestamp

[[noreturn]] void Throw(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

// Calls `use(directory_fd, name)` for each file, in the listing's order.
template <typename Use>
void ForEachFile(const std::string& directory, const Use& use) {
  DIR* listing = opendir(directory.c_str());
  if (listing == nullptr) Throw(directory);
  const int directory_fd = dirfd(listing);
  for (const dirent* entry = readdir(listing); entry != nullptr;
       entry = readdir(listing)) {
    const char* name = &entry->d_name[0];
    if (name[0] != '.') use(directory_fd, name);
  }
  closedir(listing);
}

// Opens a file for `use(fd)`.
template <typename Use>
void WithFile(int directory_fd, const char* name, const Use& use) {
  const int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) Throw(name);
  use(fd);
  close(fd);
}

std::uint32_t UsedOf(int fd, const char* name) {
  std::uint32_t used = 0;
  static_assert(sizeof(used) == format::kDiskUsedSize);
  if (pread(fd, &used, sizeof(used), 0) != sizeof(used)) Throw(name);
  return used;
}

}  // namespace

std::size_t CountFiles(const std::string& directory) {
  std::size_t files = 0;
  ForEachFile(directory, [&files](int, const char*) { ++files; });
  return files;
}

ReadFloor::ReadFloor(std::string directory) : directory_(std::move(directory)) {
  ForEachFile(directory_, [this](int directory_fd, const char* name) {
    WithFile(directory_fd, name,
             [&](int fd) { used_.push_back(UsedOf(fd, name)); });
  });
  buffer_.resize(*std::max_element(used_.begin(), used_.end()));
}

std::size_t ReadFloor::Run() {
  std::size_t read = 0;
  auto used = used_.begin();
  ForEachFile(directory_, [&](int directory_fd, const char* name) {
    WithFile(directory_fd, name, [&](int fd) {
      const ssize_t got = pread(fd, buffer_.data(), *used, 0);
      if (got != static_cast<ssize_t>(*used)) Throw(name);
      read += *used++;
    });
  });
  return read;
}

ValueFloor::ValueFloor(const std::string& directory) {
  std::unordered_map<std::string, std::shared_ptr<const Places>> last;
  ForEachFile(directory, [&](int directory_fd, const char* name) {
    WithFile(directory_fd, name, [&](int fd) {
      const std::uint32_t used = UsedOf(fd, name);
      void* mapped = mmap(nullptr, used, PROT_READ, MAP_SHARED, fd, 0);
      if (mapped == MAP_FAILED) Throw(name);
      const std::string_view bytes(static_cast<const char*>(mapped), used);
      Places places = FindPlaces(name, bytes);
      const std::string kind(name, std::strcspn(name, "_"));
      std::shared_ptr<const Places>& alike = last[kind];
      if (alike == nullptr || *alike != places) {
        alike = std::make_shared<const Places>(std::move(places));
      }
      files_.push_back({bytes, alike});
    });
  });
}

ValueFloor::~ValueFloor() {
  for (const File& file : files_) {
    munmap(const_cast<char*>(file.bytes.data()), file.bytes.size());
  }
}

double ValueFloor::Run() {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (const File& file : files_) {
    for (const Place place : *file.places) {
      double value;
      std::memcpy(&value, file.bytes.data() + place.offset, sizeof(value));
      sums_[place.series] += value;
    }
  }
  long double sum = 0;
  for (const double one : sums_) sum += one;
  return static_cast<double>(sum);
}

ValueFloor::Places ValueFloor::FindPlaces(const std::string& name,
                                          std::string_view bytes) {
  // Keys of two kinds of file are never the same series.
  const std::string kind = name.substr(0, name.find('_'));
  Places places;
  format::EntryCursor cursor(bytes, bytes.size(), kValueSize);
  for (format::Entry entry; cursor.Next(&entry);) {
    const auto [series, added] =
        series_.try_emplace(kind + std::string(entry.key),
                            static_cast<std::uint32_t>(sums_.size()));
    if (added) sums_.push_back(0);
    places.push_back(
        {static_cast<std::uint32_t>(entry.offset + format::kDiskLengthSize +
                                    format::PaddedKeySize(entry.key.size())),
         series->second});
  }
  return places;
}

}  // namespace promshm::bench
