#include "promshm/exposition.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "collect/family_names.h"
#include "collect/name_escaping.h"
#include "collect/name_owners.h"
#include "format/number_text.h"

namespace promshm {
namespace {

using collect::FamilySpelling;
using format::NameKind;

bool IsOpenMetrics(TextFormat text) {
  return text == TextFormat::kOpenMetrics001 ||
         text == TextFormat::kOpenMetrics100;
}

// `name="value"`, as it stands between the braces.
void AppendLabel(std::string_view name, std::string_view value,
                 Escaping escaping, std::string* out) {
  collect::AppendName(name, NameKind::kLabel, escaping, out);
  *out += "=\"";
  collect::AppendQuotedText(value, out);
  out->push_back('"');
}

// Purpose: writes one snapshot in one format.
//
// Lifetime: keeps views of the snapshot and of `out`, which must outlive it.
// Thread safety: needs external locking.
class TextWriter {
 public:
  TextWriter(const Snapshot& snapshot, const ExpositionFormat& format,
             std::string* out)
      : snapshot_(snapshot),
        open_metrics_(IsOpenMetrics(format.text)),
        escaping_(collect::EffectiveEscaping(format)),
        out_(*out) {}

  std::vector<Issue> Write() {
    const std::vector<MetricFamily>& families = snapshot_.families();
    std::vector<FamilySpelling> spellings;
    spellings.reserve(families.size());
    for (const MetricFamily& family : families) {
      spellings.push_back(SpellingOf(family));
    }
    const collect::NameOwners owners(spellings);
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (owners.Admits(i)) {
        WriteFamily(families[i], spellings[i]);
      } else {
        issues_.push_back(collect::NotAdmitted(families[i].name, spellings[i]));
      }
    }
    if (open_metrics_) out_ += "# EOF\n";
    return std::move(issues_);
  }

 private:
  FamilySpelling SpellingOf(const MetricFamily& family) const {
    FamilySpelling names;
    const std::string plain = open_metrics_
                                  ? collect::OpenMetricsFamilyName(family)
                                  : collect::TextFamilyName(family);
    collect::AppendName(plain, NameKind::kMetric, escaping_, &names.family);
    for (const std::string& sample : family.sample_names) {
      collect::AppendName(sample, NameKind::kMetric, escaping_,
                          &names.samples.emplace_back());
    }
    names.unescaped =
        names.family == plain && names.samples == family.sample_names;
    return names;
  }

  void WriteFamily(const MetricFamily& family, const FamilySpelling& names) {
    WriteMetadata(family, names.family);
    const bool unescaped = escaping_ == Escaping::kAllowUtf8 ||
                           collect::LabelNamesAreLegacy(family);
    std::unordered_set<std::string> written;
    for (const Series& series : family.series) {
      std::string labels;
      if (!LabelText(series, &labels)) {
        issues_.push_back(collect::NameConflict(
            "two labels of a series of family " + family.name +
            " have the same name once escaped; left out"));
        continue;
      }
      if (!unescaped && !written.insert(labels).second) {
        issues_.push_back(collect::NameConflict(
            "two series of family " + family.name +
            " have the same labels once escaped; the second is left out"));
        continue;
      }
      for (const Sample& sample : series.samples) {
        WriteSample(series, sample, names.samples[sample.name], labels);
      }
    }
  }

  void WriteMetadata(const MetricFamily& family, const std::string& name) {
    out_ += "# HELP ";
    out_ += name;
    out_ += ' ';
    AppendHelp(family.help);
    out_ += "\n# TYPE ";
    out_ += name;
    out_ += ' ';
    out_ += open_metrics_ ? collect::OpenMetricsTypeName(family)
                          : ToString(family.type);
    out_ += '\n';
  }

  void AppendHelp(std::string_view help) {
    if (open_metrics_) {
      collect::AppendQuotedText(help, &out_);
      return;
    }
    for (const char c : help) {
      if (c == '\\' || c == '\n') out_ += '\\';
      out_ += c == '\n' ? 'n' : c;
    }
  }

  // The series' labels, comma-separated. False when two of them have one name
  // once escaped.
  bool LabelText(const Series& series, std::string* out) const {
    std::vector<std::string> names;
    for (const Label& label : series.labels) {
      std::string name;
      collect::AppendName(label.name, NameKind::kLabel, escaping_, &name);
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        return false;
      }
      names.push_back(std::move(name));
      if (!out->empty()) out->push_back(',');
      AppendLabel(label.name, label.value, escaping_, out);
    }
    return true;
  }

  void WriteSample(const Series& series, const Sample& sample,
                   const std::string& name, const std::string& labels) {
    const bool quoted = name.starts_with('"');
    if (quoted) out_ += '{';
    out_ += name;
    if (sample.le.empty()) {
      if (!labels.empty()) {
        out_ += quoted ? ',' : '{';
        out_ += labels;
      }
    } else {
      out_ += quoted ? ',' : '{';
      WriteBucketLabels(series, sample.le);
    }
    if (quoted || !labels.empty() || !sample.le.empty()) out_ += '}';
    out_ += ' ';
    format::AppendNumber(snapshot_.value(sample), &out_);
    out_ += '\n';
  }

  // `le` stands at its place among the sorted labels.
  void WriteBucketLabels(const Series& series, const std::string& le) {
    bool pending = true;
    bool first = true;
    const auto separate = [&] {
      if (!first) out_ += ',';
      first = false;
    };
    for (const Label& label : series.labels) {
      if (pending && label.name > "le") {
        separate();
        AppendLabel("le", le, escaping_, &out_);
        pending = false;
      }
      separate();
      AppendLabel(label.name, label.value, escaping_, &out_);
    }
    if (pending) {
      separate();
      AppendLabel("le", le, escaping_, &out_);
    }
  }

  const Snapshot& snapshot_;
  const bool open_metrics_;
  const Escaping escaping_;
  std::string& out_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> WriteExposition(const Snapshot& snapshot,
                                   const ExpositionFormat& format,
                                   std::string* out) {
  return TextWriter(snapshot, format, out).Write();
}

std::string NumberText(double value) {
  std::string text;
  format::AppendNumber(value, &text);
  return text;
}

}  // namespace promshm
