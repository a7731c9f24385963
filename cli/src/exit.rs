//! Exit statuses, so that scripts need not read messages.

use crate::{
    client::{ApiError, Unreachable},
    refused::Refused,
};

/// For `--help`.
pub(crate) const HELP: &str = "\
Exit status:
  0  done (or the reader of the output went away)
  1  refused, or an error; of `watch`: the job failed, or not all jobs of the batch are done
  2  wrong usage; of `watch`: the job was cancelled
  3  of `up`: a port is taken
  4  of `up`: it runs already
  5  the gateway can't be reached
  6  the key is unknown, or may not do this";

pub(crate) fn code(error: &anyhow::Error) -> u8 {
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
