#include "instrument/meter_scope.h"

#include "instrument/attribute_set.h"

namespace promshm::otel {

Scope::Scope(const ScopeDescription& description)
    : name_(description.name),
      version_(description.version),
      schema_url_(description.schema_url) {
  const AttributeSet set({description.attributes, description.attribute_count},
                         AttributeSpelling::kSpec);
  attributes_ = set.Text();
  labels_ = {{"otel_scope_name", name_},
             {"otel_scope_version", version_},
             {"otel_scope_schema_url", schema_url_}};
  LabelRemarks remarks;
  for (const auto& [name, value] : LabelsOf(attributes_, {}, {}, &remarks)) {
    // One that would be another name, version or URL is left out.
    labels_.emplace("otel_scope_" + name, value);
  }
}

bool Scope::IsSame(const Scope& other) const {
  return name_ == other.name_ && version_ == other.version_ &&
         schema_url_ == other.schema_url_ && attributes_ == other.attributes_;
}

bool Scope::IsNamed(std::string_view name, std::string_view version,
                    std::string_view schema_url) const {
  return name_ == name && version_ == version && schema_url_ == schema_url;
}

}  // namespace promshm::otel
