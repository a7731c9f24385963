//! Error codes of the NATS server.

pub(super) const NO_CONSUMER: u64 = 10014;
pub(super) const NO_MESSAGE: u64 = 10037;
/// A message to be deleted is not there: its sequence is not found, or it was deleted before.
pub(super) const GONE: [u64; 2] = [10043, 10057];
/// The message is larger than the stream takes.
pub(super) const TOO_LARGE: u64 = 10054;
pub(super) const NO_STREAM: u64 = 10059;
/// The last message of the subject is not the expected one.
pub(super) const WRONG_LAST: u64 = 10071;
/// The same, also while the leader is busy with another write to the subject.
pub(super) const WRONG_LAST_OR_BUSY: [u64; 2] = [WRONG_LAST, 10164];
/// The server does not understand a schedule, or does not know its zone.
pub(super) const BAD_EXPRESSION: [u64; 2] = [10189, 10223];
