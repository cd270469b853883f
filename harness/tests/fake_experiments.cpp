#include "harness/tests/fake_experiments.hpp"

namespace ipcmark {
namespace {

bool echo(Case& point) {
  if (point.pattern != Pattern::ping) return false;
  point.reply_bytes = point.message_bytes;
  return true;
}

bool flow(Case& point) { return point.pattern == Pattern::pour; }

const RegisterExperiment kEchoing({.name = "echoing",
                                   .question = "does it echo?",
                                   .defaults = {{"message_bytes", {"1..8"}},
                                                {"path", {"queue", "shm"}}},
                                   .ladder = {"message_bytes"},
                                   .complete = &echo});
const RegisterExperiment kFlowing({.name = "flowing",
                                   .question = "does it flow?",
                                   .defaults = {{"pattern", {"pour"}}, {"path", {"queue", "shm"}}},
                                   .ladder = {"message_bytes", "batch"},
                                   .complete = &flow});

bool teach(Case& point) { return point.pattern == Pattern::ask; }
bool mix(Case& point) { return point.pattern == Pattern::pace && point.mixed(); }

const RegisterExperiment kTeaching({.name = "teaching",
                                    .question = "from where?",
                                    .defaults = {{"pattern", {"ask"}}, {"message_bytes", {"1..8"}}},
                                    .ladder = {"message_bytes", "path"},
                                    .complete = &teach});
const RegisterExperiment kMixing({.name = "mixing",
                                  .question = "of all sizes?",
                                  .defaults = {{"pattern", {"pace"}}, {"sizes", {"pareto"}}},
                                  .ladder = {"path"},
                                  .learns_from = "teaching",
                                  .complete = &mix});

}  // namespace
}  // namespace ipcmark
