#include "store/mapped_numbers.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "store/file_descriptor.h"

namespace promshm::store {
namespace {

// Purpose: a mapping of the first byte of a file, which nobody can reach.
class Foothold {
 public:
  explicit Foothold(const FileDescriptor& fd)
      : address_(mmap(nullptr, 1, PROT_NONE, MAP_SHARED, fd.get(), 0)) {}
  ~Foothold() {
    if (valid()) munmap(address_, 1);
  }
  Foothold(Foothold&& other) noexcept
      : address_(std::exchange(other.address_, MAP_FAILED)) {}
  Foothold& operator=(Foothold&&) = delete;

  bool valid() const { return address_ != MAP_FAILED; }
  std::uintptr_t address() const {
    std::uintptr_t address = 0;
    std::memcpy(&address, &address_, sizeof(address));
    return address;
  }

 private:
  void* address_;
};

// A process may have some 65,000 mappings.
constexpr std::size_t kMostAtOnce = 1000;

// The mappings of this process, by where they begin.
std::unordered_map<std::uintptr_t, MappedFile> OwnMappings(
    const ProcessTable& table) {
  std::unordered_map<std::uintptr_t, MappedFile> mappings;
  const std::optional<std::string> maps = table.ReadOwn("maps");
  if (!maps) return mappings;
  std::string_view rest = *maps;
  while (!rest.empty()) {
    const std::optional<Mapping> mapping = TakeMapping(&rest);
    if (mapping) mappings.emplace(mapping->begin, mapping->file);
  }
  return mappings;
}

// Appends what is found out of the names [begin, end).
void AppendNumbers(const std::string& directory,
                   const std::vector<std::string>& names, std::size_t begin,
                   std::size_t end, const ProcessTable& table,
                   std::vector<std::optional<MappedFile>>* numbers) {
  std::vector<Foothold> footholds;
  for (std::size_t i = begin; i < end; ++i) {
    std::optional<MappedFile>& file = numbers->emplace_back();
    const std::string path = directory + '/' + names[i];
    const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW |
                                                   O_NONBLOCK | O_NOCTTY |
                                                   O_CLOEXEC));
    struct stat info;
    if (fd.valid() && fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode)) {
      file = {info.st_dev, info.st_ino};
    }
    footholds.emplace_back(fd);
  }
  const auto mappings = OwnMappings(table);
  for (std::size_t i = begin; i < end; ++i) {
    const Foothold& foothold = footholds[i - begin];
    std::optional<MappedFile>& file = (*numbers)[i];
    if (!file || !foothold.valid()) continue;
    const auto found = mappings.find(foothold.address());
    if (found != mappings.end()) file = found->second;
  }
}

}  // namespace

std::vector<std::optional<MappedFile>> NumbersInMaps(
    const std::string& directory, const std::vector<std::string>& names,
    const ProcessTable& table) {
  std::vector<std::optional<MappedFile>> numbers;
  numbers.reserve(names.size());
  while (numbers.size() < names.size()) {
    const std::size_t begin = numbers.size();
    AppendNumbers(directory, names, begin,
                  std::min(names.size(), begin + kMostAtOnce), table, &numbers);
  }
  return numbers;
}

}  // namespace promshm::store
