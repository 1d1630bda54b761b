#ifndef PROMSHM_TESTS_INTEROP_OPENTELEMETRY_INSTRUMENTS_H_
#define PROMSHM_TESTS_INTEROP_OPENTELEMETRY_INSTRUMENTS_H_

#include <opentelemetry/metrics/meter.h>

#include <functional>
#include <string>

#include "writer_commands.h"

namespace opentelemetry_program {

// What a command does to an instrument: adds to a counter or up-down counter,
// records in a histogram or gauge, has the callback of an observable one say
// it from now on. The words are the attributes; there may be none.
using Measure =
    std::function<void(double value, const writer_program::Words& attributes)>;

// Makes an instrument, which goes with the result. The kinds are the API's
// names: `DoubleCounter`, `Int64ObservableGauge`.
Measure CreateInstrument(opentelemetry::metrics::Meter& meter,
                         const std::string& kind, const std::string& name,
                         const std::string& description,
                         const std::string& unit);

}  // namespace opentelemetry_program

#endif  // PROMSHM_TESTS_INTEROP_OPENTELEMETRY_INSTRUMENTS_H_
