/* What the port offers. */

#ifndef METHODS_H
#define METHODS_H

#include "server.h"

extern const Method METHODS[];
extern const size_t METHOD_COUNT;

#endif
