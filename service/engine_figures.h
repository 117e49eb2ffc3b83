// What a scrape reads of an engine, its store and its process.
#ifndef PORTRISK_SERVICE_ENGINE_FIGURES_H_
#define PORTRISK_SERVICE_ENGINE_FIGURES_H_

#include "service/exposition.h"

namespace portrisk::service {

class Engine;

// Any thread.
void ShowEngine(Engine* engine, Exposition* out);
// Memory, processor, files.
void ShowProcess(Exposition* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENGINE_FIGURES_H_
