// The program. Everything else is a library.
#include "cli/command.h"

int main(int argc, char** argv) {
  return moe::run_program({argv + 1, argv + argc});
}
