// What papers write in place of a party's name.
#ifndef PORTRISK_SERVICE_FORMATS_PARTIES_H_
#define PORTRISK_SERVICE_FORMATS_PARTIES_H_

#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {

// Of shipper, consignee and notify party: one that is "SAME AS CONSIGNEE" or
// another of them becomes that one ("SAME" and "SAME AS ABOVE" of a notify
// party: the consignee, which papers print above it); one that is "TO ORDER" or
// "TO THE ORDER OF" somebody is nobody. Left alone where it has an id, which
// says who it is.
//
// Pure; any number of threads.
void ResolveParties(v1::Movement* movement);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_PARTIES_H_
