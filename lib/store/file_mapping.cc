#include "store/file_mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>

#include "store/process_generation.h"

namespace promshm::store {
namespace {

// Of all files of this process.
std::atomic<std::size_t> mappings{0};

// Of those that the kernel still lets the process have, a quarter is left to
// the application.
std::size_t MappingBudget() {
  std::size_t most = 65530;
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  std::ifstream maps("/proc/self/maps");
  const auto there = static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
  return there < most ? (most - there) / 4 * 3 : 0;
}

std::size_t WholePages(std::size_t size) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

FileMapping& FileMapping::operator=(FileMapping&& other) noexcept {
  if (this != &other) {
    Release();
    base_ = std::exchange(other.base_, nullptr);
    size_ = std::exchange(other.size_, 0);
    generation_ = other.generation_;
  }
  return *this;
}

bool FileMapping::Map(const FileDescriptor& fd, std::size_t least) {
  Release();
  static const std::size_t budget = MappingBudget();
  struct stat info;
  if (mappings >= budget || fstat(fd.get(), &info) != 0) return false;
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size < least) return false;
  const std::size_t whole = WholePages(size);
  void* memory = mmap(nullptr, whole, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return false;
  // A child would keep a deleted file's blocks.
  madvise(memory, whole, MADV_DONTFORK);
  ++mappings;
  base_ = static_cast<char*>(memory);
  size_ = whole;
  generation_ = EnterProcess();
  return true;
}

void FileMapping::Release() {
  if (base_ == nullptr) return;
  --mappings;
  // In a child something else may lie there.
  if (generation_ == EnterProcess()) munmap(base_, size_);
  base_ = nullptr;
  size_ = 0;
}

}  // namespace promshm::store
