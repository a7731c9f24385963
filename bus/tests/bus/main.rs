//! The tests of the bus, on each adapter: one program, so that they share their servers.

mod contract;
mod lost_streams;
mod nats;
mod outages;
mod roles;
mod suite;
mod topology;
