# SPDX-License-Identifier: MIT OR Apache-2.0
# zerok_planted(module...): compiles these modules a second time, as zerok_<module>_planted, with
# the bugs of base/planted_bug.h in them. The copies are linked to each other where a module depends
# on another one of the list, and to the normal ones else. Nothing but zerok_sim_planted may use
# them: they are not part of any export, and never installed.
function(zerok_planted)
  foreach(module IN LISTS ARGN)
    set(copy zerok_${module}_planted)
    get_target_property(folder zerok_${module} SOURCE_DIR)
    get_target_property(sources zerok_${module} SOURCES)
    list(TRANSFORM sources PREPEND "${folder}/")
    add_library(${copy} STATIC EXCLUDE_FROM_ALL ${sources})
    target_compile_definitions(${copy} PUBLIC ZEROK_PLANTED_BUGS)
    get_target_property(deps zerok_${module} LINK_LIBRARIES)
    foreach(dep IN LISTS deps)
      string(REGEX REPLACE "^zerok_" "" short "${dep}")
      if(short IN_LIST ARGN)
        target_link_libraries(${copy} PUBLIC ${dep}_planted)
      else()
        target_link_libraries(${copy} PUBLIC ${dep})
      endif()
    endforeach()
  endforeach()
endfunction()
