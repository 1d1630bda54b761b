#include "promshm/meter_provider_options.h"

namespace promshm {

MeterProviderOptions MeterProviderOptions::PythonCompatible() {
  MeterProviderOptions options;
  options.naming = Naming::kPython;
  options.attribute_spelling = AttributeSpelling::kPython;
  options.gauge_mode = GaugeMode::kAll;
  options.up_down_counter_mode = GaugeMode::kAll;
  options.bounds = {.005, .01, .025, .05, .075, .1,  .25,
                    .5,   .75, 1.0,  2.5, 5.0,  7.5, 10.0};
  return options;
}

}  // namespace promshm
