#include "promshm/exposition.h"

#include <cstddef>
#include <cstring>

#include "collect/kept_texts.h"
#include "collect/layout_text.h"
#include "collect/name_escaping.h"
#include "format/legacy_name.h"
#include "format/number_text.h"

namespace promshm {

std::vector<Issue> WriteExposition(const Snapshot& snapshot,
                                   const ExpositionFormat& format,
                                   std::string* out) {
  const SnapshotLayout& layout = snapshot.layout();
  const collect::LayoutText& kept = layout.texts->Get(collect::StyleOf(format));
  const std::size_t size_before = out->size();
  out->resize(size_before + kept.text.size() +
              kept.gaps.size() * format::kLongestNumber);
  char* end = out->data() + size_before;
  std::size_t copied = 0;
  const auto copy_up_to = [&](std::size_t at) {
    std::memcpy(end, kept.text.data() + copied, at - copied);
    end += at - copied;
    copied = at;
  };
  for (const collect::LayoutText::Gap& gap : kept.gaps) {
    copy_up_to(gap.at);
    end = format::WriteNumber(snapshot.values()[gap.value], end);
  }
  copy_up_to(kept.text.size());
  out->resize(static_cast<std::size_t>(end - out->data()));
  return kept.issues;
}

std::string EscapedName(std::string_view metric, Escaping escaping) {
  std::string name;
  collect::AppendName(metric, format::NameKind::kMetric, escaping, &name);
  return name;
}

std::string NumberText(double value) {
  std::string text;
  format::AppendNumber(value, &text);
  return text;
}

}  // namespace promshm
