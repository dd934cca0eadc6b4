// Boost.Process v2 ships its implementation as a header to be compiled once; Debian has no library
// of it.
#include <boost/process/v2/src.hpp>
