// A queue for each consumer: as many channels of a transport as there are consumers, whose clients
// are one end that deals messages out to all of them.
#pragma once

#include <memory>

#include "transports/registered.hpp"

namespace ipcmark {

// Throws Unavailable where one of them cannot be had. `widest` says how many consumers there are.
[[nodiscard]] std::unique_ptr<Channel> open_own_queues(const Transport& transport,
                                                       const Shape& widest);

}  // namespace ipcmark
