# The front door; CMake does the work. Each target does all that it needs on a bare Debian or Ubuntu machine.
#   make demo     set up, build, run the bundled models, write a report
#   make test     set up, build, run all tests
#   make build    set up, build the program (build/release/moebench)
#   make bench    micro-benchmarks of the operations
#   make peers    times the program beside llama.cpp and transformers (docs/peers.md); PEERS=--all, PEERS=--smoke,
#                 PEERS="--instructions avx2"
#   make bundled-models   train the bundled models again (models/bundled), two at a time
#   make format   clang-format over every source file
.PHONY: demo test build bench peers bundled-models format configure
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

peers: build
	@cmake --build $(BUILD) --target moe_bench
	@tools/peers/install.sh $(findstring avx2,$(PEERS))
	@build/peers/venv/bin/python tools/peers/compare.py $(PEERS)

# Goes on where it was stopped. Losses and loads go to build/training.sqlite.
bundled-models: build
	@printf '%s\n' world-moe world-dense-large world-dense | OMP_NUM_THREADS=1 xargs -P 2 -I NAME \
	  $(BUILD)/moebench train lab/recipes/NAME.toml --out build/bundled/NAME --db build/training.sqlite
	@for name in world-moe world-dense world-dense-large; do \
	  mkdir -p models/bundled/$$name && cp build/bundled/$$name/* models/bundled/$$name/ || exit 1; done

format:
	@git ls-files '*.h' '*.cpp' '*.cu' | xargs clang-format-19 -i
