//! An error with an exit status of its own.

/// So that scripts can tell it from other failures.
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

    /// Wrong usage that the command line's parser can't detect: status 2.
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

    /// No key was given: status 6, as for an unknown key.
    pub(crate) fn keyless(message: String) -> anyhow::Error {
        Self { code: 6, message }.into()
    }
}
