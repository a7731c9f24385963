//! Free ports on 127.0.0.1.
//!
//! They are below the kernel's range for outgoing connections (32768 and up on Linux): a client that keeps dialling a
//! stopped server's port in that range can end up connected to itself, and occupy the port.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

static HANDED_OUT: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that this process has not returned before; 0 if a thousand tries found none.
#[must_use]
pub fn free() -> u16 {
    for _ in 0..1000 {
        let port = rand::random_range(15_000..32_000);
        let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
        if is_free(port) && handed_out.get_or_insert_default().insert(port) {
            return port;
        }
    }
    0
}

/// This port if it is free, else another.
#[must_use]
pub fn prefer(port: u16) -> u16 {
    if is_free(port) { port } else { free() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_seen_and_avoided() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert_ne!(prefer(port), port);
    }

    #[test]
    fn a_port_is_handed_out_once() {
        let ports: HashSet<u16> = (0..50).map(|_| free()).collect();
        assert_eq!(ports.len(), 50);
        assert!(!ports.contains(&0));
    }
}
