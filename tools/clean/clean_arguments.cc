#include "tools/clean/clean_arguments.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <map>

namespace promshm::tools {
namespace {

constexpr std::uint64_t kMostSeconds = std::uint64_t{1} << 40;

constexpr const char* kExitStatus =
    "Exit status: 0 done, or nothing to do; 1 done, and something was left\n"
    "alone that was asked for (told on stderr); 2 trouble: usage, no\n"
    "directory, no permission, another cleaner at work.";

}  // namespace

void AddCleanOptions(CLI::App* app, CleanArguments* arguments) {
  CleaningOptions* const options = &arguments->options;
  app->add_option_function<std::uint64_t>(
         "--min-age",
         [options](std::uint64_t seconds) {
           options->min_age = std::chrono::seconds(seconds);
         },
         "Only files made at least AGE ago: seconds, or with\n"
         "s, m, h or d behind")
      ->type_name("AGE")
      ->transform(CLI::AsNumberWithUnit(
                      std::map<std::string, std::uint64_t>{
                          {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
                      CLI::AsNumberWithUnit::CASE_SENSITIVE)
                      .description(""))
      ->check(CLI::Range(std::uint64_t{0}, kMostSeconds).description(""));
  app->add_flag("--wait", arguments->wait,
                "Wait while another cleaner is at work");
  app->add_flag("--force", options->force,
                "Take processes of unknown state for dead, too, and\n"
                "work in a directory that everybody may write to");
  app->add_option("--proc", options->proc,
                  "Where processes are looked up (default: /proc)")
      ->type_name("DIR");
  app->add_flag("-n,--dry-run", arguments->dry_run,
                "Change nothing, tell what would be done, and why");
  app->add_option_function<std::string>(
         "-o,--output",
         [arguments](const std::string& name) {
           arguments->output =
               name == "json" ? CleanOutput::kJson : CleanOutput::kTable;
         },
         "table: for people (default)\njson: one object")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app->footer(kExitStatus);
}

}  // namespace promshm::tools
