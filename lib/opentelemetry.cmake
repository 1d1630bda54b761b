# Target promshm::opentelemetry, where OpenTelemetry's API is found. Its header
# is installed in any case: it is compiled with the application's OpenTelemetry.

# Sets RESULT to whether opentelemetry-cpp's config gives the target of the API.
# Found out in a project of its own: a config may end the run, as Debian's can,
# which needs packages that its own package does not depend on.
function(promshm_try_opentelemetry_config result)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/opentelemetry_config)
  file(CONFIGURE OUTPUT ${folder}/CMakeLists.txt @ONLY CONTENT [[
cmake_minimum_required(VERSION 3.25)
project(opentelemetry_config LANGUAGES CXX)
find_package(opentelemetry-cpp CONFIG REQUIRED COMPONENTS api)
if(NOT TARGET opentelemetry-cpp::api)
  message(FATAL_ERROR "opentelemetry-cpp::api: no such target")
endif()
]])
  execute_process(
    COMMAND ${CMAKE_COMMAND} --fresh -S ${folder} -B ${folder}/build
      -G ${CMAKE_GENERATOR}
      "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
      "-DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}"
      "-DCMAKE_MODULE_PATH=${CMAKE_MODULE_PATH}"
      "-DCMAKE_PREFIX_PATH=${CMAKE_PREFIX_PATH}"
      "-DCMAKE_TOOLCHAIN_FILE=${CMAKE_TOOLCHAIN_FILE}"
      "-Dopentelemetry-cpp_DIR=${opentelemetry-cpp_DIR}"
      "-Dopentelemetry-cpp_ROOT=${opentelemetry-cpp_ROOT}"
    RESULT_VARIABLE status
    OUTPUT_QUIET
    ERROR_QUIET)
  if(status EQUAL 0)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

if(NOT TARGET opentelemetry-cpp::api)
  promshm_try_opentelemetry_config(config_works)
  if(config_works)
    find_package(opentelemetry-cpp CONFIG QUIET REQUIRED COMPONENTS api)
  else()
    find_path(PROMSHM_OPENTELEMETRY_INCLUDE_DIR
      opentelemetry/metrics/meter_provider.h)
  endif()
endif()

if(TARGET opentelemetry-cpp::api OR PROMSHM_OPENTELEMETRY_INCLUDE_DIR)
  add_library(promshm_opentelemetry INTERFACE)
  add_library(promshm::opentelemetry ALIAS promshm_opentelemetry)
  target_link_libraries(promshm_opentelemetry INTERFACE promshm::promshm)
  if(TARGET opentelemetry-cpp::api)
    target_link_libraries(promshm_opentelemetry
      INTERFACE opentelemetry-cpp::api)
  else()
    target_include_directories(promshm_opentelemetry
      SYSTEM INTERFACE ${PROMSHM_OPENTELEMETRY_INCLUDE_DIR})
  endif()
else()
  message(STATUS
    "OpenTelemetry not found: there is no target promshm::opentelemetry")
endif()
