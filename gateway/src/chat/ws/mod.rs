//! The conversation over one WebSocket.

pub mod protocol;
pub mod session;
