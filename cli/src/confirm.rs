//! Confirms what can't be undone: on a terminal by a question, elsewhere by `--yes`.

use std::io::{self, BufRead};

use anyhow::Result;

use crate::{output, refused::Refused};

/// `what`, as in `drop 12 dead letters`.
pub(crate) fn wanted(what: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if let Some(stream) = output::cant_ask() {
        return Err(Refused::usage(format!(
            "this would {what}: it needs --yes, because the {stream} is not a terminal"
        )));
    }
    eprint!("{}? [y/N] ", capital(what));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match matches!(answer.trim(), "y" | "Y" | "yes") {
        true => Ok(()),
        false => Err(Refused::because("nothing was done".to_owned())),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
