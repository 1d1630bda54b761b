include_guard(GLOBAL)

set(PROMSHM_PYTHON /usr/bin/python3 CACHE FILEPATH
  "Python 3 that runs the tests of the programs")
set(PROMSHM_PYTHON_CLIENTS "" CACHE PATH
  "Folder with prometheus_client in old/ (before 0.18) and in current/")

# Registers SCRIPT, a path, as a test of the finished programs. It gets the
# paths it needs and the further arguments as options; what it cannot test on
# this machine it skips.
function(promshm_add_python_test name script timeout)
  add_test(NAME ${name}
    COMMAND ${PROMSHM_PYTHON} -B ${script}
      --dump $<TARGET_FILE:promshm-dump>
      --serve $<TARGET_FILE:promshm-serve>
      --gc $<TARGET_FILE:promshm-gc>
      --merge $<TARGET_FILE:promshm-merge>
      --golden ${PROJECT_SOURCE_DIR}/tests/golden
      --clients=${PROMSHM_PYTHON_CLIENTS}
      ${ARGN})
  set_tests_properties(${name} PROPERTIES
    SKIP_RETURN_CODE 77
    TIMEOUT ${timeout})
endfunction()
