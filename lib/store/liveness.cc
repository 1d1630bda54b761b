#include "store/liveness.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "store/directory_listing.h"
#include "store/file_facts.h"
#include "store/hidden_file.h"
#include "store/metric_file_reader.h"

namespace promshm::store {
namespace {

bool HasFileWith(const ProcessTrace& process, Writers writers) {
  return std::any_of(
      process.files.begin(), process.files.end(),
      [writers](const FileTrace& file) { return file.writers == writers; });
}

// The strongest answer of any file.
ProcessTable::Answer MapsAny(const ProcessTrace& process, std::uint64_t pid,
                             const ProcessTable& table) {
  using Answer = ProcessTable::Answer;
  Answer answer = Answer::kNo;
  for (const FileTrace& file : process.files) {
    const Answer one = table.Maps(pid, file.device, file.inode, file.name);
    if (one == Answer::kYes || one == Answer::kUnknown) return one;
    if (one == Answer::kPerhaps) answer = one;
  }
  return answer;
}

// Whether this writer is among the processes of the table, beyond doubt: in
// another container, too, there is a process of this ID, perhaps with a file of
// this name.
bool IsSeen(const ProcessTrace& process, const ProcessTable& table) {
  const std::optional<std::uint64_t> pid = ProcessIdOf(process.identifier);
  return pid && MapsAny(process, *pid, table) == ProcessTable::Answer::kYes;
}

// Of a process of whose files the kernel does not tell.
Finding LookUp(const ProcessTrace& process, const ProcessTable& table,
               bool some_are_seen) {
  const std::optional<std::uint64_t> pid = ProcessIdOf(process.identifier);
  if (!pid) return {Liveness::kUnknown, Evidence::kNoProcessId};
  const std::optional<double> start = table.StartOf(*pid);
  const Finding unseen = {Liveness::kUnknown, Evidence::kOtherProcesses};
  if (!start) {
    return some_are_seen ? Finding{Liveness::kDead, Evidence::kEnded} : unseen;
  }
  const ProcessTable::Answer maps = MapsAny(process, *pid, table);
  if (maps == ProcessTable::Answer::kYes ||
      maps == ProcessTable::Answer::kPerhaps) {
    return {Liveness::kAlive, Evidence::kMapping};
  }
  // Clocks are read to a hundredth of a second.
  constexpr double kTolerance = 0.1;
  const bool is_older = std::any_of(
      process.files.begin(), process.files.end(),
      [&](const FileTrace& file) { return *start <= file.born + kTolerance; });
  if (is_older) return {Liveness::kAlive, Evidence::kRunning};
  // A younger one may have continued the files.
  if (maps == ProcessTable::Answer::kUnknown || !some_are_seen) return unseen;
  return {Liveness::kDead, Evidence::kReplaced};
}

}  // namespace

Writers FindWriters(const FileDescriptor& fd) noexcept {
  const Writers writers = ProbeWriters(fd.get());
  return writers == Writers::kUnknown && IsFileLocked(fd.get()) ? Writers::kSome
                                                                : writers;
}

FileTrace TraceFile(const std::string& path, Writers writers) {
  FileTrace trace;
  trace.name = BaseName(path);
  trace.writers = writers;
  const Result<OpenedFile> opened = OpenMetricFile(AT_FDCWD, path, path);
  FileFacts facts;
  if (!opened.ok() || opened->issue || !GetFacts(opened->fd, &facts)) {
    return trace;
  }
  trace.device = facts.device;
  trace.inode = facts.inode;
  trace.born = facts.born;
  if (writers == Writers::kUnknown) trace.writers = FindWriters(opened->fd);
  return trace;
}

std::optional<std::uint64_t> ProcessIdOf(const std::string& identifier) {
  std::uint64_t pid = 0;
  const char* end = identifier.data() + identifier.size();
  const auto read = std::from_chars(identifier.data(), end, pid);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return pid;
}

std::vector<Finding> JudgeProcesses(const std::vector<ProcessTrace>& processes,
                                    const ProcessTable& table) {
  std::optional<bool> some_are_seen;
  std::vector<Finding> findings;
  findings.reserve(processes.size());
  for (const ProcessTrace& process : processes) {
    if (HasFileWith(process, Writers::kSome)) {
      findings.push_back({Liveness::kAlive, Evidence::kWriter});
    } else if (!HasFileWith(process, Writers::kUnknown)) {
      findings.push_back({Liveness::kDead, Evidence::kNoWriter});
    } else {
      if (!some_are_seen) {
        some_are_seen = std::any_of(processes.begin(), processes.end(),
                                    [&table](const ProcessTrace& other) {
                                      return IsSeen(other, table);
                                    });
      }
      findings.push_back(LookUp(process, table, *some_are_seen));
    }
  }
  return findings;
}

}  // namespace promshm::store

namespace promshm {

const char* ToString(Liveness liveness) {
  switch (liveness) {
    case Liveness::kAlive:
      return "alive";
    case Liveness::kDead:
      return "dead";
    case Liveness::kUnknown:
      break;
  }
  return "unknown";
}

const char* ToString(Evidence evidence) {
  switch (evidence) {
    case Evidence::kWriter:
      return "a process has its files open for writing";
    case Evidence::kMapping:
      return "the process has its files mapped";
    case Evidence::kRunning:
      return "the process is running, and older than its files";
    case Evidence::kNoWriter:
      return "no process has its files open for writing";
    case Evidence::kEnded:
      return "there is no such process";
    case Evidence::kReplaced:
      return "the process of that ID is another one";
    case Evidence::kTold:
      return "the caller says so";
    case Evidence::kNoProcessId:
      return "the kernel does not tell, and the identifier is no process ID";
    case Evidence::kOtherProcesses:
      break;
  }
  return "the kernel does not tell, and the writers' processes are not seen "
         "here";
}

}  // namespace promshm
