#include "tools/serve/served_directory.h"

#include <utility>

namespace promshm::tools {
namespace {

CollectorOptions Of(const std::string& path, CollectorOptions view) {
  view.sources = {path};
  view.directories_only = true;
  return view;
}

}  // namespace

ServedDirectory::ServedDirectory(std::string name, std::string path,
                                 CollectorOptions view, IssueLog::Sink sink)
    : name_(std::move(name)),
      path_(std::move(path)),
      collector_(Of(path_, std::move(view))),
      issue_log_(std::move(sink)) {}

Result<Snapshot> ServedDirectory::Collect(const CollectOptions& options) {
  return collector_.Collect(options);
}

}  // namespace promshm::tools
