@0x9e0d4c1b7a35f286;
# Which protocol a field, a kind of body or a value of an enum came with. What has no mark came with
# protocol 1. A message to a peer that speaks an older protocol is sent without it (see
# common/wire/message_codec.h), so whatever is added to what peers exchange needs the mark; a test
# finds what lacks it.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("swarmlab::schema");

annotation since @0xd1a7f05c93b2e864 (field, union, group, enumerant) :UInt16;
