//! Chats and jobs over one WebSocket; `gateway/WEBSOCKET.md` describes the messages. A socket has no state that the
//! bus lacks: a client reconnects at any gateway and resumes its jobs by `n`.
//!
//! - [`protocol`]: the messages. - [`session`]: one client; [`close`]: why it ends. - [`sockets`]: what all sockets
//!   share.

pub mod close;
pub mod protocol;
pub mod session;
pub mod sockets;
