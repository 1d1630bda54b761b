#ifndef PROMSHM_TOOLS_COMMON_HEAP_H_
#define PROMSHM_TOOLS_COMMON_HEAP_H_

namespace promshm::tools {

// For a program that fills its memory once and ends: malloc takes it from the
// system in few large pieces and gives nothing back. Page by page that takes
// as long as what the memory is for.
//
// To be called before the first thread starts.
void TakeMemoryAtOnce();

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_COMMON_HEAP_H_
