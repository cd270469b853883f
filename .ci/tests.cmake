# How tests are entered with CTest.

# A whole executable in a few entries, not one a test: most of three thousand tests take less time than a start of their
# program. What fails is named by its test all the same. One entry at a time: two ends that spin need both CPUs of a small
# machine, and some tests look for what others have left. Further arguments are properties of each entry.
function(ipcmark_gtest target shards)
  math(EXPR last "${shards} - 1")
  foreach(shard RANGE ${last})
    set(name ${target})
    if(shards GREATER 1)
      set(name ${target}_${shard})
    endif()
    add_test(NAME ${name} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 RESOURCE_LOCK cpus ${ARGN}
                         ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# One that holds the machine, as every run does: in namespaces of its own, or alone.
function(ipcmark_holding_test name label environment)
  add_test(NAME ${name} COMMAND /usr/bin/python3 -B ${PROJECT_SOURCE_DIR}/.ci/apart ${PROJECT_BINARY_DIR}/apart.lock ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600 ENVIRONMENT "${environment}")
endfunction()
