#ifndef PROMSHM_FORMAT_ATTRIBUTE_TEXT_H_
#define PROMSHM_FORMAT_ATTRIBUTE_TEXT_H_

#include <string>

#include "promshm/meter_provider_options.h"
#include "promshm/otel/attribute.h"

namespace promshm::format {

// Appends what stands for an attribute's value in a label. Texts are as they
// are; whether they are UTF-8 is seen to where the key is made.
//
// In Python's spelling texts are a tuple and numbers a list: what stood in
// Python is not to be known here.
void AppendAttributeText(const AttributeValue& value,
                         AttributeSpelling spelling, std::string* out);

}  // namespace promshm::format

#endif  // PROMSHM_FORMAT_ATTRIBUTE_TEXT_H_
