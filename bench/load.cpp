// How does response time rise with the load, and how much does a mechanism carry?
//
// Messages come into being at a rate that does not care how the channel is doing (an open loop,
// fixed or Poisson gaps), from one every 10 ms, between which CPUs fall asleep, to more than is
// carried. Response time counts from the intended send. Between the first blocks analysis bisects
// for the knee: the rate from which the median response is twice the smallest.
//
// What would make the number wrong: a closed loop, which slows its own arrivals down and so hides
// what queues up; a sender that is late itself (its lag is in the record, and what it costs a
// message); a rate beyond what is carried, where response time only measures how long the run was
// (recorded as overloaded); an idle state that differs between the two sides of a comparison.
// Beside the times, the number of messages under way is looked at while they are: Little's law has
// to hold between the two.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::load {

bool complete(Case& point) {
  const bool open = point.schedule != Schedule::closed && point.rate_per_s > 0;
  return point.pattern == Pattern::pace && open && point.batch == 1;
}

const RegisterExperiment registered({
    .name = "load",
    .question = "how does response time rise with the load, and how much is carried?",
    .defaults = {{"pattern", {"pace"}},
                 {"schedule", {"fixed", "poisson"}},
                 {"message_bytes", {"64"}},
                 {"rate_per_s", {"100", "1k", "10k", "30k", "100k", "300k", "1M", "3M"}},
                 // Nothing is inline or not in 64 B: one path of a hybrid stands for both.
                 {"path", {"queue"}}},
    .ladder = {"rate_per_s"},
    .reading = Reading::under_way,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::load
