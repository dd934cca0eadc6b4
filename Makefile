# The front door; CMake does the work. Each target does all that it needs on a bare Debian or Ubuntu machine.
#   make demo     set up, build, run the bundled models, write a report
#   make test     set up, build, run all tests
#   make build    set up, build the program (build/release/moebench)
#   make bench    micro-benchmarks of the operations
#   make format   clang-format over every source file
.PHONY: demo test build bench format configure
.DEFAULT_GOAL := build

BUILD := build/release

configure:
	@./bootstrap.sh
	@cmake --preset release --log-level=WARNING

build: configure
	@cmake --build $(BUILD) --target moebench

demo: build
	@$(BUILD)/moebench demo

test: configure
	@cmake --build $(BUILD)
	@ctest --preset release

bench: configure
	@cmake --build $(BUILD) --target moe_bench
	@$(BUILD)/tests/moe_bench

format:
	@git ls-files '*.h' '*.cpp' '*.cu' | xargs clang-format-19 -i
