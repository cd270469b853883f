// Two experiments of the tests: `echoing` (pings, sizes in a launch) and `flowing` (pours).
// Registered by fake_experiments.cpp.
#pragma once

#include "harness/experiment.hpp"
