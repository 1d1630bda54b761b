#ifndef PROMSHM_COLLECT_KNOWN_FILE_H_
#define PROMSHM_COLLECT_KNOWN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "collect/cell_sums.h"
#include "collect/entry_list.h"
#include "collect/series_index.h"
#include "format/dialect.h"
#include "promshm/issue.h"
#include "store/file_mapping.h"
#include "store/writer_probe.h"

namespace promshm::collect {

// What a scrape knows of a file, and how the next one gets its values: out of
// the file in place as long as somebody can write to it, from a copy when
// nobody can. Whatever else there is has to be read anew.
struct KnownFile {
  KnownFile(std::string file_name, std::size_t its_source)
      : name(std::move(file_name)), source(its_source) {}

  // What was found holds no longer.
  void Reread() {
    mapping.Release();
    kept.reset();
    writers = store::Writers::kUnknown;
    must_read = true;
  }

  // Whether `writers` is so still: the file was read just now, or the watch
  // tells when it changes.
  bool IsSureOfWriters() const {
    switch (writers) {
      case store::Writers::kNone:
        return must_read || kept != nullptr;
      case store::Writers::kSome:
        return must_read || mapping.is_mapped();
      case store::Writers::kUnknown:
        break;
    }
    return false;
  }

  std::string name;
  std::size_t source;  // number of its directory
  std::string identifier;
  FileKind kind;
  format::Dialect dialect;
  std::uint32_t process = 0;
  SeriesIndex::KeySet* keys = nullptr;

  EntryList entries;
  std::uint64_t end = 0;         // byte after the last of them
  std::unique_ptr<Issue> issue;  // mostly none

  store::FileMapping mapping;
  KeptValues kept;
  bool must_read = true;
  bool was_opened = false;  // when it was kept, and by no writer since
  bool is_gone = false;
  bool is_left_out = false;  // a live gauge's, of a process that is dead

  // As they were when it was read.
  store::Writers writers = store::Writers::kUnknown;
};

}  // namespace promshm::collect

#endif  // PROMSHM_COLLECT_KNOWN_FILE_H_
