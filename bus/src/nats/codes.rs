//! Error codes of the NATS server.

/// There is no such consumer.
pub(super) const NO_CONSUMER: u64 = 10014;
/// The stream holds no such message.
pub(super) const NO_MESSAGE: u64 = 10037;
/// What was to be deleted is not there: its sequence is not found, or it was deleted before.
pub(super) const GONE: [u64; 2] = [10043, 10057];
/// The message is larger than the stream takes.
pub(super) const TOO_LARGE: u64 = 10054;
/// There is no such stream.
pub(super) const NO_STREAM: u64 = 10059;
/// The last message of the subject is not the one that the writer expects.
pub(super) const WRONG_LAST: u64 = 10071;
/// The same, and the same while the leader is busy with another write to the subject.
pub(super) const WRONG_LAST_OR_BUSY: [u64; 2] = [WRONG_LAST, 10164];
/// The server does not understand a schedule, or does not know its zone.
pub(super) const BAD_EXPRESSION: [u64; 2] = [10189, 10223];
