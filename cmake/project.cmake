# What every target shares, and the functions the folders declare themselves with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CUDA_STANDARD 20)
if(CMAKE_VERSION VERSION_LESS 3.26)  # which does not know that nvcc speaks C++20
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(MOE_CCACHE ccache)
if(MOE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MOE_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${MOE_CCACHE})
endif()
find_program(MOE_MOLD mold)
if(MOE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--build-id=sha1)  # what tells two programs apart (harness/build_info.h)
if(MOE_SANITIZE)
  add_compile_options(-fsanitize=${MOE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MOE_SANITIZE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # of fences in Boost.Asio
endif()

add_library(moe_flags INTERFACE)
target_compile_options(moe_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${MOE_WERROR}>:-Werror>>
  $<$<CXX_COMPILER_ID:GNU>:$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict -Wno-stringop-overflow -Wno-maybe-uninitialized>>)  # false alarms of g++ 12 on std::string

# moe_library(name HEADERS ... SOURCES ... USES ...): one library per folder, named after it.
# Headers are given relative to the folder, included from the root: "harness/error.h".
function(moe_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;USES" ${ARGN})
  add_library(moe_${name} STATIC ${arg_SOURCES})
  target_sources(moe_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(moe_${name} PUBLIC ${arg_USES} PRIVATE $<BUILD_INTERFACE:moe_flags>)
endfunction()

# moe_registry(target TYPE type HEADER file FUNCTION name FROM folder ENTRIES a b c):
# adds folder/a.cpp ... to the target and generates `std::span<const type* const> name()`, in the
# order given. Each file defines `extern const type a`; a missing one is a link error. EXTENSION cu: CUDA files.
function(moe_registry target)
  cmake_parse_arguments(arg "" "TYPE;HEADER;FUNCTION;FROM;EXTENSION" "ENTRIES" ${ARGN})
  if(NOT arg_EXTENSION)
    set(arg_EXTENSION cpp)
  endif()
  set(sources ${arg_ENTRIES})
  list(TRANSFORM sources APPEND .${arg_EXTENSION})
  list(TRANSFORM sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FROM}/)
  target_sources(${target} PRIVATE ${sources})
  set(declarations "")
  set(pointers "")
  foreach(entry IN LISTS arg_ENTRIES)
    get_property(known GLOBAL PROPERTY MOE_REGISTERED)
    if(entry IN_LIST known)  # one symbol for two objects, of which the linker takes either
      message(FATAL_ERROR "moe_registry: two entries are named ${entry}; the second is in ${arg_FUNCTION}()")
    endif()
    set_property(GLOBAL APPEND PROPERTY MOE_REGISTERED ${entry})
    string(APPEND declarations "extern const ${arg_TYPE} ${entry};\n")
    string(APPEND pointers "&${entry}, ")
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/registry.cpp.in ${arg_FUNCTION}.cpp @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${arg_FUNCTION}.cpp)
endfunction()

# moe_embed(target NAME symbol FILES ...): text files compiled in, as a span of {name, text}.
# The text is written in pieces, since a compiler may refuse a string literal over 64 KiB.
function(moe_embed target)
  cmake_parse_arguments(arg "" "NAME" "FILES" ${ARGN})
  set(entries "")
  foreach(file IN LISTS arg_FILES)
    get_filename_component(file ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    get_filename_component(stem ${file} NAME_WLE)
    set(pieces "")
    string(LENGTH "${text}" length)
    set(at 0)
    while(at LESS length)
      string(SUBSTRING "${text}" ${at} 12000 piece)
      string(APPEND pieces "R\"__(${piece})__\"\n")
      math(EXPR at "${at} + 12000")
    endwhile()
    if(pieces STREQUAL "")
      set(pieces "\"\"")
    endif()
    string(APPEND entries "    {\"${stem}\", ${pieces}},\n")
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embed.cpp.in ${arg_NAME}.cpp @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.cpp)
endfunction()

# moe_test(name LABELS unit DATA suite.* ... GPU ... SOURCES a_test.cpp ... USES moe_x ...): one test program, every
# case in it a CTest test. A case that needs data, goldens or a GPU skips itself and says why; DATA and GPU name such
# cases (GoogleTest's patterns), which carry the label `data` or `gpu` instead; one that needs both is `data`.
function(moe_test name)
  cmake_parse_arguments(arg "" "" "LABELS;DATA;GPU;SOURCES;USES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_USES} moe_flags GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE MOE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    MOE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set(taken "-")
  foreach(label IN ITEMS data gpu)
    string(TOUPPER ${label} given)
    if(arg_${given})
      list(JOIN arg_${given} ":" patterns)
      gtest_discover_tests(${name} TEST_FILTER "${patterns}${taken}" DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label})
      string(APPEND taken ":${patterns}")
    endif()
  endforeach()
  gtest_discover_tests(${name} TEST_FILTER "*${taken}" DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}")
endfunction()
