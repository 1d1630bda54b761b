#ifndef PROMSHM_STORE_PROCESS_TABLE_H_
#define PROMSHM_STORE_PROCESS_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace promshm::store {

// Purpose: the processes of a PID namespace, as a mounted procfs shows them.
//
// Thread safety: const methods may be called from several threads.
class ProcessTable {
 public:
  explicit ProcessTable(std::string proc) : proc_(std::move(proc)) {}

  // When it began, in Unix seconds; none where there is no such process.
  std::optional<double> StartOf(std::uint64_t pid) const;

  enum class Answer {
    kYes,      // by device and inode
    kPerhaps,  // by name: some file systems show other numbers
    kNo,
    kUnknown,  // we may not look
  };

  // Whether it has a file mapped.
  Answer Maps(std::uint64_t pid, dev_t device, std::uint64_t inode,
              std::string_view name) const;

 private:
  std::optional<std::string> Read(std::uint64_t pid, const char* what) const;

  const std::string proc_;
};

}  // namespace promshm::store

#endif  // PROMSHM_STORE_PROCESS_TABLE_H_
