//! Chats and jobs over one WebSocket, several at once. `gateway/WEBSOCKET.md` describes the messages.
//!
//! A socket holds nothing that the bus does not hold: a client that loses one opens another, at any gateway, and resumes
//! its jobs by `n`.
//!
//! - [`protocol`]: the messages. - [`session`]: one client. - [`sockets`]: what all sockets share.

pub mod protocol;
pub mod session;
pub mod sockets;
