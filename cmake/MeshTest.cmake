# mesh_add_test(NAME LABEL [PLAIN] SOURCES... [LINK LIBRARIES...] [ARGS...] [TIMEOUT SECONDS]): the one way to add a test.
#
# A criterion test, or with PLAIN a program with a main of its own. Sanitizers print and criterion passes all the
# same, so what they print fails the test.
function(mesh_add_test name label)
    cmake_parse_arguments(TEST "PLAIN" "TIMEOUT" "SOURCES;LINK;ARGS" ${ARGN})
    add_executable(${name} ${TEST_SOURCES})
    target_link_libraries(${name} PRIVATE ${TEST_LINK})
    if(NOT TEST_PLAIN)
        target_link_libraries(${name} PRIVATE PkgConfig::CRITERION)
    endif()
    if(NOT TEST_TIMEOUT)
        set(TEST_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${name} ${TEST_ARGS})
    mesh_guard_test(${name} ${label} ${TEST_TIMEOUT})
endfunction()

# Gives a test its label, its time limit and the patterns that fail it.
function(mesh_guard_test name label timeout)
    set_tests_properties(${name} PROPERTIES
        LABELS ${label}
        TIMEOUT ${timeout}
        FAIL_REGULAR_EXPRESSION "LeakSanitizer;AddressSanitizer;ThreadSanitizer;runtime error")
endfunction()
