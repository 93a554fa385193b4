//! The packet threads over real sockets on loopback, answered by a script where the loop itself is looked at.

mod addresses;
mod batches;
mod counting;
mod faults;
mod loopback;
mod real;
mod script;
mod sharing;
mod snapshots;
mod stopping;
mod wanted;
