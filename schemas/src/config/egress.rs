//! Bounds on what workers fetch because a job names its URL: hosts, ports, size and time.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::settings::{Check, ConfigError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// Hosts and networks that may be fetched although they are not public, separated by commas.
    pub allow: String,
    /// The ports that may be fetched, separated by commas.
    pub ports: String,
    pub max_bytes: u64,
    pub timeout_seconds: u64,
}

/// A host or network that may be fetched although it is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// A host, whatever its addresses are.
    Host(String),
    Network(IpNet),
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither a host's name, nor an address, nor a network such as 10.1.0.0/16")]
pub struct NotAllowable(String);

impl FromStr for Allowed {
    type Err = NotAllowable;

    fn from_str(text: &str) -> Result<Self, NotAllowable> {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(network) = bare.parse().or_else(|_| bare.parse::<IpAddr>().map(IpNet::from)) {
            return Ok(Self::Network(network));
        }
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // Text that resembles an address and is none (10.1, 10.1.0.0/33) is an error, not a name.
        let is_name =
            text.len() <= 253 && text.split('.').all(label) && text.contains(|c: char| c.is_ascii_alphabetic());
        match is_name {
            true => Ok(Self::Host(text.to_ascii_lowercase())),
            false => Err(NotAllowable(text.to_owned())),
        }
    }
}

/// Without empty items.
pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl Egress {
    /// Fails with the first item that is neither a host nor a network.
    pub fn allowed(&self) -> Result<Vec<Allowed>, NotAllowable> {
        items(&self.allow).map(str::parse).collect()
    }

    /// `None` if an item is not a port.
    #[must_use]
    pub fn ports(&self) -> Option<Vec<u16>> {
        items(&self.ports).map(|port| port.parse().ok().filter(|port| *port > 0)).collect()
    }

    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        let hosts = "names of hosts, addresses and networks (10.1.0.0/16), separated by commas";
        check.rule(self.allowed().is_ok(), "allow", &self.allow, hosts)?;
        let ports = self.ports().is_some_and(|ports| !ports.is_empty());
        check.rule(ports, "ports", &self.ports, "ports, 1 to 65535, separated by commas")?;
        check.range("max_bytes", self.max_bytes, 1024..=256 << 20, "")?;
        check.range("timeout_seconds", self.timeout_seconds, 1..=600, "")
    }
}

impl Allowed {
    #[must_use]
    pub fn is_host(&self, name: &str) -> bool {
        matches!(self, Self::Host(host) if host.eq_ignore_ascii_case(name.trim_end_matches('.')))
    }

    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> Result<Allowed, String> {
        text.parse().map_err(|error: NotAllowable| error.to_string())
    }

    #[test]
    fn hosts_addresses_and_networks_are_told_apart() {
        assert!(allowed("Images.Intern").unwrap().is_host("images.intern."));
        assert!(!allowed("images.intern").unwrap().is_host("evil.images.intern"));
        let network = allowed("10.1.0.0/16").unwrap();
        assert!(network.holds([10, 1, 2, 3].into()) && !network.holds([10, 2, 0, 0].into()));
        for one in ["::1", "[::1]"] {
            assert!(allowed(one).unwrap().holds("::1".parse().unwrap()), "{one}");
        }
        assert!(!allowed("127.0.0.1").unwrap().holds([127, 0, 0, 2].into()));
        for wrong in ["10.1", "10.0.0.0/33", "*", "*.intern", "http://x", "a..b", "a b", "300.1.1.1", ":80"] {
            assert!(allowed(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
