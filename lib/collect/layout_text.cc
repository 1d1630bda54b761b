#include "collect/layout_text.h"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "collect/family_names.h"
#include "collect/name_escaping.h"
#include "collect/name_owners.h"
#include "format/legacy_name.h"

namespace promshm::collect {
namespace {

using format::NameKind;

// Purpose: makes one layout's text in one style.
//
// Lifetime: keeps a view of the families, which must outlive it. Thread safety:
// needs external locking.
class TextMaker {
 public:
  TextMaker(const std::vector<MetricFamily>& families, TextStyle style)
      : families_(families), style_(style) {}

  LayoutText Make() {
    std::vector<FamilySpelling> spellings;
    spellings.reserve(families_.size());
    for (const MetricFamily& family : families_) {
      spellings.push_back(SpellingOf(family));
    }
    const NameOwners owners(spellings);
    for (std::size_t i = 0; i < families_.size(); ++i) {
      if (owners.Admits(i)) {
        WriteFamily(families_[i], spellings[i]);
      } else {
        issues_.push_back(NotAdmitted(families_[i].name, spellings[i]));
      }
    }
    if (style_.open_metrics) text_ += "# EOF\n";
    // They are kept for long.
    text_.shrink_to_fit();
    gaps_.shrink_to_fit();
    return {std::move(text_), std::move(gaps_), std::move(issues_)};
  }

 private:
  FamilySpelling SpellingOf(const MetricFamily& family) const {
    FamilySpelling names;
    const std::string plain = style_.open_metrics
                                  ? OpenMetricsFamilyName(family)
                                  : TextFamilyName(family);
    AppendName(plain, NameKind::kMetric, style_.escaping, &names.family);
    for (const std::string& sample : family.sample_names) {
      AppendName(sample, NameKind::kMetric, style_.escaping,
                 &names.samples.emplace_back());
    }
    names.unescaped =
        names.family == plain && names.samples == family.sample_names;
    return names;
  }

  void WriteFamily(const MetricFamily& family, const FamilySpelling& names) {
    WriteMetadata(family, names.family);
    const bool unescaped =
        style_.escaping == Escaping::kAllowUtf8 || LabelNamesAreLegacy(family);
    std::unordered_set<std::string> written;
    for (const Series& series : family.series) {
      if (!unescaped && HasLabelTwice(series)) {
        issues_.push_back(
            NameConflict("two labels of a series of family " + family.name +
                         " have the same name once escaped; left out"));
        continue;
      }
      SpellLabels(series);
      if (!unescaped && !written.insert(labels_).second) {
        issues_.push_back(NameConflict(
            "two series of family " + family.name +
            " have the same labels once escaped; the second is left out"));
        continue;
      }
      for (const Sample& sample : series.samples) {
        WriteSample(sample, names.samples[sample.name]);
      }
    }
  }

  void WriteMetadata(const MetricFamily& family, const std::string& name) {
    text_ += "# HELP ";
    text_ += name;
    text_ += ' ';
    AppendHelp(family.help);
    text_ += "\n# TYPE ";
    text_ += name;
    text_ += ' ';
    text_ += style_.open_metrics ? OpenMetricsTypeName(family)
                                 : ToString(family.type);
    text_ += '\n';
  }

  void AppendHelp(std::string_view help) {
    if (style_.open_metrics) {
      AppendQuotedText(help, &text_);
      return;
    }
    for (const char c : help) {
      if (c == '\\' || c == '\n') text_ += '\\';
      text_ += c == '\n' ? 'n' : c;
    }
  }

  bool HasLabelTwice(const Series& series) const {
    std::unordered_set<std::string> names;
    for (const Label& label : series.labels) {
      std::string name;
      AppendName(label.name, NameKind::kLabel, style_.escaping, &name);
      if (!names.insert(std::move(name)).second) return true;
    }
    return false;
  }

  // `name="value"`, as it stands between the braces.
  void AppendLabel(std::string_view name, std::string_view value,
                   std::string* out) const {
    AppendName(name, NameKind::kLabel, style_.escaping, out);
    *out += "=\"";
    AppendQuotedText(value, out);
    out->push_back('"');
  }

  void SpellLabels(const Series& series) {
    labels_.clear();
    labels_before_le_ = 0;
    for (const Label& label : series.labels) {
      if (!labels_.empty()) labels_ += ',';
      AppendLabel(label.name, label.value, &labels_);
      if (label.name <= "le") labels_before_le_ = labels_.size();
    }
  }

  void WriteSample(const Sample& sample, const std::string& name) {
    const bool quoted = name.starts_with('"');
    const bool bare = labels_.empty() && sample.le.empty();
    if (quoted) text_ += '{';
    text_ += name;
    if (!bare) text_ += quoted ? ',' : '{';
    if (sample.le.empty()) {
      text_ += labels_;
    } else {
      WriteBucketLabels(sample.le);
    }
    if (quoted || !bare) text_ += '}';
    text_ += ' ';
    gaps_.push_back({text_.size(), sample.value});
    text_ += '\n';
  }

  // `le` stands at its place among the sorted labels.
  void WriteBucketLabels(std::string_view le) {
    const std::string_view labels = labels_;
    const std::string_view before = labels.substr(0, labels_before_le_);
    const std::string_view after = labels.substr(labels_before_le_);
    text_ += before;
    if (!before.empty()) text_ += ',';
    AppendLabel("le", le, &text_);
    if (before.empty() && !after.empty()) text_ += ',';
    text_ += after;
  }

  const std::vector<MetricFamily>& families_;
  const TextStyle style_;
  std::string text_;
  std::vector<LayoutText::Gap> gaps_;
  std::vector<Issue> issues_;

  // Of the series that is being written: its labels, comma-separated, and the
  // size of those that stand before a bucket's `le`.
  std::string labels_;
  std::size_t labels_before_le_ = 0;
};

}  // namespace

TextStyle StyleOf(const ExpositionFormat& format) {
  return {format.text == TextFormat::kOpenMetrics001 ||
              format.text == TextFormat::kOpenMetrics100,
          EffectiveEscaping(format)};
}

LayoutText MakeLayoutText(const std::vector<MetricFamily>& families,
                          TextStyle style) {
  return TextMaker(families, style).Make();
}

}  // namespace promshm::collect
