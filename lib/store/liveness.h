#ifndef PROMSHM_STORE_LIVENESS_H_
#define PROMSHM_STORE_LIVENESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "promshm/liveness.h"
#include "store/file_descriptor.h"
#include "store/process_table.h"
#include "store/writer_probe.h"

namespace promshm::store {

// What a file says of its writer.
struct FileTrace {
  std::string name;
  dev_t device = 0;
  std::uint64_t inode = 0;
  double born = 0;  // Unix seconds
  Writers writers = Writers::kUnknown;
};

// A process, and the files that have its identifier in their names.
struct ProcessTrace {
  std::string identifier;
  std::vector<FileTrace> files;
};

struct Finding {
  Liveness liveness = Liveness::kUnknown;
  Evidence evidence = Evidence::kOtherProcesses;
};

// Who has an open file open for writing, by the kernel's word or, where it says
// nothing, by the lock that promshm's writers hold.
Writers FindWriters(const FileDescriptor& fd) noexcept;

// Looks at a file; at its writers only where they are not known yet. Of what
// cannot be opened only the name is told.
FileTrace TraceFile(const std::string& path, Writers writers);

// The process ID that an identifier is, if it is one.
std::optional<std::uint64_t> ProcessIdOf(const std::string& identifier);

// Judges each process. What the kernel says of a file's writers goes before all
// else: it knows them in every PID namespace. Where it says nothing, processes
// are looked up; but that one is not there says something only where another
// writer, one that has its file mapped, is. The order is that of `processes`.
std::vector<Finding> JudgeProcesses(const std::vector<ProcessTrace>& processes,
                                    const ProcessTable& table);

}  // namespace promshm::store

#endif  // PROMSHM_STORE_LIVENESS_H_
