//! Exit statuses: what scripts can tell apart without reading a message.

use crate::client::{ApiError, Unreachable};

/// What `--help` says of them.
pub(crate) const HELP: &str = "\
Exit status:
  0  done (or the reader of the output went away)
  1  refused, or an error; of `watch`: the job failed, or not all of the batch were done
  2  wrong usage; of `watch`: the job was cancelled
  3  of `up`: a port is taken
  4  of `up`: it runs already
  5  the gateway can't be reached
  6  the key is unknown, or may not do this";

/// A refusal with an exit status of its own, so that scripts can tell it from a failure.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    pub(crate) code: u8,
    message: String,
}

impl Refused {
    /// Any reason: status 1.
    pub(crate) fn because(message: String) -> anyhow::Error {
        Self { code: 1, message }.into()
    }

    /// Wrong usage that the parser of the command line can't see: status 2.
    pub(crate) fn usage(message: String) -> anyhow::Error {
        Self { code: 2, message }.into()
    }

    /// A taken port: status 3.
    pub(crate) fn port(message: String) -> anyhow::Error {
        Self { code: 3, message }.into()
    }

    /// Another one runs: status 4.
    pub(crate) fn running(message: String) -> anyhow::Error {
        Self { code: 4, message }.into()
    }

    /// No key was given: status 6, as for a key that the gateway doesn't know.
    pub(crate) fn keyless(message: String) -> anyhow::Error {
        Self { code: 6, message }.into()
    }
}

/// The status that this error ends the program with.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return refused.code;
    }
    if error.downcast_ref::<Unreachable>().is_some() {
        return 5;
    }
    match error.downcast_ref::<ApiError>() {
        Some(error) if matches!(error.status, 401 | 403) => 6,
        _ => 1,
    }
}
