//! What a bus and an object store promise, on each adapter: one program, so that they share their servers.

mod contract;
mod nats;
mod objects;
mod roles;
mod suite;
mod topology;
