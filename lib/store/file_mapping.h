#ifndef PROMSHM_STORE_FILE_MAPPING_H_
#define PROMSHM_STORE_FILE_MAPPING_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "store/file_descriptor.h"

namespace promshm::store {

// Purpose: a file's bytes in memory, as they are at each moment, for reading.
// Somebody may cut the file: read only under a FaultGuard.
//
// A forked child does not have it. Thread safety: const methods may be called
// from several threads; anything else needs external locking.
class FileMapping {
 public:
  FileMapping() = default;
  ~FileMapping() { Release(); }

  FileMapping(FileMapping&& other) noexcept { *this = std::move(other); }
  FileMapping& operator=(FileMapping&& other) noexcept;

  // The file as large as it is now. False where that is less than `least`, or
  // where the process has as many mappings as it should have for this.
  bool Map(const FileDescriptor& fd, std::size_t least);

  void Release();

  bool is_mapped() const { return base_ != nullptr; }
  const char* base() const { return base_; }
  std::size_t size() const { return size_; }

 private:
  char* base_ = nullptr;
  std::size_t size_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_FILE_MAPPING_H_
