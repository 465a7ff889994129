// SPDX-License-Identifier: MIT OR Apache-2.0
// The real clocks, for drivers and programs only: protocol code takes an Instant instead.
#pragma once

#include "base/time.h"

namespace zerok {

// CLOCK_MONOTONIC; nanoseconds since some start that is fixed for the process's life.
Instant monotonic_now();
// What the machine takes for the time of day; may jump.
UnixMs wall_now();

}  // namespace zerok
