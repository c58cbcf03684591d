# mesh_add_ring(NAME SOURCES... LINK LIBRARIES...): one ring of the architecture as a static library.
#
# Sources are relative to the calling folder. Includes are relative to the root; the public headers are <mesh/...>.
function(mesh_add_ring name)
    cmake_parse_arguments(RING "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${RING_SOURCES})
    target_include_directories(${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/mesh/include>)
    target_link_libraries(${name} PUBLIC ${RING_LINK})
endfunction()
