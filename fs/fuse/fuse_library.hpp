// libfuse's low-level interface, with the version of it that statusfs is written for.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
