#include "maintain/merged_files.h"

#include <algorithm>

#include "collect/series_index.h"
#include "format/dialect.h"
#include "format/merged_name.h"
#include "maintain/dead_files.h"
#include "store/file_walk.h"

namespace promshm::maintain {

void MergedFiles::AddLiving(const format::MetricFileName& name,
                            const store::FileContents& contents) {
  const format::Dialect dialect = format::FindDialect(
      contents.bytes, contents.used, store::NeedsTimestamps(name));
  FoldOf(name, dialect)
      .AddLiving(contents, dialect,
                 name.identifier < format::MergedIdentifier(1));
}

Fold::Added MergedFiles::Add(const format::MetricFileName& name,
                             const store::FileContents& contents) {
  const format::Dialect dialect = format::FindDialect(
      contents.bytes, contents.used, store::NeedsTimestamps(name));
  return FoldOf(name, dialect).Add(contents, dialect);
}

Fold& MergedFiles::FoldOf(const format::MetricFileName& name,
                          const format::Dialect& dialect) {
  format::MetricFileName target = name;
  if (dialect.is_ruby()) target.SplitPart();
  target.part.reset();
  if (!collect::IsPerProcess(collect::KindOf(name, dialect))) {
    target.identifier = format::MergedIdentifier(1);
  }
  return folds_
      .try_emplace({target.type, target.mode, target.identifier}, target,
                   with_living_ && IsCounted(target))
      .first->second;
}

std::optional<Generation> MergedFiles::newest() const {
  std::optional<Generation> newest;
  for (const auto& [kind, fold] : folds_) {
    newest = std::max(newest, fold.newest());
  }
  return newest;
}

Result<std::vector<MergedFiles::File>> MergedFiles::Finish(
    Generation generation) {
  std::vector<File> files;
  for (auto& [kind, fold] : folds_) {
    Result<Fold::File> file = fold.Finish(generation);
    if (!file.ok()) return file.status();
    if (file->entries == 0) continue;
    files.push_back(
        {fold.target(), std::move(file->bytes), file->entries, fold.series()});
  }
  return files;
}

}  // namespace promshm::maintain
