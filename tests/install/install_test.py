"""What `cmake --install` puts under a prefix works from there."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
TOOLS = ("promshm-dump", "promshm-serve", "promshm-gc", "promshm-merge")
options = argparse.Namespace()


class InstallTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.prefix = pathlib.Path(temporary.name) / "a prefix"
        subprocess.run([options.cmake, "--install", options.build, "--prefix",
                        self.prefix], check=True, stdout=subprocess.DEVNULL)

    def test_the_tools_find_their_library(self):
        for tool in TOOLS:
            result = subprocess.run([self.prefix / "bin" / tool, "--version"],
                                    stdout=subprocess.PIPE, check=True)
            self.assertRegex(result.stdout.decode(), rf"^{tool} \d+\.\d+\.\d+$")

    def test_pages_and_completions_are_at_their_places(self):
        share = self.prefix / "share"
        names = ["man/man5/promshm.5"]
        for tool in TOOLS:
            names += [f"man/man1/{tool}.1",
                      f"bash-completion/completions/{tool}",
                      f"zsh/site-functions/_{tool}",
                      f"fish/vendor_completions.d/{tool}.fish"]
        for name in names:
            self.assertTrue((share / name).is_file(), name)

    def test_every_header_is_at_its_place(self):
        def headers(folder):
            return {path.relative_to(folder).as_posix()
                    for path in folder.rglob("*.h")}

        self.assertEqual(
            headers(self.prefix / "include/promshm"),
            headers(ROOT / "lib/include/promshm") | {"export.h", "version.h"})

    def test_a_program_links_with_the_headers_and_the_library(self):
        self.build_and_run("""
            #include <promshm/collector.h>
            #include <promshm/exposition.h>
            int main(int, char** arguments) {
              promshm::Collector collector(arguments[1]);
              return collector.Collect().ok() ? 0 : 1;
            }
        """)

    def test_a_program_links_with_the_adapter_and_its_own_prometheus_cpp(self):
        found = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "prometheus-cpp-core"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if found.returncode != 0:
            self.skipTest("prometheus-cpp is not installed")
        self.build_and_run("""
            #include <promshm/prometheus_cpp.h>
            int main(int, char** arguments) {
              int status = 0;
              const promshm::PrometheusCppCollectable collectable(
                  promshm::Collector(std::string(arguments[1])),
                  [&](const std::string&) { status = 1; });
              collectable.Collect();
              return status;
            }
        """, *found.stdout.decode().split())

    def test_a_program_links_with_the_provider_and_its_own_opentelemetry(self):
        if not options.opentelemetry:
            self.skipTest("OpenTelemetry is not installed")
        self.build_and_run("""
            #include <promshm/meter_provider.h>
            #include <opentelemetry/metrics/provider.h>
            namespace metrics = opentelemetry::metrics;
            namespace nostd = opentelemetry::nostd;
            int main(int, char** arguments) {
              promshm::MeterProviderOptions options;
              options.directory = arguments[1];
              auto* provider = new promshm::PrometheusMeterProvider(options);
              metrics::Provider::SetMeterProvider(
                  nostd::shared_ptr<metrics::MeterProvider>(provider));
              metrics::Provider::GetMeterProvider()
                  ->GetMeter("meter")
                  ->CreateUInt64Counter("requests")
                  ->Add(1, {{"code", 200}});
              return provider->DroppedMeasurements() == 0 ? 0 : 1;
            }
        """, f"-I{options.opentelemetry}", "-DOPENTELEMETRY_ABI_VERSION_NO=1")
        [name] = [path.name for path in self.prefix.glob("*.db")]
        self.assertRegex(name, r"^counter_\d+\.db$")

    def build_and_run(self, text, *flags):
        """Compiles a program whose status says whether it reads a directory."""
        library = next(self.prefix.glob("**/libpromshm.so")).parent
        source = self.prefix / "use.cc"
        source.write_text(text)
        program = self.prefix / "use"
        subprocess.run([options.compiler, "-std=c++17", *options.flag, source,
                        f"-I{self.prefix}/include", f"-L{library}",
                        f"-Wl,-rpath,{library}", "-lpromshm", *flags, "-o",
                        program], check=True)
        for directory, status in (self.prefix, 0), (self.prefix / "none", 1):
            self.assertEqual(subprocess.run([program, directory]).returncode,
                             status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--opentelemetry",
                        help="folder with the headers, where there are any")
    parser.add_argument("--flag", action="append", default=[],
                        help="for the compiler")
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
