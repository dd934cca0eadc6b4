# Adds vega_bundle() to a target: the JavaScript that draws the charts of HTML reports, out of the
# vl-convert-python wheel. Needed when the program is built, not when a report is made.
function(moe_vega_bundle target)
  set(python ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  file(GLOB found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/vl_convert)
  if(NOT found)
    message(FATAL_ERROR "Charts: no vl-convert-python in ${PROJECT_SOURCE_DIR}/.venv; run ./bootstrap.sh")
  endif()
  set(vega_js ${CMAKE_CURRENT_BINARY_DIR}/vega_bundle.js)
  add_custom_command(OUTPUT ${vega_js}
    COMMAND ${python} ${CMAKE_CURRENT_SOURCE_DIR}/vega_bundle.py ${vega_js}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/vega_bundle.py
    COMMENT "Taking Vega's JavaScript out of vl-convert-python")
  configure_file(${CMAKE_CURRENT_SOURCE_DIR}/vega_bundle.cpp.in vega_bundle.cpp @ONLY)
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/vega_bundle.cpp PROPERTIES OBJECT_DEPENDS ${vega_js})
  target_sources(${target} PRIVATE ${vega_js} ${CMAKE_CURRENT_BINARY_DIR}/vega_bundle.cpp)
endfunction()
