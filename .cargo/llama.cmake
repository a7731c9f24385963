# Read by CMake after each `project()` of llama.cpp. The crate llama-cpp-2 leaves llama-cpp-sys-2's feature `common` on, and
# nothing here uses that library: argument parsing, downloads and chat parsers, a third of the build.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)
