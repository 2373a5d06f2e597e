//! Stand-ins for what is at the other end of a carrier.
