// What the benchmarks are fed: gate traffic of a port with a warm history.
//
// Seeded, so that every run and every count of instructions sees the same.
#ifndef PORTRISK_BENCH_WORKLOAD_H_
#define PORTRISK_BENCH_WORKLOAD_H_

#include <cstdint>
#include <string>

#include "portrisk/v1/movement.pb.h"
#include "service/engine.h"

namespace portrisk::bench {

// Movement `number` of a day on which `containers` boxes go round: discharge,
// weighing, nomination, gate-out, gate-in, load. About 400 bytes, 28 fields.
v1::Movement MovementOf(uint64_t number, uint64_t containers);

// Fixed keys and a clock that stands still.
service::EngineOptions OptionsFor(const std::string& directory,
                                  store::Durability durability);

// Puts deploy/rules and deploy/reference in force, and returns how many rule
// sets that are. Ends the process with a message when that fails.
int LoadCommonRules(service::Engine* engine);

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_WORKLOAD_H_
