//! Which gateway is called, and with which key: `--url` and `--key`, else the environment, else `.ruche/dev.env`.
//!
//! The development key goes to the development URL only: a key must not travel to another host.

use anyhow::Result;
use clap::Args;

use crate::{client::Client, project::Project, refused::Refused};

/// Options of every command that talks to the gateway.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// The gateway's address, as in `http://127.0.0.1:8080`. By default that of `ruche up` on this project.
    #[arg(long, env = "RUCHE_URL", global = true)]
    url: Option<String>,
    /// The API key. By default that of `ruche up`. Better given as RUCHE_KEY: other users see a command's arguments.
    #[arg(long, env = "RUCHE_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
    /// Print JSON: one document, or one a line if the output is a stream.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Access {
    /// `--url` or `RUCHE_URL`, which may be another Ruche than the project's.
    pub(crate) fn given_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| !url.is_empty())
    }

    pub(crate) fn client(&self, project: &Project) -> Result<Client> {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let dev = project.dev_env();
        let own = project.dev_value("RUCHE_URL");
        let Some(url) = given(&self.url).or_else(|| own.clone()) else {
            return Err(Refused::keyless(format!(
                "which Ruche? There is no {}: start one with `ruche up` (or `make run`), which writes it; or name a \
                 running one with --url and --key, or RUCHE_URL and RUCHE_KEY",
                dev.display()
            )));
        };
        let url = without_v1(&url).to_owned();
        let is_own = own.is_some_and(|own| own.trim_end_matches('/') == url.trim_end_matches('/'));
        let key = given(&self.key).or_else(|| is_own.then(|| project.dev_value("RUCHE_KEY")).flatten());
        match key {
            Some(key) => Client::new(&url, key),
            None => Err(Refused::keyless(format!(
                "there is no key for {url}: give --key or set RUCHE_KEY. `ruche up` writes one to {} for its own \
                 address; `ruche keys create --tenant <name> --name <what for>` makes another",
                dev.display()
            ))),
        }
    }
}

/// Clients of OpenAI's API take the address with `/v1`: both are understood.
fn without_v1(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.strip_suffix("/v1").unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_end_with_v1() {
        for url in ["http://a:1", "http://a:1/", "http://a:1/v1", "http://a:1/v1/"] {
            assert_eq!(without_v1(url), "http://a:1");
        }
    }
}
