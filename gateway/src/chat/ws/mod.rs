//! Chats and jobs over one WebSocket; `gateway/WEBSOCKET.md` describes the messages. A socket has no state that the
//! bus lacks: a client reconnects at any gateway and resumes its jobs by `n`.
//!
//! - [`protocol`]: the messages. - [`session`]: one client, with its [`introduction`] and the jobs that it is
//!   [`following`]; [`close`]: why it ends. - [`sockets`]: what all sockets share.

pub mod close;
mod following;
mod introduction;
pub mod protocol;
pub mod session;
pub mod sockets;
