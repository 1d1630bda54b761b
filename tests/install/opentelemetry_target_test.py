"""What target promshm::opentelemetry is made of, on machines made up here."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(embedding LANGUAGES CXX)
include(own.cmake OPTIONAL)
add_subdirectory(library)
add_executable(application application.cc)
target_link_libraries(application
  PRIVATE $<TARGET_NAME_IF_EXISTS:promshm::opentelemetry>)
file(GENERATE OUTPUT result.json CONTENT [[{
  "exists": $<BOOL:$<TARGET_NAME_IF_EXISTS:promshm::opentelemetry>>,
  "definitions": "$<TARGET_PROPERTY:application,COMPILE_DEFINITIONS>",
  "folders": "$<TARGET_PROPERTY:application,INCLUDE_DIRECTORIES>"
}]])
"""
LIBRARY = f"""
add_library(promshm INTERFACE)
add_library(promshm::promshm ALIAS promshm)
target_compile_definitions(promshm INTERFACE PROMSHM)
include("{ROOT}/lib/opentelemetry.cmake")
"""
# Hides what is installed on this machine.
TOOLCHAIN = """
set(CMAKE_FIND_ROOT_PATH "{root}")
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
"""
GOOD_CONFIG = """
add_library(opentelemetry-cpp::api INTERFACE IMPORTED)
set_target_properties(opentelemetry-cpp::api PROPERTIES
  INTERFACE_COMPILE_DEFINITIONS OPENTELEMETRY_ABI_VERSION_NO=2
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}")
"""
BAD_CONFIGS = {
    "ends the run": 'message(FATAL_ERROR "no protobuf")',
    "is not found": "set(opentelemetry-cpp_FOUND FALSE)",
    "has no API": "add_library(opentelemetry-cpp::sdk INTERFACE IMPORTED)",
}
options = argparse.Namespace()


class OpenTelemetryTargetTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="promshm-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.machine = self.folder / "machine"
        self.config = self.machine / "usr/lib/cmake/opentelemetry-cpp"
        self.write(self.folder / "CMakeLists.txt", PROJECT)
        self.write(self.folder / "application.cc", "int main() {}")
        self.write(self.folder / "library/CMakeLists.txt", LIBRARY)
        self.write(self.folder / "toolchain.cmake",
                   TOOLCHAIN.format(root=self.machine))

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def install_headers(self):
        """Returns the folder to include from."""
        include = self.machine / "usr/include"
        self.write(include / "opentelemetry/metrics/meter_provider.h", "")
        return include

    def install_config(self, text, folder=None):
        self.write((folder or self.config) / "opentelemetry-cpp-config.cmake",
                   text)

    def configured(self, *settings):
        """What the application is compiled with, and what cmake said."""
        build = self.folder / "build"
        result = subprocess.run(
            [options.cmake, "--fresh", "-S", self.folder, "-B", build,
             "-G", options.generator,
             f"-DCMAKE_CXX_COMPILER={options.compiler}",
             f"-DCMAKE_TOOLCHAIN_FILE={self.folder}/toolchain.cmake",
             *settings],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = result.stdout.decode()
        self.assertEqual(result.returncode, 0, output)
        return json.loads((build / "result.json").read_text()), output

    def assert_compiled_with(self, definitions, folder, *settings):
        self.assertEqual(
            self.configured(*settings)[0],
            {"exists": 1, "definitions": definitions, "folders": str(folder)})

    def test_without_opentelemetry_there_is_none(self):
        result, output = self.configured()
        self.assertEqual(result,
                         {"exists": 0, "definitions": "", "folders": ""})
        self.assertIn("-- OpenTelemetry not found", output)

    def test_headers_are_enough(self):
        self.assert_compiled_with("PROMSHM", self.install_headers())

    def test_headers_are_taken_where_the_config_is_of_no_use(self):
        include = self.install_headers()
        for name, text in BAD_CONFIGS.items():
            with self.subTest(name):
                self.install_config(text)
                self.assert_compiled_with("PROMSHM", include)

    def test_flags_are_those_of_the_config(self):
        self.install_headers()
        self.install_config(GOOD_CONFIG)
        self.assert_compiled_with("PROMSHM;OPENTELEMETRY_ABI_VERSION_NO=2",
                                  self.config)

    def test_the_config_may_stand_elsewhere(self):
        prefix = self.machine / "a prefix"
        config = prefix / "lib/cmake/opentelemetry-cpp"
        self.install_headers()
        self.install_config(GOOD_CONFIG, config)
        for setting in (f"-DCMAKE_PREFIX_PATH={self.folder};{prefix}",
                        f"-Dopentelemetry-cpp_ROOT={prefix}",
                        f"-Dopentelemetry-cpp_DIR={config}"):
            with self.subTest(setting):
                self.assert_compiled_with(
                    "PROMSHM;OPENTELEMETRY_ABI_VERSION_NO=2", config, setting)

    def test_the_projects_own_target_comes_first(self):
        self.install_headers()
        self.install_config(BAD_CONFIGS["ends the run"])
        self.write(self.folder / "own.cmake", """
            add_library(api INTERFACE)
            add_library(opentelemetry-cpp::api ALIAS api)
            target_compile_definitions(api INTERFACE OWN)
        """)
        self.assert_compiled_with("PROMSHM;OWN", "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--compiler", required=True)
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
