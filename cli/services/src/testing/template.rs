//! A Postgres data folder made once and copied: `initdb` takes seconds, a copy some milliseconds.
//!
//! The template is in cargo's target folder, so `cargo clean` removes it, and a changed Postgres makes a new one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    ServiceError,
    error::Doing,
    postgres,
    tools::Tools,
    user::{self, Account},
};

/// Fills `data` and returns the password of the user `ruche`.
pub(super) async fn copy_to(data: &Path) -> Result<String, ServiceError> {
    let data = data.to_owned();
    let copied = tokio::task::spawn_blocking(move || copy(&data)).await;
    copied.map_err(std::io::Error::other).doing(|| "preparing Postgres".to_owned())?
}

fn copy(wanted: &Path) -> Result<String, ServiceError> {
    let tools = Tools::find()?;
    let account = Account::for_postgres();
    let data = user::reachable_folder(wanted, account)?;
    let template = folder(&tools);
    if let Some(template) = &template
        && let Ok(password) = fs::read_to_string(template.join("password"))
    {
        copy_owned(&template.join("data"), &data, account)?;
        return Ok(password);
    }
    let password = crate::random_secret();
    postgres::initialise(&user::reachable_postgres(&tools, account)?, &data, &password, account)?;
    if let Some(template) = &template {
        // Without a template, the next process runs `initdb` again.
        let _ = keep(&data, &password, template);
    }
    Ok(password)
}

fn copy_owned(template: &Path, data: &Path, account: Option<Account>) -> Result<(), ServiceError> {
    let copied = user::copy_tree(template, data, true);
    let owned = copied.and_then(|()| account.map_or(Ok(()), |account| account.own_all(data)));
    owned.doing(|| format!("copying {} to {}", template.display(), data.display()))
}

/// Atomic: made beside its place, then moved.
fn keep(data: &Path, password: &str, template: &Path) -> std::io::Result<()> {
    let half = template.with_extension(crate::random_secret());
    let made = user::copy_tree(data, &half.join("data"), true)
        .and_then(|()| crate::files::write_private(&half.join("password"), password))
        .and_then(|()| fs::rename(&half, template));
    if made.is_err() {
        // Perhaps another process was faster.
        let _ = fs::remove_dir_all(&half);
    }
    made
}

/// The folder of this Postgres's template, if cargo built this program.
fn folder(tools: &Tools) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let profile = ["deps", "release", "debug"].iter().find_map(|name| {
        let found = program.ancestors().find(|folder| folder.file_name().is_some_and(|own| own == *name))?;
        if *name == "deps" { found.parent() } else { Some(found) }
    })?;
    Some(profile.join(format!("ruche-postgres-{}", user::stamp(&tools.postgres_bin.join("postgres")))))
}
